//! The figures are what one would count, whatever happens to the tables.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::inventory::engine::ToColumn;
use crate::inventory::tests::{Bench, import};
use crate::inventory::{Error, Inventory, Tx, View};
use crate::model::{
    AppRecord, Deadline, DeliveryCounts, EmailProgress, EmailResult, Event, Figures, Fleet,
    IncidentCounts, Kind, NewEvent, Outcome, Recorded, State,
};

const CHANGES: [&str; 25] = [
    "INSERT INTO incident (app, incident_cause, cause, subject, opened_at)
     VALUES ('acme', 'expired', 'expired', ?3, 1)",
    "UPDATE incident SET acknowledged_until = 9 WHERE id = ?1",
    "UPDATE incident SET acknowledged_until = NULL WHERE id = ?1",
    "UPDATE incident SET resolved_at = 9 WHERE id = ?1",
    "UPDATE incident SET resolved_at = NULL WHERE id = ?1",
    "DELETE FROM incident WHERE id = ?1",
    "INSERT INTO email (incident, message_id, recipients, subject, created_at, next_try_at)
     VALUES ((SELECT id FROM incident WHERE id = ?1), ?3, '[]', '', ?2, ?2)",
    "INSERT INTO email (incident, message_id, recipients, subject, created_at, next_try_at)
     VALUES (NULL, ?3, '[]', '', ?2, ?2)",
    "UPDATE email SET next_try_at = NULL, sent_at = ?2 WHERE id = ?1",
    "UPDATE email SET next_try_at = NULL, sent_at = ?2, undelivered_at = ?2, last_error = ?3
     WHERE id = ?1",
    "UPDATE email SET last_error = ?3 WHERE id = ?1",
    "UPDATE email SET undelivered_at = ?2 WHERE id = ?1",
    "UPDATE email SET delivered_to = '[\"ada@example.com\"]' WHERE id = ?1",
    "DELETE FROM email WHERE id = ?1",
    "UPDATE token SET state = 'dead' WHERE id = ?1",
    "UPDATE token SET state = 'failing' WHERE id = ?1",
    "UPDATE token SET state = 'healthy', kind = 'page' WHERE id = ?1",
    "UPDATE token SET state = 'healthy', kind = 'user' WHERE id = ?1",
    "UPDATE token SET state = 'healthy' WHERE id = ?1",
    "UPDATE schedule SET deadline = ?2 WHERE token = ?1",
    "DELETE FROM token WHERE id = ?1 AND id % 3 = 0",
    "INSERT INTO delivery (token, sink, version, created_at) SELECT id, 'bot', ?2, ?2 FROM token WHERE id = ?1",
    "UPDATE delivery SET state = 'failed' WHERE id = ?1",
    "UPDATE delivery SET state = 'delivered' WHERE id = ?1",
    "UPDATE delivery SET state = 'pending' WHERE id = ?1",
];

impl Tx<'_> {
    fn change(&self, chance: &mut StdRng, number: i64) -> Result<(), Error> {
        let change = CHANGES[chance.random_range(0..CHANGES.len())];
        let id: i64 = chance.random_range(1..20);
        let text = number.to_string();
        // The values that it names, under numbers without a gap.
        let all: [(&str, &dyn ToColumn); 3] = [("?1", &id), ("?2", &number), ("?3", &text)];
        let mut sql = change.to_owned();
        let mut values: Vec<&dyn ToColumn> = Vec::new();
        for (name, value) in all.into_iter().filter(|(name, _)| change.contains(name)) {
            values.push(value);
            sql = sql.replace(name, &format!("?{}", values.len()));
        }
        self.db.run(&sql, &values)
    }
}

impl View<'_> {
    /// Counts every row, and trusts nothing that was kept.
    fn counted(&self) -> Result<Figures, Error> {
        let count = |table: &str, condition: &str| {
            let count = format!("SELECT count(*) FROM {table} WHERE {condition}");
            self.db.value::<u64>(&count, &[])
        };
        let in_state = |state: &str| count("token", &format!("state = '{state}'"));
        let mut tokens = self.token_totals()?;
        for total in &mut tokens {
            let kind = total.kind.map_or("", Kind::as_str);
            let is_of_kind = match total.state {
                State::Unverified => String::new(),
                _ => format!("AND coalesce(kind, '') = '{kind}'"),
            };
            let (app, state) = (&total.app, total.state);
            let condition = format!("app = '{app}' AND state = '{state}' {is_of_kind}");
            total.tokens = count("token", &condition)?;
        }
        let next_deadline = self.db.maybe(
            "SELECT name, deadline FROM token JOIN schedule ON token = id
             WHERE deadline IS NOT NULL ORDER BY deadline",
            &[],
            |row| {
                Ok(Deadline {
                    token: row.get(0)?,
                    at: row.get(1)?,
                })
            },
        )?;
        Ok(Figures {
            fleet: Fleet {
                unverified: in_state("unverified")?,
                healthy: in_state("healthy")?,
                failing: in_state("failing")?,
                dead: in_state("dead")?,
                ..Fleet::default()
            },
            tokens,
            incidents: IncidentCounts {
                open: count("incident", "resolved_at IS NULL")?,
                unacknowledged: count(
                    "incident",
                    "resolved_at IS NULL AND acknowledged_until IS NULL",
                )?,
            },
            mail: self.mail_queue()?,
            next_deadline,
            deliveries: DeliveryCounts {
                pending: count("delivery", "state = 'pending'")?,
                failed: count("delivery", "state = 'failed'")?,
            },
            outdated: None,
        })
    }
}

