//! The inventory's promises, each tested against a real file.

use std::path::PathBuf;

use futures_util::future;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

pub(super) use super::bench_for_tests::Bench;
use super::engine::SchemaFile;
use super::*;
use crate::files::beside;
use crate::model::{
    Action, AppError, AppRecord, Cause, CheckResult, CheckedCandidate, Claimed, Ending, Event,
    EventId, Expiry, Facts, Health, IncidentFilter, IncidentKey, IncidentState, Kind, LoginError,
    NewEmail, NewEvent, NewLogin, Next, OrderEnd, OrderKind, OrderOutcome, PageList, Remedy,
    Scopes, State, Token, TokenId,
};
use crate::secret::Secret;

pub(super) fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

fn new_token(name: &str, secret: &str) -> NewToken {
    NewToken {
        app: "acme".to_owned(),
        name: Some(name.to_owned()),
        secret: Secret::new(secret),
        owners: vec!["maria@example.com".to_owned()],
        required_scopes: Scopes::parse("email"),
        parent: None,
        subject_name: None,
    }
}

pub(super) async fn import(inventory: &Inventory, name: &str, secret: &str) -> TokenId {
    let new = new_token(name, secret);
    match inventory
        .write(move |tx| tx.import(&new, now()))
        .await
        .unwrap()
    {
        Imported::Added { id, .. } => id,
        other => panic!("{other:?}"),
    }
}

/// What a sweep has in hand from now on.
async fn hold(inventory: &Inventory, at: Timestamp) -> Claim {
    let due = inventory
        .read(move |view| view.due("acme", at, 100))
        .await
        .unwrap();
    let until = at + SignedDuration::from_mins(10);
    let due: Vec<TokenId> = due.iter().map(|due| due.token).collect();
    let claim = inventory.write(move |tx| tx.claim(&due, at, until));
    claim.await.unwrap()
}

/// What a sweep that has just ended had in hand.
pub(super) async fn claim(inventory: &Inventory, at: Timestamp) -> Vec<Claimed> {
    let Claim { id, tokens, .. } = hold(inventory, at).await;
    inventory.write(move |tx| tx.end_claim(id)).await.unwrap();
    tokens
}

fn facts(expires_at: Expiry) -> Facts {
    Facts {
        kind: Kind::User,
        subject: "7".to_owned(),
        person: "7".to_owned(),
        issued_at: None,
        expires_at,
        data_access_expires_at: Expiry::Never,
        scopes: Some(Scopes::parse("email")),
    }
}

/// What a sweep records for a token that turned out healthy.
pub(super) fn learned(claimed: &Claimed, secret: Option<&str>) -> CheckResult {
    let after = Token {
        facts: Some(facts(Expiry::At(now() + SignedDuration::from_hours(480)))),
        health: Health::Healthy,
        next: Some(Next {
            action: Action::Check,
            at: now() + SignedDuration::from_hours(24),
        }),
        ..claimed.token.clone()
    };
    CheckResult {
        after,
        secret: secret.map(Secret::new),
        checked_candidate: claimed
            .candidate
            .as_ref()
            .map(|candidate| CheckedCandidate {
                number: candidate.number,
                refusal: None,
            }),
        ..CheckResult::new(claimed.clone(), now())
    }
}

#[tokio::test]
async fn what_was_imported_is_there_after_a_restart_and_sealed() {
    let bench = Bench::new();
    let id = import(&bench.open(), "maria", "EAAcanary").await;
    let inventory = bench.open();
    let token = inventory
        .read(move |view| view.token(id))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (token.name.as_str(), token.state()),
        ("maria", State::Unverified)
    );
    let reading = inventory
        .read(move |view| view.secret_of(&token))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(reading.secret.expose(), "EAAcanary");
    assert!(
        !bench
            .bytes()
            .windows(9)
            .any(|window| window == b"EAAcanary")
    );
}

#[tokio::test]
async fn the_same_secret_twice_is_known_and_a_taken_name_is_refused() {
    let bench = Bench::new();
    let inventory = bench.open();
    let id = import(&inventory, "maria", "EAA1").await;
    let again = |name: &str, secret: &str| {
        let new = new_token(name, secret);
        let inventory = inventory.clone();
        async move {
            inventory
                .write(move |tx| tx.import(&new, now()))
                .await
                .unwrap()
        }
    };
    assert_eq!(
        again("other", "EAA1").await,
        Imported::Known {
            id,
            name: "maria".to_owned()
        }
    );
    assert_eq!(
        again("maria", "EAA2").await,
        Imported::NameTaken {
            name: "maria".to_owned()
        }
    );
}

