//! The chatbot: it knows only the files that Perennial delivers, takes over each new version, and says so on the socket.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::apps::CHATBOT;
use super::error::Error;
use super::harness::Harness;
use crate::api::types::InUseRequest;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) struct Consumer {
    folder: PathBuf,
    /// The tokens in the order in which it reads them.
    order: Vec<String>,
    using: BTreeMap<String, Delivered>,
    /// How many versions it took over.
    pub(super) confirmed: usize,
}

/// The content of a file.
#[derive(Debug, Deserialize)]
struct Delivered {
    name: String,
    access_token: Secret,
    version: u32,
}

impl Consumer {
    pub(super) const fn new(folder: PathBuf, order: Vec<String>) -> Self {
        Self {
            folder,
            order,
            using: BTreeMap::new(),
            confirmed: 0,
        }
    }

    /// Takes over what is new in the folder.
    pub(super) async fn read(&mut self, harness: &Harness) -> Result<(), Error> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            paths.push(entry?.path());
        }
        let place = |path: &PathBuf| {
            let name = path.file_stem().and_then(|name| name.to_str());
            self.order
                .iter()
                .position(|known| Some(known.as_str()) == name)
        };
        paths.sort_by_key(place);
        for path in paths {
            let content = fs::read(path)?;
            let Ok(delivered) = serde_json::from_slice::<Delivered>(&content) else {
                return Err(Error::Scenario("the chatbot cannot read a delivered file"));
            };
            let known = self.using.get(&delivered.name);
            if known.is_some_and(|known| known.version == delivered.version) {
                continue;
            }
            let request = InUseRequest {
                version: delivered.version,
                consumer: Some(CHATBOT.to_owned()),
            };
            harness
                .client
                .confirm_use(&delivered.name, &request)
                .await?;
            self.confirmed += 1;
            self.using.insert(delivered.name.clone(), delivered);
        }
        Ok(())
    }

    /// Whether it uses this secret.
    pub(super) fn has(&self, token: &str, secret: Option<&Secret>) -> bool {
        let using = self.using.get(token).map(|known| &known.access_token);
        using.is_some() && using == secret
    }
}
