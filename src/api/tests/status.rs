//! The status is answered from memory, and how long requests take is measured.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::sync::mpsc;

use super::world::World;
use crate::api_client::Client;
use crate::inventory::READERS;

/// Keeps all connections to the inventory busy until the sender of `held` is dropped.
async fn occupy(world: &World, held: Receiver<()>) {
    let held = Arc::new(Mutex::new(held));
    let (started, mut starts) = mpsc::unbounded_channel();
    let wait = move || {
        started.send(()).unwrap();
        // Those that do not get the lock wait for it just as long.
        held.lock().unwrap().recv().unwrap_err();
        Ok(())
    };
    for _ in 0..READERS {
        let (inventory, wait) = (world.backend.inventory.clone(), wait.clone());
        tokio::spawn(async move { inventory.read(move |_| wait()).await });
    }
    let inventory = world.backend.inventory.clone();
    tokio::spawn(async move { inventory.write(move |_| wait()).await });
    for _ in 0..=READERS {
        starts.recv().await.unwrap();
    }
}

#[tokio::test]
async fn the_status_waits_for_nobody_who_reads_or_writes_the_inventory() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    let (release, held) = channel();
    occupy(&world, held).await;
    assert_eq!(world.get("/v1/status").await.json()["tokens"]["total"], 1);
    assert_eq!(world.get("/readyz").await.status, 200);
    let metrics = world.get("/metrics").await.text;
    assert!(
        metrics.contains("perennial_tokens{app=\"acme\",kind=\"unknown\",state=\"unverified\"} 1")
    );
    drop(release);
}

#[tokio::test]
async fn a_status_shows_every_write_that_was_answered_before_it() {
    let world = World::new();
    for n in 1..=20 {
        world.import(&format!("acme-{n}"), &format!("EAA{n}")).await;
        assert_eq!(world.get("/v1/status").await.json()["tokens"]["total"], n);
    }
    world.send("DELETE", "/v1/tokens/acme-1", json!(null)).await;
    assert_eq!(world.get("/v1/status").await.json()["tokens"]["total"], 19);
}

async fn series(client: &Client) -> Vec<String> {
    let metrics = client.text("/metrics").await.unwrap();
    let counts = metrics.lines().filter_map(|line| {
        let count = line.strip_prefix("perennial_request_duration_seconds_count")?;
        Some(count.to_owned())
    });
    let mut counts: Vec<String> = counts.collect();
    counts.sort();
    counts
}

#[tokio::test]
async fn requests_are_measured_by_the_pattern_of_their_route() {
    let world = World::new();
    let served = world.serve();
    let client = &served.client;
    assert!(series(client).await.is_empty());
    client.status().await.unwrap();
    client.status().await.unwrap();
    client.token("unknown").await.unwrap_err();
    client.token("also-unknown").await.unwrap_err();
    client.text("/nowhere/EAAcanary").await.unwrap_err();
    client.events(&Default::default()).await.unwrap();
    let expected = [
        "{route=\"/metrics\"} 1",
        "{route=\"/v1/status\"} 2",
        "{route=\"/v1/tokens/{name}\"} 2",
    ];
    assert_eq!(series(client).await, expected);
}