#[tokio::test]
async fn a_wrong_key_a_newer_schema_and_a_foreign_file_are_refused_before_any_write() {
    let bench = Bench::new();
    import(&bench.open(), "maria", "EAA1").await;
    let path = bench.path();
    let before = std::fs::read(&path).unwrap();

    let wrong = Settings::of_file(&path, Key::generate().unwrap());
    let error = Inventory::open(&wrong).unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
    assert!(
        error.to_string().contains(&bench.key.id().to_string()),
        "{error}"
    );
    assert!(std::fs::read(&path).unwrap() == before, "it was written to");

    let db = Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 999).unwrap();
    drop(db);
    let before = std::fs::read(&path).unwrap();
    let error = Inventory::open(&bench.settings()).unwrap_err();
    assert!(
        matches!(error, Error::NewerSchema { found: 999, .. }),
        "{error}"
    );
    assert!(std::fs::read(&path).unwrap() == before, "it was written to");

    for foreign in [b"a diary, not a database".to_vec(), other_database()] {
        std::fs::write(&path, &foreign).unwrap();
        let error = Inventory::open(&bench.settings()).unwrap_err();
        assert!(matches!(error, Error::NotAnInventory(_)), "{error}");
        assert!(
            std::fs::read(&path).unwrap() == foreign,
            "it was written to"
        );
    }
}

fn other_database() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE bookmark (url TEXT)")
        .unwrap();
    std::fs::read(path).unwrap()
}

#[tokio::test]
async fn a_second_daemon_on_the_same_inventory_is_refused() {
    let bench = Bench::new();
    let first = bench.open();
    let error = Inventory::open(&bench.settings()).unwrap_err();
    assert!(matches!(error, Error::InUse(_)), "{error}");
    drop(first);
    bench.open();
}

#[tokio::test]
async fn what_is_claimed_is_claimed_once_until_the_claim_ends() {
    let bench = Bench::new();
    let inventory = bench.open();
    import(&inventory, "maria", "EAA1").await;
    assert_eq!(hold(&inventory, now()).await.tokens.len(), 1);
    assert_eq!(
        hold(&inventory, now()).await.tokens.len(),
        0,
        "another pass finds nothing"
    );
    let later = now() + SignedDuration::from_mins(11);
    assert_eq!(
        hold(&inventory, later).await.tokens.len(),
        1,
        "a crash frees it by itself"
    );
}

#[tokio::test]
async fn the_claims_of_an_earlier_run_end_when_the_next_begins() {
    let bench = Bench::new();
    let inventory = bench.open();
    import(&inventory, "maria", "EAA1").await;
    assert_eq!(hold(&inventory, now()).await.tokens.len(), 1);
    drop(inventory);
    let inventory = bench.open();
    inventory
        .write(move |tx| tx.begin_run(now()))
        .await
        .unwrap();
    assert_eq!(hold(&inventory, now()).await.tokens.len(), 1);
}

#[tokio::test]
async fn a_claim_from_a_clock_that_was_ahead_ends_at_once() {
    let bench = Bench::new();
    let inventory = bench.open();
    let id = import(&inventory, "maria", "EAA1").await;
    let ahead = now() + SignedDuration::from_hours(60 * 24);
    assert_eq!(hold(&inventory, ahead).await.tokens.len(), 1);
    assert_eq!(hold(&inventory, now()).await.tokens.len(), 1);
    let tried = inventory.write(move |tx| {
        tx.db
            .run("UPDATE token SET rotation_tried_at = ?1", &[&ahead])?;
        tx.end_claims()?;
        tx.make_due(id, now())
    });
    tried.await.unwrap();
    let claimed = hold(&inventory, now()).await.tokens.remove(0);
    assert_eq!(claimed.rotation_tried_at, Some(now()));
}

