//! What the operator of several nodes has to know: which do not run, and what no node does. Pure.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::api::types::{NodeView, StatusReport};
use crate::model::Duty;

/// A running node is seen every few seconds.
const LATELY: SignedDuration = SignedDuration::from_secs(30);

/// Returns what is wrong among the nodes, each with what to do about it. The status itself says how their
/// configurations differ.
pub fn node_warnings(report: &StatusReport) -> Vec<String> {
    let nodes = &report.nodes;
    // Their own clock, and the moment of this list: the daemon's clock may differ, and its list may be some minutes old.
    let Some(newest) = nodes.iter().map(|node| node.seen_at).max() else {
        return Vec::new();
    };
    let (running, gone): (Vec<_>, Vec<_>) = nodes.iter().partition(|node| is_running(node, newest));
    let mut warnings = same_names(&running);
    warnings.extend(gone.into_iter().map(not_seen));
    warnings.extend(different_versions(&running));
    warnings.extend(missing_duties(report));
    warnings
}

fn is_running(node: &NodeView, newest: Timestamp) -> bool {
    node.seen_at + LATELY >= newest
}

/// Each takes the other for an earlier run of its own.
fn same_names(running: &[&NodeView]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let again = running.iter().filter(|node| !known.insert(&node.name));
    let names: BTreeSet<&str> = again.map(|node| node.name.as_str()).collect();
    let warning = |name| {
        format!(
            "More than one running node has the name {name}. Give each its own name ([inventory] node) and restart it."
        )
    };
    names.into_iter().map(warning).collect()
}

fn not_seen(node: &NodeView) -> String {
    format!(
        "Node {} was last seen at {}. If it should run, see on its machine why it does not: systemctl status perennial. If \
         you retired it, there is nothing to do: after a week, the next node that starts removes it from this list.",
        node.name, node.seen_at
    )
}

fn different_versions(running: &[&NodeView]) -> Option<String> {
    let versions: BTreeSet<&str> = running.iter().map(|node| node.version.as_str()).collect();
    let of = |node: &&NodeView| format!("{} has {}", node.name, node.version);
    (versions.len() > 1).then(|| {
        let all: Vec<String> = running.iter().map(of).collect();
        format!(
            "The nodes run different versions: {}. Finish the upgrade: install one version on all of them.",
            all.join(", ")
        )
    })
}

fn missing_duties(report: &StatusReport) -> Option<String> {
    let apps = report.apps.iter().map(|app| Duty::App(app.name.clone()));
    let all = apps.chain([Duty::Email, Duty::Delivery, Duty::Nightly]);
    let held = |duty: &String| report.nodes.iter().any(|node| node.duties.contains(duty));
    let missing: Vec<String> = all
        .map(|duty| duty.to_string())
        .filter(|duty| !held(duty))
        .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "No node does this work: {}. A node takes it within a minute. If this warning stays, see on each node why it \
             does not: perennial status, journalctl -u perennial.",
            missing.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 4] = ["app:acme", "email", "delivery", "nightly"];

    fn node(name: &str, seconds_ago: i64, duties: &[&str]) -> NodeView {
        let newest: Timestamp = "2026-11-25T10:00:00Z".parse().unwrap();
        NodeView {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            seen_at: newest - SignedDuration::from_secs(seconds_ago),
            duties: duties.iter().map(|duty| (*duty).to_owned()).collect(),
        }
    }

    fn warnings(nodes: &[NodeView]) -> Vec<String> {
        let report = include_str!("../cli/tests/status.json");
        let mut report: StatusReport = serde_json::from_str(report).unwrap();
        report.apps.truncate(1);
        report.apps[0].name = "acme".to_owned();
        report.nodes = nodes.to_vec();
        node_warnings(&report)
    }

    #[test]
    fn nodes_that_do_their_work_need_no_warning() {
        for nodes in [
            // A daemon of an earlier version lists none.
            vec![],
            vec![node("lima", 0, &ALL)],
            vec![node("lima", 0, &ALL[..2]), node("oslo", 30, &ALL[2..])],
        ] {
            assert_eq!(warnings(&nodes), [""; 0], "{nodes:?}");
        }
    }

    #[test]
    fn a_node_that_is_not_seen_any_more_is_named() {
        let mut retired = node("oslo", 31, &[]);
        retired.version = "0.0.9".to_owned();
        let namesake = node("lima", 3_600, &[]);
        let found = warnings(&[node("lima", 0, &ALL), namesake, retired]);
        insta::assert_snapshot!(found.join("\n"), @r"
        Node lima was last seen at 2026-11-25T09:00:00Z. If it should run, see on its machine why it does not: systemctl status perennial. If you retired it, there is nothing to do: after a week, the next node that starts removes it from this list.
        Node oslo was last seen at 2026-11-25T09:59:29Z. If it should run, see on its machine why it does not: systemctl status perennial. If you retired it, there is nothing to do: after a week, the next node that starts removes it from this list.
        ");
    }

    #[test]
    fn running_nodes_differ_in_name_and_have_one_version() {
        let mut newer = node("oslo", 2, &[]);
        newer.version = "0.2.0".to_owned();
        let found = warnings(&[
            node("lima", 0, &ALL),
            node("lima", 3, &[]),
            node("lima", 4, &[]),
            newer,
        ]);
        insta::assert_snapshot!(found.join("\n"), @r"
        More than one running node has the name lima. Give each its own name ([inventory] node) and restart it.
        The nodes run different versions: lima has 0.1.0, lima has 0.1.0, lima has 0.1.0, oslo has 0.2.0. Finish the upgrade: install one version on all of them.
        ");
    }

    #[test]
    fn each_duty_has_a_node() {
        let found = warnings(&[
            node("lima", 0, &["app:other", "delivery"]),
            node("oslo", 1, &[]),
        ]);
        insta::assert_snapshot!(found.join("\n"), @r"No node does this work: app:acme, email, nightly. A node takes it within a minute. If this warning stays, see on each node why it does not: perennial status, journalctl -u perennial.");
    }
}
