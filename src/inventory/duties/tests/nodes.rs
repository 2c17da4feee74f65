//! What nodes know of each other, and what commands know of them.

use std::collections::BTreeMap;
use std::slice;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Bench, app, end_all, held, keep, node, wanted};
use crate::inventory::duties::held::Renewed;
use crate::inventory::duties::rows::Tenure;
use crate::inventory::duties::{Duties, Node, State, reject_running_nodes};
use crate::inventory::{Error, Inventory, Tx};
use crate::model::{NodeSettings, end_of_term, relied_on_until};
use crate::secret::caught_log::logged_by;

const DAY: i64 = 24 * 60 * 60 * 1_000;

fn names(tx: &Tx<'_>) -> Result<Vec<String>, Error> {
    let nodes = tx.nodes()?;
    Ok(nodes.into_iter().map(|node| node.name).collect())
}

#[tokio::test]
async fn a_node_on_a_file_is_alone_and_its_runs_have_no_name() {
    let bench = Bench::new();
    let of_inventory = bench.open().duties(node("lima"));
    assert_eq!(of_inventory.is_shared(), bench.is_on_server());
    for (duties, is_shared, run_name) in [
        (Duties::alone(node("lima")), false, ""),
        (Duties::shared(node("lima")), true, "lima"),
    ] {
        assert_eq!(duties.is_shared(), is_shared);
        assert_eq!(duties.run_name(), run_name);
        assert_eq!(duties.node(), &node("lima"));
    }
}

#[test]
fn nothing_begins_from_the_moment_until_which_a_duty_is_relied_on() {
    let asked_at = Instant::now();
    let tenure = Tenure {
        duty: app(),
        holder: node("lima").id,
        epoch: 1,
    };
    let renewed = Renewed::new(tenure, asked_at);
    let until = relied_on_until(asked_at);
    assert!(renewed.is_relied_on(until - Duration::from_nanos(1)));
    assert!(!renewed.is_relied_on(until));
}

#[tokio::test]
async fn nodes_show_each_other_how_they_are_configured() {
    let bench = Bench::new();
    let inventory = bench.open();
    let (lima, oslo) = (Duties::shared(node("lima")), Duties::shared(node("oslo")));
    keep(&lima, &inventory).await;
    keep(&oslo, &inventory).await;
    let of = |value: &str| BTreeMap::from([("acme".to_owned(), value.to_owned())]);
    let shown = NodeSettings {
        apps: of("17"),
        sections: of("fingerprint"),
    };
    let show = lima.show_settings(&inventory, shown.clone());
    show.await.unwrap();

    let nodes = inventory.read(|view| view.nodes()).await.unwrap();
    let found: Vec<NodeSettings> = nodes.into_iter().map(|node| node.settings).collect();
    assert_eq!(found, [shown, NodeSettings::default()]);
}

#[tokio::test]
async fn a_node_knows_what_others_hold_now_and_not_what_it_holds_itself() {
    let bench = Bench::new();
    let inventory = bench.open();
    let lima = Duties::shared(node("lima"));
    keep(&lima, &inventory).await;
    assert!(held(&lima).is_some());
    let known = async |name: &str| {
        let node = node(name);
        let others = inventory.read(move |view| view.duties_of_others(&node));
        let mut others = others.await.unwrap();
        others.sort();
        others
    };
    assert_eq!(known("oslo").await, wanted());
    assert_eq!(known("lima").await, []);
    end_all(&inventory).await;
    assert_eq!(known("oslo").await, [], "the terms have ended");
}

#[tokio::test]
async fn a_node_that_joins_forgets_those_that_were_not_seen_for_a_week() {
    let bench = Bench::new();
    let inventory = bench.open();
    let job = |tx: &Tx<'_>| {
        let now = tx.clock()?;
        let second = 1_000;
        for (name, seen_at) in [
            ("within", now - 7 * DAY + 10 * second),
            ("without", now - 7 * DAY - 10 * second),
        ] {
            tx.show_node(&node(name), true, seen_at)?;
        }
        let before = names(tx)?;
        tx.show_node(&node("lima"), false, now)?;
        Ok((before, names(tx)?))
    };
    let (before, after) = inventory.write(job).await.unwrap();
    assert_eq!(before, ["within", "without"]);
    assert_eq!(after, ["lima", "within"]);
}

