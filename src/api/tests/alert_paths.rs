//! When no person can be reached, that is the first problem wherever people look.

use axum::body::Body;

use super::world::{World, root};
use crate::model::{Attempt, NewEmail, SendOutcome};

async fn enqueue_email(world: &World, id: &str, outcome: SendOutcome) {
    let email = NewEmail {
        incident: None,
        message_id: id.to_owned(),
        in_reply_to: None,
        recipients: vec!["maria@example.com".to_owned()],
        subject: "Log in".to_owned(),
        text: String::new(),
        html: String::new(),
    };
    let now = world.now();
    let reached = match outcome {
        SendOutcome::Sent => email.recipients.clone(),
        _ => Vec::new(),
    };
    let attempt = Attempt {
        reached,
        outcome,
        ..Attempt::default()
    };
    let tried = world.backend.inventory.write(move |tx| {
        tx.enqueue_email(&email, now)?;
        for email in tx.emails_to_send(now, 10)? {
            tx.record_send_attempt(&email, &attempt, now)?;
        }
        Ok(())
    });
    tried.await.unwrap();
}

async fn first_reason(world: &World) -> String {
    let reply = world.ask_as(root(), "GET", "/readyz", Body::empty()).await;
    let first = reply.json()["problems"][0].as_str().map(str::to_owned);
    let status = world
        .ask_as(root(), "GET", "/v1/status", Body::empty())
        .await;
    let shown = status.json()["problems"][0].as_str().map(str::to_owned);
    assert_eq!(first, shown);
    first.unwrap_or_default()
}

#[tokio::test]
async fn that_no_person_can_be_reached_comes_first() {
    let world = World::new();
    world.daemon_status.send_modify(|daemon_status| {
        daemon_status.sweep.overdue = 7;
        daemon_status.problems = vec!["app acme: Graph v25.0 ends".to_owned()];
    });
    let refused = || SendOutcome::Refused {
        reason: "550 relaying denied".to_owned(),
        next_try_at: None,
    };
    enqueue_email(&world, "one", refused()).await;
    let first = first_reason(&world).await;
    assert!(
        first.contains("no person can be reached since 2026-03-01T12:00:00Z"),
        "{first}"
    );
    assert!(first.contains("550 relaying denied"), "{first}");

    // One delivered email shows that mail works, and that the other emails failed because of their recipients.
    world.pass(jiff::SignedDuration::from_mins(5));
    enqueue_email(&world, "two", SendOutcome::Sent).await;
    let first = first_reason(&world).await;
    assert!(!first.contains("no person can be reached"), "{first}");
}