pub(super) fn email() -> NewEmail {
    NewEmail {
        incident: None,
        message_id: "1@example.com".to_owned(),
        in_reply_to: None,
        recipients: vec!["ops@example.com".to_owned()],
        subject: "An email".to_owned(),
        text: "text".to_owned(),
        html: "html".to_owned(),
    }
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_wrote_heals() {
    let bench = Bench::new();
    let inventory = bench.open();
    let ahead = now() + SignedDuration::from_hours(60 * 24);
    let incident_key = IncidentKey {
        app: "acme".to_owned(),
        cause: Cause::PasswordChanged,
        subject: "7".to_owned(),
    };
    let error = AppError {
        cause: Cause::Outage,
        since: ahead,
        failures: 1,
    };
    let incident = inventory
        .write(move |tx| {
            tx.enqueue_email(&email(), ahead)?;
            tx.record_digest(ahead, ahead)?;
            let app = AppRecord {
                name: "acme".to_owned(),
                error: Some(error),
                resume_at: Some(ahead),
                ..AppRecord::default()
            };
            tx.store_app(&app, 0, ahead)?;
            tx.open_incident(&incident_key, (error.cause, ahead), ahead, ahead)
        })
        .await
        .unwrap();
    let waiting = inventory.read(move |view| view.emails_to_send(now(), 9));
    assert!(
        waiting.await.unwrap().is_empty(),
        "it waits for a day to come"
    );

    inventory
        .write(move |tx| tx.fix_future_dates(now()))
        .await
        .unwrap();
    inventory
        .read(move |view| {
            assert_eq!(view.emails_to_send(now(), 9)?.len(), 1);
            assert_eq!(view.latest_event_at()?, Some(now()));
            assert_eq!(view.last_digest()?.map(|last| last.tick), Some(now()));
            let app = view.app("acme")?;
            assert_eq!(app.resume_at, None);
            assert_eq!(app.error.map(|error| error.since), Some(now()));
            let due = view.incidents_to_review(now(), 9)?;
            let of: Vec<_> = due.iter().map(|i| (i.id, i.opened_at)).collect();
            assert_eq!(of, [(incident, now())]);
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn an_order_that_comes_meanwhile_is_not_put_off() {
    let bench = Bench::new();
    let inventory = bench.open();
    let id = import(&inventory, "maria", "EAA1").await;
    let claimed = claim(&inventory, now()).await.remove(0);
    let token = claimed.token.clone();
    inventory
        .write(move |tx| tx.order(&token, OrderKind::Check, "a test", now()))
        .await
        .unwrap();

    let next_check = learned(&claimed, None);
    inventory
        .write(move |tx| tx.record(&next_check, now()))
        .await
        .unwrap();
    let again = claim(&inventory, now()).await;
    assert_eq!(again.len(), 1, "still due, for somebody wants it now");
    assert_eq!(
        again[0]
            .pending_order
            .map(|pending_order| pending_order.order),
        Some(OrderKind::Check)
    );
    assert_eq!(last_order(&inventory, id).await, (OrderKind::Check, None));

    let carried_out = learned(&again[0], None);
    inventory
        .write(move |tx| tx.record(&carried_out, now()))
        .await
        .unwrap();
    let end = OrderEnd {
        at: now(),
        outcome: OrderOutcome::CarriedOut,
    };
    assert_eq!(
        last_order(&inventory, id).await,
        (OrderKind::Check, Some(end))
    );
    assert!(claim(&inventory, now()).await.is_empty());
}

async fn last_order(inventory: &Inventory, token: TokenId) -> (OrderKind, Option<OrderEnd>) {
    let last = inventory.read(move |view| view.last_order(token)).await;
    let last = last.unwrap().unwrap();
    assert_eq!(last.requested_at, now());
    (last.order, last.ended)
}

#[tokio::test]
async fn a_candidate_that_comes_meanwhile_is_not_dropped_and_no_owner_is_overwritten() {
    let bench = Bench::new();
    let inventory = bench.open();
    let id = import(&inventory, "maria", "EAA1").await;
    let claimed = claim(&inventory, now()).await.remove(0);
    let token = claimed.token.clone();
    let kept = inventory
        .write(move |tx| {
            tx.db
                .script("UPDATE token SET owners = '[\"new@example.com\"]'")?;
            tx.store_candidate(&token, &Secret::new("EAA2"), now())
        })
        .await;
    assert_eq!(kept.unwrap(), NewVersion::Kept);

    let mut stale = learned(&claimed, Some("EAA-renewed"));
    stale.checked_candidate = Some(CheckedCandidate {
        number: 77,
        refusal: None,
    });
    inventory
        .write(move |tx| tx.record(&stale, now()))
        .await
        .unwrap();
    let again = claim(&inventory, now()).await.remove(0);
    assert_eq!(again.secret.expose(), "EAA-renewed");
    assert_eq!(
        again
            .candidate
            .map(|c| c.secret.expose().to_owned())
            .as_deref(),
        Some("EAA2")
    );
    assert_eq!(again.token.owners, ["new@example.com"]);
    assert_eq!(again.token.id, id);
}

#[tokio::test]
async fn the_replaced_secret_is_kept_until_its_own_end() {
    let bench = Bench::new();
    let inventory = bench.open();
    let id = import(&inventory, "maria", "EAA1").await;
    for secret in ["EAA2", "EAA3"] {
        let at = now() + SignedDuration::from_hours(if secret == "EAA2" { 0 } else { 24 });
        let claimed = claim(&inventory, at).await.remove(0);
        let next_check = learned(&claimed, Some(secret));
        inventory
            .write(move |tx| tx.record(&next_check, now()))
            .await
            .unwrap();
    }
    let versions = move |view: &View<'_>| {
        let kept = "SELECT count(*) FROM version WHERE token = ?1";
        view.db.value::<u32>(kept, &[&id])
    };
    assert_eq!(inventory.read(versions).await.unwrap(), 3);
    let after_its_end = now() + SignedDuration::from_hours(481);
    let retired = inventory
        .write(move |tx| tx.retire_ended_versions(after_its_end))
        .await;
    assert_eq!(
        retired.unwrap(),
        1,
        "the one whose end was known and has come"
    );
}

#[tokio::test]
async fn a_swap_is_stored_whole_or_not_at_all() {
    let bench = Bench::new();
    let inventory = bench.open();
    import(&inventory, "maria", "EAA1").await;
    let claimed = claim(&inventory, now()).await.remove(0);
    let next_check = learned(&claimed, Some("EAA2"));
    let failed: Result<(), Error> = inventory
        .write(move |tx| {
            tx.record(&next_check, now())?;
            Err(Error::Closed)
        })
        .await;
    assert!(failed.is_err());
    let later = now() + SignedDuration::from_mins(11);
    let again = claim(&inventory, later).await.remove(0);
    assert_eq!((again.secret.expose(), again.token.version), ("EAA1", 1));
    assert_eq!(again.token.state(), State::Unverified);
}

#[tokio::test]
async fn one_job_that_fails_takes_no_other_with_it() {
    let bench = Bench::new();
    let inventory = bench.open();
    let jobs = (0..200).map(|n| {
        let inventory = inventory.clone();
        let new = new_token(&format!("token-{n}"), &format!("EAA{n}"));
        tokio::spawn(async move {
            inventory
                .write(move |tx| {
                    tx.import(&new, now())?;
                    if n % 10 == 0 {
                        Err(Error::Closed)
                    } else {
                        Ok(())
                    }
                })
                .await
                .is_ok()
        })
    });
    let mut done = 0;
    for job in jobs.collect::<Vec<_>>() {
        done += usize::from(job.await.unwrap());
    }
    assert_eq!(done, 180);
    assert_eq!(
        inventory.read(|view| view.fleet()).await.unwrap().total(),
        180
    );
}

#[tokio::test]
async fn a_large_job_is_committed_apart_from_the_jobs_that_wait_beside_it() {
    let bench = Arc::new(Bench::new());
    let inventory = bench.open();
    let (go, held_up) = std::sync::mpsc::channel();
    let hold_up = inventory.write(move |_| Ok(held_up.recv().unwrap_or_default()));
    let small = |name: &'static str| {
        inventory.write(move |tx| tx.import(&new_token(name, name), now()).map(drop))
    };
    let (seen, committed) = std::sync::mpsc::channel();
    let outside = Arc::clone(&bench);
    let large = inventory.write_alone(move |tx| {
        tx.import(&new_token("large", "EAAlarge"), now())?;
        let tokens = "SELECT name FROM token";
        let name: String = outside.outside(|db| db.value(tokens, &[]))?;
        seen.send(name).unwrap_or_default();
        Err::<(), _>(Error::Closed)
    });
    let begin = async move { go.send(1_u8).unwrap_or_default() };
    let jobs = future::join5(hold_up, small("before"), large, small("after"), begin);
    let (held_up, before, large, after, ()) = jobs.await;
    assert!(held_up.and(before).and(after).is_ok() && large.is_err());
    assert_eq!(committed.recv().unwrap(), "before");
    let kept = inventory.read(|view| view.fleet()).await.unwrap().total();
    assert_eq!(kept, 2);
}

#[tokio::test]
async fn the_tally_is_what_a_count_would_give() {
    let bench = Bench::new();
    let inventory = bench.open();
    for n in 0..20 {
        import(&inventory, &format!("token-{n}"), &format!("EAA{n}")).await;
    }
    for claimed in claim(&inventory, now()).await.into_iter().take(7) {
        let next_check = learned(&claimed, None);
        inventory
            .write(move |tx| tx.record(&next_check, now()))
            .await
            .unwrap();
    }
    let gone = inventory
        .read(|view| view.token_named("token-3"))
        .await
        .unwrap()
        .unwrap();
    inventory.write(move |tx| tx.forget(gone.id)).await.unwrap();
    let fleet = inventory.read(|view| view.fleet()).await.unwrap();
    let counted = inventory
        .read(|view| {
            let count = "SELECT count(*) FROM token WHERE state = ?1";
            let count = |state: &str| view.db.value::<u64>(count, &[&state]);
            Ok((count("unverified")?, count("healthy")?))
        })
        .await
        .unwrap();
    assert_eq!((fleet.unverified, fleet.healthy), counted);
    assert_eq!(fleet.total(), 19);
}

#[tokio::test]
async fn a_page_recorded_with_the_list_that_names_it_gets_its_name_and_parent_from_there() {
    let bench = Bench::new();
    let inventory = bench.open();
    let page = import(&inventory, "bakery", "EAA1").await;
    let user = import(&inventory, "maria", "EAA2").await;
    let mut results: Vec<CheckResult> = claim(&inventory, now())
        .await
        .iter()
        .map(|claimed| learned(claimed, None))
        .collect();
    for result in &mut results {
        if result.after.id == page {
            result.after.facts = Some(Facts {
                kind: Kind::Page,
                subject: "70".to_owned(),
                ..facts(Expiry::Never)
            });
        } else {
            let mut pages = PageList::default();
            pages.push("70", "Corner Bakery", None);
            result.pages = Some(pages);
        }
    }
    assert_eq!(results[0].after.id, page);
    let record = inventory.write(move |tx| tx.record_all(&results, now()));
    record.await.unwrap();
    let read = || inventory.read(move |view| view.token(page));
    let recorded = read().await.unwrap().unwrap();
    assert_eq!(recorded.subject_name.as_deref(), Some("Corner Bakery"));
    assert_eq!(recorded.parent, Some(user));

    inventory.write(move |tx| tx.forget(user)).await.unwrap();
    assert_eq!(read().await.unwrap().unwrap().parent, None);
}

#[tokio::test]
async fn finding_what_is_due_reads_an_index_and_not_the_inventory() {
    let bench = Bench::new();
    let inventory = bench.open();
    let plan = |sql: &'static str| {
        let inventory = inventory.clone();
        async move {
            let explain = move |view: &View<'_>| {
                let mut plan = view.db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let values = std::iter::repeat_n("x", plan.parameter_count());
                let lines = plan.query_map(rusqlite::params_from_iter(values), |row| {
                    row.get::<_, String>(3)
                })?;
                Ok(lines.collect::<Result<Vec<_>, _>>()?.join("; "))
            };
            inventory.read(explain).await.unwrap()
        }
    };
    for (sql, index) in [
        (
            "SELECT token, due_at, deadline FROM schedule WHERE app = 'a' AND due_at <= 1 ORDER BY due_at LIMIT 9",
            "USING COVERING INDEX schedule_due",
        ),
        (
            "SELECT id FROM token WHERE app = ?1 AND person = ?2",
            "INDEX token_of_person",
        ),
        (
            "SELECT id FROM token WHERE app = ?1 AND subject = ?2",
            "INDEX token_of_subject",
        ),
        ("SELECT 1 FROM token WHERE state = 'dead'", "token_in_state"),
        (
            "SELECT id FROM incident WHERE review_at <= 1",
            "INDEX incident_due",
        ),
        (
            "SELECT id FROM email WHERE next_try_at <= 1",
            "INDEX email_waiting",
        ),
        (
            "SELECT text FROM email WHERE undelivered_at IS NOT NULL AND reported = 0 ORDER BY id",
            "INDEX email_to_report",
        ),
        (
            "SELECT token FROM version WHERE role = 'candidate'",
            "INDEX version_candidate",
        ),
        (
            "SELECT token FROM schedule WHERE deadline IS NOT NULL ORDER BY deadline LIMIT 1",
            "INDEX schedule_deadline",
        ),
    ] {
        let plan = plan(sql).await;
        assert!(plan.contains(index), "{sql}\n{plan}");
    }
}

