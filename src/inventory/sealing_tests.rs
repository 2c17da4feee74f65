//! Tests of what is sealed, and of what it is bound to.

use jiff::SignedDuration;
use rusqlite::Connection;

use super::tests::{Bench, import, now};
use super::*;
use crate::model::{Attempt, Email, EmailId, LoginId, NewEmail, NewLogin, Remedy, Scopes};
use crate::secret::{Secret, data_key_of};

fn holds(disk: &[u8], text: &str) -> bool {
    disk.windows(text.len())
        .any(|window| window == text.as_bytes())
}

fn email(link: &str) -> NewEmail {
    NewEmail {
        incident: None,
        message_id: "incident-1.1@example.com".to_owned(),
        in_reply_to: None,
        recipients: vec!["maria@example.com".to_owned()],
        subject: "Log in to Facebook again".to_owned(),
        text: format!("Log in: {link}"),
        html: format!("<a href=\"{link}\">Log in</a>"),
    }
}

fn login() -> NewLogin {
    NewLogin {
        app: "acme".to_owned(),
        person: Some("7".to_owned()),
        token: None,
        incident: None,
        remedy: Remedy::Login,
        accepts_fewer: false,
        expires_at: now() + SignedDuration::from_hours(24),
    }
}

/// Puts an email with a login link into the outbox. Returns the link.
async fn write_email(inventory: &Inventory) -> String {
    let written = inventory.write(|tx| {
        let (_, link) = tx.open_login_for_operator(&login(), "https://x", "root", now())?;
        tx.enqueue_email(&email(&link), now())?;
        Ok(link)
    });
    written.await.unwrap()
}

async fn waiting(inventory: &Inventory) -> Vec<Email> {
    let waiting = inventory.read(|view| view.emails_to_send(now(), 9));
    waiting.await.unwrap()
}

async fn reads(inventory: &Inventory, name: &'static str) -> Result<Secret, Error> {
    let reading = inventory.read(move |view| {
        let token = view.token_named(name)?.ok_or(Error::Closed)?;
        view.secret_of(&token)
    });
    Ok(reading.await?.ok_or(Error::Closed)?.secret)
}

#[tokio::test]
async fn a_login_link_in_a_stored_email_does_not_stand_in_the_open() {
    let bench = Bench::new();
    let inventory = bench.open();
    let link = write_email(&inventory).await;
    let ticket = link.rsplit('/').next().unwrap();
    assert!(!holds(&bench.bytes(), ticket), "while it waits");

    let email = waiting(&inventory).await.remove(0);
    assert!(email.email.text.contains(ticket) && email.email.html.contains(ticket));
    let sent =
        inventory.write(move |tx| tx.record_send_attempt(&email, &Attempt::default(), now()));
    sent.await.unwrap();
    assert!(waiting(&inventory).await.is_empty());
    assert!(!holds(&bench.bytes(), ticket), "once it was sent");

    if !bench.is_on_server() {
        let copy = bench.path().with_extension("copy");
        super::copy(&bench.path(), &copy).unwrap();
        assert!(!holds(&std::fs::read(copy).unwrap(), ticket), "in a copy");
    }
    drop(inventory);
    assert!(!holds(&bench.bytes(), ticket), "after the daemon stopped");
}

#[tokio::test]
async fn an_email_that_does_not_open_holds_up_no_other() {
    let bench = Bench::new();
    let inventory = bench.open();
    let written = inventory.write(|tx| {
        for number in 0..3 {
            let message_id = format!("{number}@example.com");
            let email = NewEmail {
                message_id,
                ..email("https://x/login/1")
            };
            tx.enqueue_email(&email, now())?;
        }
        // The body of another email.
        let other = "UPDATE email SET text = (SELECT text FROM email WHERE id = 2) WHERE id = 1";
        tx.db.script(other)
    });
    written.await.unwrap();
    let one = inventory.read(|view| view.emails_to_send(now(), 1));
    assert_eq!(one.await.unwrap()[0].id, EmailId(2));
    assert_eq!(waiting(&inventory).await.len(), 2);
}

#[tokio::test]
async fn swapped_names_do_not_hand_out_the_other_token() {
    let bench = Bench::new();
    let inventory = bench.open();
    import(&inventory, "maria", "EAA1").await;
    import(&inventory, "thief", "EAA2").await;
    assert_eq!(
        reads(&inventory, "thief").await.unwrap(),
        Secret::new("EAA2")
    );
    drop(inventory);
    let swap = "UPDATE token SET name = 'x' WHERE name = 'maria';
         UPDATE token SET name = 'maria' WHERE name = 'thief';
         UPDATE token SET name = 'thief' WHERE name = 'x';";
    bench.outside(|db| db.script(swap)).unwrap();
    let inventory = bench.open();
    for name in ["maria", "thief"] {
        let read = reads(&inventory, name).await;
        assert!(matches!(read, Err(Error::Unsealable(of)) if of == name));
    }
}

#[tokio::test]
async fn a_token_of_another_app_does_not_open() {
    let bench = Bench::new();
    let inventory = bench.open();
    import(&inventory, "maria", "EAA1").await;
    drop(inventory);
    let other = "UPDATE token SET app = 'other'";
    bench.outside(|db| db.script(other)).unwrap();
    let read = reads(&bench.open(), "maria").await;
    assert!(matches!(read, Err(Error::Unsealable(_))));
}

