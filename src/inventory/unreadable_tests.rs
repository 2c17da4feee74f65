//! Tests of records with values that no version writes, as a broken disk leaves them.

use jiff::{SignedDuration, Timestamp};
use rusqlite::types::Value;

use super::tests::{Bench, claim, email, import, now};
use super::*;
use crate::model::{Cause, IncidentFilter, IncidentKey, NewEmail, OrderKind, TokenId};
use crate::secret::Key;

fn spoil(bench: &Bench, sql: &str) {
    bench.outside(|db| db.script(sql).unwrap());
}

async fn names_of_page(
    inventory: &Inventory,
    after: Option<String>,
) -> (Vec<String>, Option<String>) {
    let filter = Filter {
        after: After::Name(after),
        ..Filter::default()
    };
    let page = inventory.read(move |view| view.tokens(&filter, 1));
    let page = page.await.unwrap();
    let names = page.tokens.into_iter().map(|(token, ..)| token.name);
    (names.collect(), page.next)
}

#[tokio::test]
async fn a_token_that_cannot_be_read_keeps_no_other_from_being_checked_or_listed() {
    let bench = Bench::new();
    let inventory = bench.open();
    for name in ["anna", "bella", "carla"] {
        import(&inventory, name, &format!("EAA{name}")).await;
    }
    spoil(
        &bench,
        "UPDATE token SET owners = 'nobody' WHERE name = 'bella'",
    );

    let claimed = claim(&inventory, now()).await;
    let names: Vec<_> = claimed
        .iter()
        .map(|claimed| claimed.token.name.as_str())
        .collect();
    assert_eq!(names, ["anna", "carla"]);

    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let (names, next) = names_of_page(&inventory, after).await;
        listed.extend(names);
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, ["anna", "carla"]);

    let read = inventory.read(|view| view.token_named("bella"));
    let error = read.await.unwrap_err().to_string();
    assert!(
        error.contains("\"nobody\" in column 13 of token bella"),
        "{error}"
    );
}

#[tokio::test]
async fn an_order_that_cannot_be_read_keeps_no_token_from_being_checked() {
    let bench = Bench::new();
    let inventory = bench.open();
    for name in ["anna", "bella"] {
        import(&inventory, name, &format!("EAA{name}")).await;
        let ordered = inventory.write(move |tx| {
            let token = tx.token_named(name)?.ok_or(Error::Closed)?;
            tx.order(&token, OrderKind::Check, "a test", now())
        });
        ordered.await.unwrap();
    }
    spoil(
        &bench,
        "UPDATE token_order SET action = 'dance' WHERE token = 2",
    );

    let orders = claim(&inventory, now()).await;
    let orders: Vec<_> = orders
        .iter()
        .map(|claimed| claimed.pending_order.is_some())
        .collect();
    assert_eq!(orders, [true, false]);
}

#[tokio::test]
async fn an_incident_that_cannot_be_read_hides_no_other() {
    let bench = Bench::new();
    let inventory = bench.open();
    let open = |subject: &str, at: Timestamp| {
        let cause = Cause::PasswordChanged;
        let subject = subject.to_owned();
        let app = "acme".to_owned();
        let key = IncidentKey {
            app,
            cause,
            subject,
        };
        inventory.write(move |tx| tx.open_incident(&key, (cause, at), at, at))
    };
    open("1", now()).await.unwrap();
    let readable = open("2", now()).await.unwrap();
    spoil(
        &bench,
        "UPDATE incident SET cause = 'boredom' WHERE subject = '1'",
    );

    let read = inventory.read(|view| {
        let to_review = view.incidents_to_review(now(), 9)?;
        Ok((to_review, view.incidents(IncidentFilter::Open, 9)?))
    });
    let (to_review, listed) = read.await.unwrap();
    assert!(to_review.iter().map(|incident| incident.id).eq([readable]));
    assert!(listed.iter().map(|incident| incident.id).eq([readable]));
}

#[tokio::test]
async fn an_email_that_cannot_be_read_holds_up_no_other() {
    let bench = Bench::new();
    let inventory = bench.open();
    for id in ["1@example.com", "2@example.com"] {
        let email = NewEmail {
            message_id: id.to_owned(),
            ..email()
        };
        let written = inventory.write(move |tx| tx.enqueue_email(&email, now()));
        written.await.unwrap();
    }
    spoil(
        &bench,
        "UPDATE email SET recipients = 'everybody' WHERE message_id = '1@example.com'",
    );

    let waiting = inventory
        .read(|view| view.emails_to_send(now(), 1))
        .await
        .unwrap();
    assert!(
        waiting
            .iter()
            .map(|email| &*email.email.message_id)
            .eq(["2@example.com"])
    );
}

#[tokio::test]
async fn an_altered_data_key_is_not_taken_for_another_key_of_the_operator() {
    let bench = Bench::new();
    drop(bench.open());
    spoil(
        &bench,
        "UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key other WHERE other.id <> data_key.id)",
    );
    let error = Inventory::open(&bench.settings()).unwrap_err().to_string();
    assert!(error.contains("an altered data key"), "{error}");
    assert!(error.contains("perennial restore"), "{error}");
}

const SCRIPT: &str = include_str!("../../tests/fixtures/inventory/0001.sql");