#[tokio::test]
async fn what_a_status_reads_does_not_grow_with_the_tokens_that_need_nothing() {
    let bench = Bench::new();
    let inventory = bench.open();
    let mut steps = Vec::new();
    for range in [0..2, 2..100] {
        for n in range {
            import(&inventory, &format!("acme-{n}"), &format!("EAA{n}")).await;
        }
        let heal = "UPDATE token SET state = 'healthy'";
        let healed = inventory.write(move |tx| tx.db.run(heal, &[]));
        healed.await.unwrap();
        let (before, earlier) = (inventory.work(), now() - SignedDuration::from_hours(1));
        let read = inventory.read(move |view| {
            assert_eq!(view.count_due(earlier, earlier)?, (0, 0));
            assert!(view.set_aside()?.is_empty());
            Ok(view.unsubscribed_pages()?.len())
        });
        assert_eq!(read.await.unwrap(), 0);
        steps.push(inventory.work().steps - before.steps);
    }
    assert_eq!(steps[0], steps[1]);
}

#[tokio::test]
async fn what_is_due_is_counted_over_all_apps() {
    let bench = Bench::new();
    let inventory = bench.open();
    let count = async |at: Timestamp| {
        let counted =
            inventory.read(move |view| view.count_due(at, at - SignedDuration::from_mins(10)));
        counted.await.unwrap()
    };
    assert_eq!(count(now()).await, (0, 0));
    for app in ["acme", "beta", "gamma"] {
        let token = NewToken {
            app: app.to_owned(),
            ..new_token(app, &format!("EAA{app}"))
        };
        let imported = inventory.write(move |tx| tx.import(&token, now()));
        imported.await.unwrap();
    }
    assert_eq!(count(now()).await, (3, 0));
    assert_eq!(count(now() + SignedDuration::from_mins(10)).await, (3, 3));
}

