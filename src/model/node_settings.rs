//! What a node's configuration says, as far as the nodes on one inventory should agree. It holds no secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeSettings {
    /// Meta's id of each app, by the name of the app.
    pub apps: BTreeMap<String, String>,
    /// A fingerprint of each section, by its name.
    pub sections: BTreeMap<String, String>,
}

impl NodeSettings {
    /// The apps of both that have different ids.
    pub(super) fn other_ids<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = &'s str> {
        let differs = |(app, id): &(&String, &String)| {
            let theirs = other.apps.get(*app);
            theirs.is_some_and(|theirs| theirs != *id)
        };
        self.apps
            .iter()
            .filter(differs)
            .map(|(app, _)| app.as_str())
    }

    /// The sections that differ, or that only one has.
    pub(super) fn other_sections<'s>(&'s self, other: &'s Self) -> Vec<&'s str> {
        let mut names: Vec<&String> = self.sections.keys().chain(other.sections.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let differs = |name: &&String| self.sections.get(*name) != other.sections.get(*name);
        names
            .into_iter()
            .filter(differs)
            .map(String::as_str)
            .collect()
    }
}