/// Every column of the tables that have rows, with values that no version writes there.
fn odd_values(db: &rusqlite::Connection) -> Vec<(String, String, Value)> {
    let columns = "SELECT t.name, c.name, c.type FROM sqlite_master t, pragma_table_info(t.name) c
        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'";
    let mut columns = db.prepare(columns).unwrap();
    let columns = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let values = |kind: &str| match kind {
        "TEXT" => vec![Value::Text("odd".into())],
        "BLOB" => vec![Value::Blob(Vec::new())],
        _ => [i64::MIN, i64::MAX].map(Value::Integer).to_vec(),
    };
    let odd = columns.unwrap().flat_map(|column| {
        let (table, column, kind): (String, String, String) = column.unwrap();
        let values = values(&kind).into_iter();
        values.map(move |value| (table.clone(), column.clone(), value))
    });
    odd.collect()
}

/// Changes a value of the first row behind the back of constraints and triggers, as a disk does. False if there is no row,
/// or an index notices.
fn put(db: &rusqlite::Connection, table: &str, column: &str, value: &Value) -> bool {
    let texts = |sql: &str| -> Vec<String> {
        let mut found = db.prepare(sql).unwrap();
        let found = found.query_map([], |row| row.get(0)).unwrap();
        found.map(Result::unwrap).collect()
    };
    db.execute_batch(
        "PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; BEGIN",
    )
    .unwrap();
    let triggers = texts("SELECT sql FROM sqlite_master WHERE type = 'trigger'");
    for name in texts("SELECT name FROM sqlite_master WHERE type = 'trigger'") {
        db.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    let key = texts(&format!(
        "SELECT name FROM pragma_table_info('{table}') WHERE pk > 0"
    ));
    let of_first = key
        .iter()
        .map(|key| format!("{key} IS (SELECT {key} FROM {table} LIMIT 1)"));
    let first = of_first
        .chain(["TRUE".to_owned()])
        .collect::<Vec<_>>()
        .join(" AND ");
    let changed = db.execute(
        &format!("UPDATE {table} SET {column} = ?1 WHERE {first}"),
        [value],
    );
    triggers
        .iter()
        .for_each(|trigger| db.execute_batch(trigger).unwrap());
    db.execute_batch("COMMIT").unwrap();
    changed.is_ok_and(|rows| rows > 0)
}

/// How many records of each kind can be worked on.
async fn workable(inventory: &Inventory) -> Result<[usize; 5], Error> {
    let later = now() + SignedDuration::from_hours(24 * 365);
    let due = inventory
        .read(move |view| view.due("acme", later, 1000))
        .await?;
    let due: Vec<TokenId> = due.iter().map(|due| due.token).collect();
    let claim = inventory
        .write(move |tx| tx.claim(&due, later, later))
        .await?;
    let read = inventory.read(move |view| {
        Ok([
            view.tokens(&Filter::default(), 1000)?.tokens.len(),
            view.incidents(IncidentFilter::All, 1000)?.len(),
            view.incidents_to_review(later, 1000)?.len(),
            view.emails_to_send(later, 1000)?.len(),
        ])
    });
    let [tokens, incidents, to_review, emails] = read.await?;
    Ok([
        claim.known.len() + claim.tokens.len(),
        tokens,
        incidents,
        to_review,
        emails,
    ])
}

#[tokio::test]
async fn an_odd_value_anywhere_costs_one_record_or_is_called_damage() {
    let folder = tempfile::tempdir().unwrap();
    let key = SCRIPT
        .lines()
        .find_map(|line| line.strip_prefix("-- key: "))
        .unwrap();
    let open = |name: &str| {
        let key = Key::read(key.as_bytes()).unwrap();
        Inventory::open(&Settings::of_file(&folder.path().join(name), key))
    };
    let base = folder.path().join("base.db");
    rusqlite::Connection::open(&base)
        .unwrap()
        .execute_batch(SCRIPT)
        .unwrap();
    let bytes = std::fs::read(&base).unwrap();
    let whole = workable(&open("base.db").unwrap()).await.unwrap();
    let mut opened = 0;
    for (number, (table, column, value)) in odd_values(&rusqlite::Connection::open(&base).unwrap())
        .into_iter()
        .enumerate()
    {
        let name = format!("{number}.db");
        let path = folder.path().join(&name);
        std::fs::write(&path, &bytes).unwrap();
        if !put(
            &rusqlite::Connection::open(&path).unwrap(),
            &table,
            &column,
            &value,
        ) {
            continue;
        }
        let odd = format!("{table}.{column} = {value:?}");
        match open(&name) {
            Ok(inventory) => {
                let left = workable(&inventory)
                    .await
                    .unwrap_or_else(|error| panic!("{odd}: {error}"));
                let lost = whole
                    .iter()
                    .zip(left)
                    .all(|(whole, left)| left + 1 >= *whole);
                assert!(lost, "{odd}: {left:?} of {whole:?}");
                opened += 1;
            }
            Err(Error::Damaged { .. } | Error::WrongKey { .. }) => {}
            Err(error) => panic!("{odd}: {error}"),
        }
        std::fs::remove_file(&path).unwrap();
    }
    assert!(opened > 150, "{opened}");
}