#[tokio::test]
async fn a_sealed_secret_moved_to_another_row_does_not_open() {
    let bench = Bench::new();
    let inventory = bench.open();
    import(&inventory, "maria", "EAA1").await;
    let thief = import(&inventory, "thief", "EAA2").await;
    inventory
        .write(move |tx| {
            tx.db.run(
                "UPDATE version SET secret = (SELECT secret FROM version WHERE token <> ?1)
                 WHERE token = ?1",
                &[&thief],
            )
        })
        .await
        .unwrap();
    let reading = inventory
        .read(move |view| {
            let token = view.token(thief)?.ok_or(Error::Closed)?;
            view.secret_of(&token)
        })
        .await;
    assert!(matches!(reading, Err(Error::Unsealable(name)) if name == "thief"));
}

/// An inventory as an earlier schema left it, and the key that it is sealed under.
pub(super) fn left_by(schema: u32, path: &Path) -> Key {
    let fixture = format!(
        "{}/tests/fixtures/inventory/{schema:04}.sql",
        env!("CARGO_MANIFEST_DIR")
    );
    let dump = std::fs::read_to_string(fixture).expect("each schema needs a filled inventory");
    Connection::open(path)
        .unwrap()
        .execute_batch(&dump)
        .unwrap();
    let key = dump
        .lines()
        .find_map(|line| line.strip_prefix("-- key: "))
        .unwrap();
    Key::read(key.as_bytes()).unwrap()
}

