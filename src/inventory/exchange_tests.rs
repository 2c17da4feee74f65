//! Exchanges: what is noted before, and where the secret that Meta gives is kept.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::tests::{Bench, claim, import, learned, now};
use super::{Duties, Error, Inventory, Tx};
use crate::model::{Candidate, Duty, ExchangeId, Exchanged, Node, TokenId};
use crate::secret::Secret;

async fn write<T: Send + 'static>(
    inventory: &Inventory,
    job: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> T {
    inventory.write(job).await.unwrap()
}

fn exchanged(token: TokenId, exchange: i64, secret: &str) -> Exchanged {
    Exchanged {
        token,
        app: "acme".to_owned(),
        name: "maria".to_owned(),
        exchange: ExchangeId(exchange),
        secret: Secret::new(secret),
        ends_at: None,
    }
}

async fn store(inventory: &Inventory, exchanged: Exchanged) {
    inventory.store_exchanged(exchanged, now()).await.unwrap();
}

async fn candidate(inventory: &Inventory, token: TokenId) -> Option<Candidate> {
    let candidates = inventory.read(move |view| view.candidates());
    candidates.await.unwrap().remove(&token)
}

async fn put(inventory: &Inventory, id: TokenId, secret: &'static str) {
    let put = move |tx: &Tx<'_>| {
        let token = tx.token(id)?.unwrap();
        tx.store_candidate(&token, &Secret::new(secret), now())
    };
    write(inventory, put).await;
}

async fn due_at(inventory: &Inventory) -> Option<Timestamp> {
    inventory.read(|view| view.next_due("acme")).await.unwrap()
}

#[tokio::test]
async fn an_exchange_counts_from_when_it_was_begun_unless_it_is_taken_back() {
    let bench = Bench::new();
    let inventory = bench.open();
    let id = import(&inventory, "maria", "EAA1").await;
    let earlier = now() - SignedDuration::from_hours(30);
    let begun = write(&inventory, move |tx| tx.begin_exchange(id, None, earlier)).await;
    assert_eq!(begun, Some(ExchangeId(1)));
    let begun = write(&inventory, move |tx| tx.begin_exchange(id, None, now())).await;
    assert_eq!(begun, Some(ExchangeId(2)));
    drop(inventory);

    let inventory = bench.open();
    let tried_at = claim(&inventory, now()).await.remove(0).rotation_tried_at;
    assert_eq!(tried_at, Some(now()), "a crash changes nothing");
    write(&inventory, move |tx| {
        tx.take_back_exchange(id, None, Some(earlier))
    })
    .await;
    let tried_at = claim(&inventory, now()).await.remove(0).rotation_tried_at;
    assert_eq!(tried_at, Some(earlier));
    write(&inventory, move |tx| tx.forget(id)).await;
    let begun = write(&inventory, move |tx| tx.begin_exchange(id, None, now())).await;
    assert_eq!(begun, None, "nothing is exchanged for a token that is gone");
}

#[tokio::test]
async fn what_meta_gave_is_stored_once_and_under_the_name_of_today() {
    let bench = Bench::new();
    let inventory = bench.open();
    let id = import(&inventory, "maria", "EAA1").await;
    write(&inventory, move |tx| {
        let token = tx.token(id)?.unwrap();
        tx.rename(&token, "otto", "a test", now())
    })
    .await;
    store(&inventory, exchanged(id, 1, "EAA2")).await;
    store(&inventory, exchanged(id, 1, "EAA2")).await;
    let stored = candidate(&inventory, id).await.unwrap();
    assert_eq!((stored.number, stored.exchange), (2, Some(ExchangeId(1))));
    assert_eq!(stored.secret.expose(), "EAA2");
    let versions = inventory.read(|view| view.db.value::<u32>("SELECT count(*) FROM version", &[]));
    assert_eq!(versions.await.unwrap(), 2);

    // Meta returned the same secret, so there is nothing to confirm.
    store(&inventory, exchanged(id, 2, "EAA1")).await;
    write(&inventory, move |tx| tx.forget(id)).await;
    store(&inventory, exchanged(id, 3, "EAA3")).await;
    assert!(candidate(&inventory, id).await.is_none());
}