async fn counted(inventory: &Inventory) -> Figures {
    inventory.read(|view| view.counted()).await.unwrap()
}

#[tokio::test]
async fn the_figures_are_what_one_would_count_after_any_changes() {
    let bench = Bench::new();
    let mut inventory = bench.open();
    let mut chance = StdRng::seed_from_u64(7);
    let mut seen = [false; 7];
    for round in 0..300 {
        if round % 30 == 0 {
            import(&inventory, &format!("t-{round}"), &format!("EAA{round}")).await;
        }
        let seed = chance.random();
        let write = inventory.write(move |tx| {
            let mut chance = StdRng::seed_from_u64(seed);
            let times = chance.random_range(1..4);
            (0..times).try_for_each(|n| tx.change(&mut chance, round * 10 + n))
        });
        write.await.unwrap();
        let figures = inventory.figures();
        assert_eq!(*figures, counted(&inventory).await, "round {round}");
        for (ever, now) in seen.iter_mut().zip(in_use(&figures)) {
            *ever |= now;
        }
        if round % 100 == 0 {
            drop(inventory);
            inventory = bench.open();
            assert_eq!(inventory.figures(), figures);
        }
    }
    assert_eq!(seen, [true; 7]);
}

/// Whether each figure says anything.
fn in_use(figures: &Figures) -> [bool; 7] {
    [
        figures.fleet.total() > 0,
        figures.incidents.open > 0,
        figures.mail.queued > 0,
        figures.mail.undelivered > 0,
        figures.next_deadline.is_some(),
        figures.deliveries.pending > 0,
        figures.deliveries.failed > 0,
    ]
}

/// SQLite would make ready to undo each statement that fires such a trigger: it would copy every page before the change.
#[tokio::test]
async fn no_trigger_has_an_upsert() {
    let bench = Bench::new();
    let inventory = bench.open();
    let upserts = inventory.read(|view| {
        let named =
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND sql LIKE '%DO UPDATE%'";
        view.db.values::<String, Vec<_>>(named, &[])
    });
    assert_eq!(upserts.await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_change_that_is_undone_is_in_no_figure() {
    let bench = Bench::new();
    let inventory = bench.open();
    let write = inventory.write(|tx| {
        tx.db.run(CHANGES[7], &[&None::<i64>, &"1"])?;
        Err::<(), _>(Error::Closed)
    });
    write.await.unwrap_err();
    assert_eq!(*inventory.figures(), Figures::default());
}

#[tokio::test]
async fn only_what_is_committed_is_counted() {
    let bench = Bench::new();
    let inventory = bench.open();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let record = |succeeds: bool| {
        inventory.write(move |tx| {
            let outcome = Outcome::Renewed;
            let rotated = Event::Rotated {
                outcome,
                expires_at: None,
            };
            tx.record_event(&NewEvent::of_app("acme", rotated), now)?;
            tx.record_event(&Event::EmailSent(EmailProgress::default()).into(), now)?;
            let app = AppRecord {
                name: "acme".to_owned(),
                ..AppRecord::default()
            };
            tx.store_app(&app, 3, now)?;
            tx.record_unchanged("acme", &[])?;
            if succeeds { Ok(()) } else { Err(Error::Closed) }
        })
    };
    record(true).await.unwrap();
    record(false).await.unwrap_err();
    record(true).await.unwrap();
    let mut expected = Recorded::default();
    expected.add_calls("acme", 6);
    expected.add_checks("acme", 0);
    let renewals = ("acme".to_owned(), Outcome::Renewed);
    expected.renewals.insert(renewals, 2);
    expected.emails.insert(EmailResult::Sent, 2);
    assert_eq!(inventory.recorded(), expected);
}

#[tokio::test]
async fn a_fault_in_reading_the_figures_costs_no_job_its_result_and_is_shown() {
    let bench = Bench::new();
    let inventory = bench.open();
    import(&inventory, "first", "EAAone").await;
    let move_away = inventory.write(|tx| tx.db.script("ALTER TABLE totals RENAME TO moved"));
    move_away.await.unwrap();
    let figures = inventory.figures();
    assert!(figures.outdated.is_some());
    assert_eq!(figures.fleet.total(), 1);

    let move_back = inventory.write(|tx| tx.db.script("ALTER TABLE moved RENAME TO totals"));
    move_back.await.unwrap();
    import(&inventory, "second", "EAAtwo").await;
    assert_eq!(*inventory.figures(), counted(&inventory).await);
}