#[tokio::test]
async fn what_every_schema_held_is_there() {
    for schema in 1..=schema::NEWEST {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inventory.db");
        let key = left_by(schema, &path);
        let inventory = Inventory::open(&Settings::of_file(&path, key)).unwrap();
        let held = inventory.read(|view| {
            let page = view.tokens(&Filter::default(), 100)?;
            let secrets = page.tokens.iter().map(|(token, ..)| view.secret_of(token));
            let secrets = secrets.collect::<Result<Vec<_>, _>>()?;
            let incidents = view.incidents(IncidentFilter::All, 100)?;
            let events = view.events(EventId(0), None, 1_000)?;
            Ok((view.fleet()?, page.tokens, secrets, incidents, events.len()))
        });
        let (fleet, tokens, secrets, incidents, events) = held.await.unwrap();
        assert_eq!((fleet.total(), fleet.healthy, tokens.len()), (20, 20, 20));
        let opened = secrets.iter().flatten();
        let opened = opened.filter(|s| s.secret.expose().starts_with("EAA"));
        assert_eq!(opened.count(), 20);
        let ends = |end: fn(&Expiry) -> bool| {
            let facts = tokens.iter().filter_map(|(token, ..)| token.facts.as_ref());
            facts.filter(|facts| end(&facts.expires_at)).count()
        };
        assert!(ends(|end| matches!(end, Expiry::Never)) > 0);
        assert!(ends(|end| matches!(end, Expiry::At(_))) > 0);
        assert!(matches!(incidents[0].state, IncidentState::Resolved { .. }));
        assert_eq!(
            (incidents.len(), incidents[0].ever_affected, events),
            (1, 6, 67)
        );
        import(&inventory, "another", "EAA-new").await;
    }
}

#[test]
fn an_older_schema_is_copied_before_it_is_upgraded() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inventory.db");
    let key = left_by(1, &path);
    let later = [
        schema::FILES[0],
        SchemaFile {
            sqlite: "ALTER TABLE app ADD COLUMN later TEXT",
            postgres: "",
        },
    ];

    let (db, _) = open::open_with(&path, &key, &later).unwrap();
    db.prepare("SELECT later FROM app").unwrap();
    drop(db);

    let copies = std::fs::read_dir(folder.path()).unwrap();
    let copies = copies.map(|entry| entry.unwrap().path());
    let is_copy = |path: &PathBuf| path.display().to_string().contains("pre-upgrade-schema-1-");
    let copies: Vec<_> = copies.filter(is_copy).collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    let mode = std::fs::metadata(&copies[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // The version that wrote it can open the copy; the upgraded inventory is too new for it.
    let path_of_copy = copies[0].clone();
    let mut settings = Settings::of_file(&path_of_copy, key);
    Inventory::open(&settings).unwrap();
    settings.place = Place::from(path.as_path());
    let error = Inventory::open(&settings).unwrap_err();
    assert!(
        matches!(error, Error::NewerSchema { found: 2, .. }),
        "{error}"
    );
}

/// What a crashed run had in hand names tokens that may be gone.
#[tokio::test]
async fn a_token_that_is_removed_while_it_is_checked_does_not_keep_the_daemon_from_starting() {
    let bench = Bench::new();
    let inventory = bench.open();
    let gone = import(&inventory, "gone", "EAAgone").await;
    let there = import(&inventory, "there", "EAAthere").await;
    let crashed = inventory.write(move |tx| {
        tx.begin_run(now())?;
        tx.claim(&[gone, there], now(), now() + SignedDuration::from_mins(1))?;
        tx.forget(gone)
    });
    crashed.await.unwrap();
    let started = inventory.write(|tx| tx.begin_run(now()).map(drop));
    started.await.unwrap();
    let suspects = inventory.read(|view| view.suspects()).await;
    assert_eq!(suspects.unwrap(), [there]);
}

/// The first write to a new file is made with a rollback journal. The next ones go to the write-ahead log.
#[tokio::test]
async fn a_first_start_that_was_cut_off_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inventory.db");
    let db = Connection::open(&path).unwrap();
    db.pragma_update(None, "journal_mode", "wal").unwrap();
    drop(db);
    // It says that the file was empty, and was not removed before the crash.
    let mut journal = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7".to_vec();
    for number in [0_u32, 1, 0, 512, 4096] {
        journal.extend(number.to_be_bytes());
    }
    journal.resize(512, 0);
    std::fs::write(beside(&path, "-journal"), journal).unwrap();

    let settings = Settings::of_file(&path, Key::generate().unwrap());
    let inventory = Inventory::open(&settings).unwrap();
    import(&inventory, "first", "EAA-new").await;
}