#[tokio::test]
async fn a_node_has_a_namesake_only_where_one_has_put_itself_in_its_place() {
    let bench = Bench::new();
    let inventory = bench.open();
    let job = |tx: &Tx<'_>| {
        let now = tx.clock()?;
        let lima = node("lima");
        let again = Node {
            id: "another run".to_owned(),
            ..node("lima")
        };
        tx.show_node(&lima, false, now)?;
        let alone = tx.show_node(&lima, true, now)?;
        tx.leave_nodes(&lima)?;
        let forgotten = tx.show_node(&lima, true, now)?;
        tx.show_node(&again, false, now)?;
        let replaced = tx.show_node(&lima, true, now)?;
        let in_its_place = tx.show_node(&again, true, now)?;
        Ok([alone, forgotten, replaced, in_its_place])
    };
    let found = inventory.write(job).await.unwrap();
    assert_eq!(found, [false, false, true, false]);
}

#[test]
fn a_namesake_is_reported_once() {
    let mut state = State::default();
    let mut reported = |has_namesake| logged_by(|| state.join(has_namesake)).len();
    assert_eq!(
        [false, true, true, false, true].map(&mut reported),
        [0, 1, 0, 0, 0]
    );
}

#[tokio::test]
async fn the_clock_of_the_database_is_read_in_full() {
    let bench = Bench::new();
    let read = bench.open().read(|view| view.database_clock()).await;
    let this_was_written: Timestamp = "2026-11-29T00:00:00Z".parse().unwrap();
    assert!(read.unwrap() > this_was_written);
}

/// The names of the nodes that keep a command from having the inventory to itself.
async fn running(inventory: &Inventory) -> Option<String> {
    let rejected = inventory.write(|tx| reject_running_nodes(tx.db, &"the server"));
    match rejected.await {
        Ok(()) => None,
        Err(Error::NodesRunning { place, nodes }) => {
            assert_eq!(place, "the server");
            Some(nodes)
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_node_runs_that_was_seen_within_a_minute_or_holds_a_duty() {
    let bench = Bench::new();
    let inventory = bench.open();
    assert_eq!(running(&inventory).await, None, "there is no node");
    let long = 3_600_000;
    // In milliseconds from now: when the node was seen, and when the terms of its duties end.
    for (seen, ends, is_running) in [
        (0, vec![], true),
        (-50_000, vec![], true),
        (-70_000, vec![], false),
        // By the clock of a server that went back.
        (50_000, vec![], true),
        (70_000, vec![], false),
        (-long, vec![10_000], true),
        (-long, vec![-10_000], false),
        (-long, vec![-10_000, 10_000], true),
        (0, vec![-10_000], true),
    ] {
        let terms = ends.clone();
        let job = move |tx: &Tx<'_>| {
            let now = tx.clock()?;
            tx.db.run("DELETE FROM node", &[])?;
            tx.db.run("DELETE FROM duty", &[])?;
            tx.show_node(&node("lima"), true, now + seen)?;
            for (duty, end) in wanted().iter().zip(terms) {
                // So that its term ends then.
                let from = now + end - (end_of_term(now) - now);
                tx.take_duties(slice::from_ref(duty), &node("lima"), from)?;
            }
            Ok(())
        };
        inventory.write(job).await.unwrap();
        let expected = is_running.then(|| "lima".to_owned());
        assert_eq!(running(&inventory).await, expected, "{seen} {ends:?}");
    }
}

#[tokio::test]
async fn a_command_names_every_node_that_runs() {
    let bench = Bench::new();
    let inventory = bench.open();
    let (lima, oslo) = (Duties::shared(node("lima")), Duties::shared(node("oslo")));
    keep(&oslo, &inventory).await;
    keep(&lima, &inventory).await;
    assert_eq!(running(&inventory).await.as_deref(), Some("lima, oslo"));
    oslo.give_up(&inventory).await.unwrap();
    assert_eq!(running(&inventory).await.as_deref(), Some("lima"));
    lima.give_up(&inventory).await.unwrap();
    assert_eq!(
        running(&inventory).await,
        None,
        "both were stopped in order"
    );
}
