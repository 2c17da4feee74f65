//! A quarter of a year of random changes: whatever happens to tokens in whatever order, the guarantees hold.

use std::collections::{BTreeMap, HashSet};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::fixtures::*;
use super::policy;
use crate::model::{Cause, Health, IncidentFilter, IncidentState, Kind, State, TokenId};

const CAUSES: [Cause; 6] = [
    Cause::PasswordChanged,
    Cause::SessionEnded,
    Cause::PageRoleLost,
    Cause::Unreadable,
    Cause::Expired,
    Cause::Checkpoint,
];

async fn something_happens(world: &World, id: TokenId, chance: &mut StdRng) -> Result {
    let since = world.now;
    let cause = CAUSES[chance.random_range(0..CAUSES.len())];
    match chance.random_range(0..10) {
        0..4 => world.heal(&[id]).await,
        4..6 => world.die(&[id], cause).await,
        6..8 => world.expire_in(id, days(chance.random_range(1..15))).await,
        _ => {
            let failing = Health::Failing {
                since,
                failures: 1,
                cause: Cause::Outage,
            };
            world
                .record_check(&[id], move |token| token.health = failing)
                .await
        }
    }
}

/// Every token with a problem belongs to the open incident of its cause and to no other.
async fn everything_is_filed(world: &World, ids: &[TokenId]) -> Result {
    for id in ids.iter().copied() {
        let pending_token = world
            .inventory
            .read(move |view| view.pending_token(id))
            .await?;
        let pending_token = pending_token.expect("nothing is forgotten here");
        let incident_key = policy::incident_key(&pending_token.token);
        let other = incident_key.as_ref().and_then(policy::sibling);
        match pending_token.incident.clone() {
            _ if pending_token.token.state() == State::Failing => {}
            Some(here) if here.ahead => assert_eq!(incident_key, None, "{pending_token:?}"),
            Some(here) if other.as_ref() == Some(&here.incident_key) => {
                assert!(pending_token.token.cause().is_some_and(Cause::is_upcoming));
            }
            filed => assert_eq!(
                filed.map(|here| here.incident_key),
                incident_key,
                "{pending_token:?}"
            ),
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_quarter_of_chance_keeps_every_promise() -> Result {
    let mut world = World::new();
    let mut chance = StdRng::seed_from_u64(20_261_130);
    let names: Vec<String> = (0..12).map(|n| format!("acme-{n}")).collect();
    let ids = world.import(Kind::Page, &names).await?;
    for _ in 0..180 {
        let id = ids[chance.random_range(0..ids.len())];
        something_happens(&world, id, &mut chance).await?;
        world
            .pass_after(minutes(chance.random_range(1..1_440)))
            .await?;
        everything_is_filed(&world, &ids).await?;
    }
    world.heal(&ids).await?;
    world.pass().await?;
    world.pass_after(days(30)).await?;

    let open = world
        .inventory
        .read(|view| view.incidents(IncidentFilter::Unresolved, 9))
        .await?;
    assert!(open.is_empty(), "{open:?}");
    each_incident_was_notified_properly(&world).await
}

/// The emails of one incident form a thread, the first is never a reminder, and none follows the resolution.
async fn each_incident_was_notified_properly(world: &World) -> Result {
    let emails = world.emails().await?;
    let ids: HashSet<_> = emails.iter().map(|l| &l.email.message_id).collect();
    assert_eq!(ids.len(), emails.len());
    let mut notified = BTreeMap::<_, Vec<_>>::new();
    for email in &emails {
        notified
            .entry(email.email.incident)
            .or_default()
            .push(email);
    }
    assert!(notified.len() > 10, "chance was idle: {}", notified.len());
    for incident in world.incidents().await? {
        let of_it = notified.remove(&Some(incident.id)).unwrap_or_default();
        assert_eq!(of_it.is_empty(), incident.notified_at.is_none());
        let IncidentState::Resolved { at } = incident.state else {
            panic!("{incident:?} is open");
        };
        for (index, email) in of_it.iter().enumerate() {
            let subject = &email.email.subject;
            assert_eq!(email.email.in_reply_to.is_none(), index == 0, "{subject}");
            assert!(
                email.written_at >= incident.opened_at + minutes(2),
                "{subject}"
            );
            assert!(email.written_at <= at, "{subject}");
            assert!(index > 0 || !subject.starts_with("Reminder"), "{subject}");
            let is_last_word = subject.contains("again after") || subject.contains("in time");
            assert!(!is_last_word || index + 1 == of_it.len(), "{subject}");
        }
    }
    Ok(())
}