#[test]
fn an_inventory_from_before_the_first_release_is_refused_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inventory.db");
    let key = left_by(1, &path);
    let db = Connection::open(&path).unwrap();
    db.pragma_update(None, "application_id", 0x5065_7265)
        .unwrap();
    drop(db);
    let before = std::fs::read(&path).unwrap();
    let settings = Settings::of_file(&path, key);
    let error = Inventory::open(&settings).unwrap_err();
    assert!(matches!(error, Error::Prerelease(_)), "{error}");
    assert!(error.to_string().contains("perennial import"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn an_end_is_known_never_or_unknown() {
    let bench = Bench::new();
    let inventory = bench.open();
    let ends = [
        Expiry::Unknown,
        Expiry::Never,
        Expiry::At(now()),
        Expiry::At(Timestamp::MAX),
    ];
    let stored = inventory.read(move |view| {
        let same = "SELECT ?1, typeof(?1)";
        let stored = ends.map(|end| {
            view.db
                .one(same, &[&end], |row| Ok((row.get(0)?, row.get(1)?)))
        });
        stored
            .into_iter()
            .collect::<Result<Vec<(Expiry, String)>, Error>>()
    });
    let stored = stored.await.unwrap();
    let types: Vec<&str> = stored.iter().map(|(_, of)| of.as_str()).collect();
    assert_eq!(types, ["null", "integer", "integer", "integer"]);
    let read: Vec<Expiry> = stored.iter().map(|(end, _)| *end).collect();
    assert_eq!(read[..3], ends[..3]);
    assert!(matches!(read[3], Expiry::At(_)));
}

#[tokio::test]
async fn what_a_login_carries_is_sealed_and_claimed_once() {
    let bench = Bench::new();
    let inventory = bench.open();
    let wanted = NewLogin {
        app: "acme".to_owned(),
        person: Some("7".to_owned()),
        token: None,
        incident: None,
        remedy: Remedy::Login,
        accepts_fewer: false,
        expires_at: now() + SignedDuration::from_hours(24),
    };
    let code = Secret::new("AQcanary0123456789");
    let handed_in = code.clone();
    let (ticket, state) = inventory
        .write(move |tx| {
            let (id, ticket) = tx.open_login(&wanted, now())?;
            let login = tx.login(id)?.unwrap();
            let state = tx.begin_attempt(&login, Some("https://x/callback"), now())?;
            let attempt = tx.attempt_of_state(&state)?.unwrap();
            tx.answer_attempt(&attempt, &handed_in, now())?;
            tx.answer_attempt(&attempt, &Secret::new("AQanother"), now())?;
            Ok((ticket, state))
        })
        .await
        .unwrap();
    let disk = bench.bytes();
    for carried in [&ticket, &state, &code] {
        let carried = carried.expose().as_bytes();
        assert!(!disk.windows(carried.len()).any(|window| window == carried));
    }
    let apps = vec!["acme".to_owned()];
    let mut taken = Vec::new();
    for _ in 0..2 {
        let apps = apps.clone();
        taken.extend(
            inventory
                .write(move |tx| tx.take_answers(&apps, now()))
                .await
                .unwrap(),
        );
    }
    assert_eq!(
        (taken.len(), &taken[0].code),
        (1, &code),
        "once, and the first"
    );
    let lost = inventory
        .write(|tx| tx.end_lost_attempts(now() + SignedDuration::from_mins(6)))
        .await;
    assert_eq!(
        lost.unwrap(),
        1,
        "a pass that was cut off loses it, and tells"
    );
}

#[tokio::test]
async fn an_email_s_link_is_the_same_until_it_is_about_to_end() {
    let bench = Bench::new();
    let inventory = bench.open();
    let token = import(&inventory, "maria", "EAA1").await;
    let incident_key = IncidentKey {
        app: "acme".to_owned(),
        cause: Cause::Expired,
        subject: "7".to_owned(),
    };
    let link_at = |days: i64| {
        let (inventory, incident_key) = (inventory.clone(), incident_key.clone());
        let at = now() + SignedDuration::from_hours(24 * days);
        async move {
            let link = inventory.write(move |tx| {
                let id = tx.join(&incident_key, &tx.token(token)?.unwrap(), now(), at)?;
                let incident = tx.incident(id)?.unwrap();
                tx.login_link_for(&incident, "https://x", at)
            });
            link.await.unwrap()
        }
    };
    let first = link_at(0).await;
    assert!(first.starts_with("https://x/login/"));
    assert_eq!(link_at(22).await, first);
    assert_ne!(link_at(24).await, first, "a week is left to act on it");
}

#[tokio::test]
async fn a_login_keeps_its_latest_clicks_alone_however_often_they_come_to_nothing() {
    let bench = Bench::new();
    let inventory = bench.open();
    let job = inventory.write(move |tx| {
        let new = NewLogin {
            app: "acme".to_owned(),
            person: None,
            token: None,
            incident: None,
            remedy: Remedy::Login,
            accepts_fewer: false,
            expires_at: now() + SignedDuration::from_hours(24),
        };
        let (id, _) = tx.open_login(&new, now())?;
        let login = tx.login(id)?.unwrap();
        for _ in 0..100 {
            let state = tx.begin_attempt(&login, Some("https://example.com/back"), now())?;
            let attempt = tx.attempt_of_state(&state)?.unwrap();
            let refused = Ending::Failed {
                why: LoginError::NotAllowed,
                code: None,
            };
            tx.end_attempt(attempt.id, &refused, now())?;
        }
        let count = "SELECT count(*) FROM login_attempt";
        let kept: i64 = tx.db.value(count, &[])?;
        Ok((kept, tx.logins_by_hand()?))
    });
    let (kept, by_hand) = job.await.unwrap();
    assert!(kept <= 20, "{kept}");
    assert_eq!(by_hand, 1);
}

/// What the engine truncates a log to.
const LOG_LIMIT: u64 = 16 << 20;

/// A long read keeps the log from being checkpointed, so it grows.
#[tokio::test]
async fn the_log_shrinks_again_after_a_big_import_and_a_long_reading() {
    let bench = Bench::new();
    let inventory = bench.open();
    import(&inventory, "first", "EAA1").await;
    let log = bench.folder.path().join("inventory.db-wal");
    let length = || log.metadata().unwrap().len();
    let reader = Connection::open(bench.path()).unwrap();
    let begin = "BEGIN; SELECT count(*) FROM token;";
    reader.execute_batch(begin).unwrap();
    for n in 0..48 {
        note_a_mebibyte(&inventory, n).await;
    }
    assert!(length() > 2 * LOG_LIMIT, "{}", length());
    reader.execute_batch("COMMIT").unwrap();
    inventory.probe().await.unwrap();
    inventory.probe().await.unwrap();
    assert!(length() <= LOG_LIMIT, "{}", length());
}

/// Longer than any real event, because the journal cuts long texts.
async fn note_a_mebibyte(inventory: &Inventory, n: usize) {
    let much = serde_json::json!({ "much": format!("{n}").repeat(1 << 20) }).to_string();
    inventory
        .write(move |tx| {
            let note = "INSERT INTO event (at, kind, detail) VALUES (?1, 'checked', ?2)";
            tx.db.run(note, &[&now(), &much])
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn events_that_cannot_be_recorded_now_are_recorded_later_in_order_and_once() {
    let bench = Arc::new(Bench::new());
    let inventory = bench.open();
    let held = bench.hold_lock();
    for n in 0..3 {
        let event = Event::JournalGap { events: n };
        inventory.record_or_keep(event.into(), now()).await;
    }
    held.release();
    inventory.probe().await.unwrap();
    let events = inventory.read(|view| view.events(EventId(0), None, 100));
    let events = events.await.unwrap();
    let kept: Vec<Event> = events.into_iter().map(|record| record.event).collect();
    assert_eq!(kept, [0, 1, 2].map(|events| Event::JournalGap { events }));
    assert_eq!(inventory.write_error(), None);
}

#[tokio::test]
async fn a_transaction_that_cannot_begin_says_so_and_why() {
    let bench = Arc::new(Bench::new());
    let inventory = bench.open();
    let held = bench.hold_lock();
    let failed = inventory.write(|_| Ok(())).await.unwrap_err();
    assert_eq!(
        failed.write_error_kind(),
        Some(WriteErrorKind::Locked),
        "{failed}"
    );
    let fault = inventory.write_error().map(|why| why.kind);
    assert_eq!(fault, Some(WriteErrorKind::Locked));
    held.release();
    inventory.probe().await.unwrap();
    assert_eq!(inventory.write_error(), None);
}

/// SQLite itself ends the transaction when the disk is full.
#[tokio::test]
async fn a_job_that_finds_no_room_leaves_nothing_of_its_neighbours_half_saved() {
    let bench = Bench::new();
    let inventory = bench.open();
    inventory
        .write(|tx| {
            let pages: u32 = tx.db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            Ok(tx.db.pragma_update(None, "max_page_count", pages + 20)?)
        })
        .await
        .unwrap_or_default();
    let jobs: Vec<_> = (0..40)
        .map(|n| {
            let inventory = inventory.clone();
            let size = if n == 20 { 1 << 20 } else { 1 };
            let path = "x".repeat(size);
            let event = NewEvent::from(Event::BackedUp { path });
            tokio::spawn(async move {
                inventory
                    .write(move |tx| tx.record_event(&event, now()).map(drop))
                    .await
            })
        })
        .collect();
    let mut saved = 0;
    for job in jobs {
        match job.await.unwrap() {
            Ok(()) => saved += 1,
            Err(error) => assert!(error.is_full_disk(), "{error}"),
        }
    }
    let events = inventory.read(|view| view.events(EventId(0), None, 100));
    assert_eq!(events.await.unwrap().len(), saved);
}

#[tokio::test]
async fn who_stops_waiting_for_an_answer_takes_no_reader_from_others() {
    let bench = Bench::new();
    let inventory = bench.open();
    let mut held = Vec::new();
    for _ in 0..READERS {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let inventory = inventory.clone();
        let asked = tokio::spawn(async move {
            let question = move |_: &View<'_>| {
                let _ = begin.send(());
                let _ = released.recv();
                Ok(())
            };
            inventory.read(question).await
        });
        begun.await.unwrap();
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        held.push(release);
    }
    let next = tokio::spawn(async move { inventory.read(|view| view.fleet()).await });
    while !next.is_finished() && !held.is_empty() {
        tokio::task::yield_now().await;
        held.pop();
    }
    assert_eq!(next.await.unwrap().unwrap().total(), 0);
}

#[tokio::test]
async fn the_work_of_readers_and_writer_is_counted_together() {
    let bench = Bench::new();
    let inventory = bench.open();
    let before = inventory.work();
    inventory.write(|_| Ok(())).await.unwrap();
    let around_a_job = inventory.work().statements - before.statements;
    assert_eq!(around_a_job, 5, "begin, commit, and the figures");

    let before = inventory.work();
    let thrice = inventory.read(|view| {
        let mut echo = view
            .db
            .prepared("SELECT CAST(?1 AS BIGINT) WHERE CAST(?1 AS BIGINT) > 0")?;
        let mut run = |n: u32| echo.maybe(&[&n], |row| row.get::<u32>(0));
        Ok([run(0)?, run(1)?, run(2)?])
    });
    assert_eq!(thrice.await.unwrap(), [None, Some(1), Some(2)]);
    let after = inventory.work();
    let (statements, rows) = (
        after.statements - before.statements,
        after.rows - before.rows,
    );
    assert_eq!((statements, rows), (3, 2));
    assert!(bench.is_on_server() || after.steps > before.steps);
}