/// The ids of the data keys at the beginning of any cell of any table.
fn keys_in_use(db: &Connection) -> Vec<u32> {
    let mut columns = db
        .prepare(
            "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c
             WHERE m.type = 'table' AND c.type = 'BLOB' AND c.name NOT LIKE '%digest' AND m.name NOT LIKE '%_key'",
        )
        .unwrap();
    let columns = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let columns: Vec<(String, String)> = columns.unwrap().collect::<Result<_, _>>().unwrap();
    assert!(columns.len() >= 6, "{columns:?}");
    let mut keys = Vec::new();
    for (table, column) in columns {
        let sql = format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL");
        let mut cells = db.prepare(&sql).unwrap();
        let cells = cells.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        let cells: Vec<_> = cells.collect::<Result<_, _>>().unwrap();
        assert!(!cells.is_empty(), "{table}.{column} is not tried");
        keys.extend(cells.iter().map(|cell| data_key_of(cell).unwrap()));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Fills every sealed column. Returns the login link.
async fn fill(inventory: &Inventory) -> String {
    for (name, secret) in [("maria", "EAA1"), ("paul", "EAA2")] {
        import(inventory, name, secret).await;
    }
    let link = write_email(inventory).await;
    let answered = inventory.write(|tx| {
        let login = tx.login(LoginId(1))?.ok_or(Error::Closed)?;
        let state = tx.begin_attempt(&login, Some("https://x/callback"), now())?;
        let attempt = tx.attempt_of_state(&state)?.ok_or(Error::Closed)?;
        tx.answer_attempt(&attempt, &Secret::new("AQcode"), now())?;
        tx.name_calendar("acme", "7", "https://x")?;
        let token = tx.token_named("maria")?.ok_or(Error::Closed)?;
        tx.store_candidate(&token, &Secret::new("EAA3"), now())
    });
    answered.await.unwrap();
    link
}

#[tokio::test]
async fn renewed_data_keys_seal_every_cell_and_the_former_is_gone() {
    let bench = Bench::new();
    let inventory = bench.open();
    let link = fill(&inventory).await;
    drop(inventory);
    let settings = bench.settings();
    let db = || Connection::open(bench.path()).unwrap();
    let before = keys_in_use(&db());
    let address = calendar_address(&bench).await;

    for _ in 0..2 {
        let rekeying = Rekeying::begin(&settings.place, &settings.key).unwrap();
        let renewed = rekeying.renew_data_keys(&settings.key).unwrap();
        assert_eq!(renewed, RenewedKeys::All);
    }
    let after = keys_in_use(&db());
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_ne!(before, after);
    let sealing = "SELECT count(*) FROM data_key WHERE purpose = 'seal'";
    let sealing: u32 = db().query_row(sealing, [], |row| row.get(0)).unwrap();
    assert_eq!(sealing, 1);

    let inventory = bench.open();
    assert_eq!(
        reads(&inventory, "maria").await.unwrap(),
        Secret::new("EAA1")
    );
    assert!(waiting(&inventory).await[0].email.text.contains(&link));
    drop(inventory);
    assert_eq!(calendar_address(&bench).await, address);
    let inventory = bench.open();
    let known = import_again(&inventory).await;
    assert!(matches!(known, Imported::Known { .. }), "{known:?}");
    let kept = inventory.write(|tx| {
        let ticket = tx.login_ticket_of(LoginId(1))?.ok_or(Error::Closed)?;
        let taken = tx.take_answers(&["acme".to_owned()], now())?;
        Ok((tx.login_of_ticket(&ticket)?.is_some(), taken))
    });
    let (is_known, taken) = kept.await.unwrap();
    assert!(is_known);
    assert_eq!(taken[0].code, Secret::new("AQcode"));
}

async fn calendar_address(bench: &Bench) -> String {
    let inventory = bench.open();
    let address = inventory.read(|view| {
        let address = view.calendar_address("acme", "7", "https://x")?;
        let address = address.ok_or(Error::Closed)?;
        let ticket = address.rsplit('/').next().unwrap_or_default();
        let ticket = Secret::new(ticket.trim_end_matches(".ics"));
        let found = view.calendar_of_ticket(&ticket)?.ok_or(Error::Closed)?;
        assert_eq!((&*found.app, &*found.person), ("acme", "7"));
        Ok(address)
    });
    address.await.unwrap()
}

async fn import_again(inventory: &Inventory) -> Imported {
    let new = NewToken {
        app: "acme".to_owned(),
        name: None,
        secret: Secret::new("EAA1"),
        owners: Vec::new(),
        required_scopes: Scopes::default(),
        parent: None,
        subject_name: None,
    };
    let imported = inventory.write(move |tx| tx.import(&new, now()));
    imported.await.unwrap()
}

#[tokio::test]
async fn what_does_not_open_keeps_its_data_key_and_nothing_else() {
    let bench = Bench::new();
    let inventory = bench.open();
    fill(&inventory).await;
    drop(inventory);
    let settings = bench.settings();
    let db = Connection::open(bench.path()).unwrap();
    db.execute("UPDATE token SET name = 'other' WHERE name = 'paul'", [])
        .unwrap();
    drop(db);
    let rekeying = Rekeying::begin(&settings.place, &settings.key).unwrap();
    let renewed = rekeying.renew_data_keys(&settings.key).unwrap();
    assert_eq!(renewed, RenewedKeys::SomeStay);
    drop(rekeying);

    let inventory = bench.open();
    assert_eq!(
        reads(&inventory, "maria").await.unwrap(),
        Secret::new("EAA1")
    );
    drop(inventory);
    let db = Connection::open(bench.path()).unwrap();
    db.execute("UPDATE token SET name = 'paul' WHERE name = 'other'", [])
        .unwrap();
    drop(db);
    assert_eq!(
        reads(&bench.open(), "paul").await.unwrap(),
        Secret::new("EAA2"),
        "put right, it opens"
    );
}