#[tokio::test]
async fn neither_kind_of_candidate_replaces_the_other() {
    let bench = Bench::new();
    let inventory = bench.open();
    let id = import(&inventory, "maria", "EAA1").await;
    store(&inventory, exchanged(id, 1, "EAA2")).await;
    put(&inventory, id, "EAA3").await;
    put(&inventory, id, "EAA4").await;
    store(&inventory, exchanged(id, 2, "EAA5")).await;

    let claimed = claim(&inventory, now()).await.remove(0);
    let first = claimed.candidate.as_ref().unwrap();
    assert_eq!(first.secret.expose(), "EAA4", "what a person handed in");
    let result = learned(&claimed, Some("EAA4"));
    write(&inventory, move |tx| tx.record(&result, now())).await;
    let next = candidate(&inventory, id).await.unwrap();
    assert_eq!(next.secret.expose(), "EAA5", "the latest exchange");
    write(&inventory, move |tx| tx.drop_exchanged(id, ExchangeId(2))).await;
    let last = candidate(&inventory, id).await.unwrap();
    assert_eq!(last.secret.expose(), "EAA2");
    write(&inventory, move |tx| tx.drop_exchanged(id, ExchangeId(1))).await;
    assert!(candidate(&inventory, id).await.is_none());
}

#[tokio::test]
async fn a_candidate_that_was_exchanged_is_replaced_by_what_meta_gave_for_it() {
    let bench = Bench::new();
    let inventory = bench.open();
    let id = import(&inventory, "maria", "EAA1").await;
    put(&inventory, id, "EAA2").await;
    write(&inventory, move |tx| tx.accept_fewer(id)).await;
    write(&inventory, move |tx| tx.begin_exchange(id, Some(2), now())).await;
    let begun = candidate(&inventory, id).await.unwrap();
    assert!(begun.is_exchanged && begun.accepts_fewer);
    write(&inventory, move |tx| {
        tx.take_back_exchange(id, Some(2), None)
    })
    .await;
    assert!(!candidate(&inventory, id).await.unwrap().is_exchanged);

    write(&inventory, move |tx| tx.begin_exchange(id, Some(2), now())).await;
    store(&inventory, exchanged(id, 2, "EAA3")).await;
    let stored = candidate(&inventory, id).await.unwrap();
    assert_eq!(stored.secret.expose(), "EAA3");
    assert_eq!((stored.number, stored.exchange), (2, None));
    assert!(stored.is_exchanged && stored.accepts_fewer);

    // A person handed in another one meanwhile, and it has the same number.
    put(&inventory, id, "EAA4").await;
    store(&inventory, exchanged(id, 2, "EAA5")).await;
    let newer = candidate(&inventory, id).await.unwrap();
    assert_eq!((newer.number, newer.secret.expose()), (2, "EAA4"));
    assert!(!newer.is_exchanged);
}

#[tokio::test]
async fn what_was_stored_makes_its_token_due_and_disturbs_no_check_under_way() {
    let bench = Bench::new();
    let inventory = bench.open();
    let id = import(&inventory, "maria", "EAA1").await;
    let claimed = claim(&inventory, now()).await.remove(0);
    let before = due_at(&inventory).await;
    store(&inventory, exchanged(id, 1, "EAA2")).await;
    assert_eq!(due_at(&inventory).await, before);
    let result = learned(&claimed, None);
    write(&inventory, move |tx| tx.record(&result, now())).await;
    assert!(due_at(&inventory).await > Some(now()));

    store(&inventory, exchanged(id, 2, "EAA3")).await;
    assert_eq!(due_at(&inventory).await, Some(now()));
}

/// The other node does not know of it: it has read the token before.
#[tokio::test]
async fn what_is_stored_after_a_take_over_is_due_even_if_a_check_is_under_way() {
    let bench = Bench::new();
    let inventory = bench.open();
    let id = import(&inventory, "maria", "EAA1").await;
    let app = [Duty::App("acme".to_owned())];
    let [lima, oslo] = ["lima", "oslo"].map(|name| {
        let (name, id) = (name.to_owned(), format!("id of {name}"));
        Duties::shared(Node { name, id })
    });
    lima.keep(&inventory, &app, Instant::now()).await.unwrap();
    let of_lima = lima.held(&app[0], Instant::now()).unwrap();
    let end = |tx: &Tx<'_>| tx.db.run("UPDATE duty SET ends_at = 1", &[]);
    write(&inventory, end).await;
    let taken = oslo.keep(&inventory, &app, Instant::now()).await.unwrap();
    assert_eq!(taken.taken, app);

    let claimed = claim(&inventory, now()).await.remove(0);
    store(&inventory.on_behalf_of(&of_lima), exchanged(id, 1, "EAA2")).await;
    let result = learned(&claimed, None);
    write(&inventory, move |tx| tx.record(&result, now())).await;
    assert!(due_at(&inventory).await <= Some(now()));
    let next = claim(&inventory, now()).await.remove(0);
    assert_eq!(next.candidate.unwrap().secret.expose(), "EAA2");
}
