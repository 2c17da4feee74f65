//! Compares how the nodes on one inventory are configured.

use jiff::{SignedDuration, Timestamp};

use super::NodeReport;

/// How a node's configuration differs from those of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Apps that have another id on a node that started earlier. Two nodes would ask Meta about the same tokens through
    /// two apps, so the later one leaves such an app to the earlier one.
    pub claimed: Vec<String>,
    /// What to tell the operator. Empty if all is alike.
    pub differences: Vec<String>,
}

/// A node that was not seen for longer has ended.
const ALIVE: SignedDuration = SignedDuration::from_secs(30);

/// Compares `own` with the other nodes that run at `now`. Another version of the program has other sections.
pub fn compare(own: &NodeReport, nodes: &[NodeReport], now: Timestamp) -> Comparison {
    let others = nodes
        .iter()
        .filter(|node| node.name != own.name && node.seen_at + ALIVE > now);
    let mut found = Comparison::default();
    for other in others {
        for app in own.settings.other_ids(&other.settings) {
            let name = &other.name;
            found.differences.push(match starts_later(own, other) {
                true => format!(
                    "app {app} has another id on node {name}, which started earlier, so this node does not sweep it"
                ),
                false => format!("app {app} has another id on node {name}, which leaves it to this node"),
            });
            if starts_later(own, other) {
                found.claimed.push(app.to_owned());
            }
        }
        let sections = own.settings.other_sections(&other.settings);
        if own.version == other.version && !sections.is_empty() {
            found.differences.push(format!(
                "node {} has another {}",
                other.name,
                sections.join(", ")
            ));
        }
    }
    found
}

/// Of two that started in the same second, the names decide.
fn starts_later(own: &NodeReport, other: &NodeReport) -> bool {
    (own.started_at, &own.name) > (other.started_at, &other.name)
}

#[cfg(test)]
mod tests {
    use super::super::NodeSettings;
    use super::*;

    fn node(name: &str, started_at: i64, id: &str, alerts: &str) -> NodeReport {
        let of = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect()
        };
        NodeReport {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            started_at: Timestamp::from_second(started_at).unwrap(),
            seen_at: Timestamp::from_second(100).unwrap(),
            duties: Vec::new(),
            settings: NodeSettings {
                apps: of(&[("acme", id)]),
                sections: of(&[("[alerts]", alerts), (&format!("[[app]] {id}"), "x")]),
            },
        }
    }

    fn compared(own: &NodeReport, other: NodeReport, now: i64) -> Comparison {
        compare(
            own,
            &[own.clone(), other],
            Timestamp::from_second(now).unwrap(),
        )
    }

    #[test]
    fn nodes_that_are_alike_have_nothing_to_tell() {
        let lima = node("lima", 1, "17", "a");
        assert_eq!(
            compared(&lima, node("oslo", 2, "17", "a"), 100),
            Comparison::default()
        );
    }

    #[test]
    fn the_sections_that_differ_are_named() {
        let lima = node("lima", 1, "17", "a");
        let found = compared(&lima, node("oslo", 2, "17", "b"), 100);
        assert_eq!(found.differences, ["node oslo has another [alerts]"]);
        assert!(found.claimed.is_empty());
        // One that has ended, and one that is being upgraded, do not count.
        assert_eq!(
            compared(&lima, node("oslo", 2, "17", "b"), 130),
            Comparison::default()
        );
        let mut newer = node("oslo", 2, "17", "b");
        newer.version = "0.2.0".to_owned();
        assert_eq!(compared(&lima, newer, 100), Comparison::default());
    }

    #[test]
    fn an_app_with_two_ids_is_left_to_the_node_that_started_earlier() {
        let (lima, oslo) = (node("lima", 1, "17", "a"), node("oslo", 2, "18", "a"));
        let later = compared(&oslo, lima.clone(), 100);
        assert_eq!(later.claimed, ["acme"]);
        assert!(
            later.differences[0].contains("does not sweep it"),
            "{later:?}"
        );
        let earlier = compared(&lima, oslo, 100);
        assert!(earlier.claimed.is_empty());
        assert!(
            earlier.differences[0].contains("leaves it to this node"),
            "{earlier:?}"
        );
    }
}
