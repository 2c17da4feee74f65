//! The floor: the least that a program must do for a token with the same crates. It reads sealed tokens, opens them,
//! asks Meta about fifty in a call, parses each answer, and stores it durably. It decides nothing and schedules nothing.

use std::borrow::Cow;
use std::path::Path;

use form_urlencoded::Serializer;
use futures_util::{StreamExt, TryStreamExt, stream};
use perennial::http_client;
use perennial::secret::{Cell, DataKey, Purpose, Sealer, Secret};
use reqwest::header::CONTENT_TYPE;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};
use serde::Deserialize;

use super::Result;
use super::child;
use super::figures::Work;
use super::library::tokens_in;
use super::meta::{APP, APP_SECRET};
use super::process::Stopwatch;

const TOKENS_AT_A_TIME: usize = 2_500;
const TOKENS_PER_CALL: usize = 50;
const CALLS_AT_A_TIME: usize = 8;

const SCHEMA: &str = "
    CREATE TABLE token (
        id                     INTEGER PRIMARY KEY,
        secret                 BLOB    NOT NULL,
        is_valid               INTEGER,
        kind                   TEXT,
        person                 TEXT,
        page                   TEXT,
        expires_at             INTEGER,
        data_access_expires_at INTEGER,
        scopes                 TEXT
    ) STRICT;";

/// Those of the inventory.
const PRAGMAS: &str = "
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
    PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8000;
    PRAGMA temp_store = MEMORY;";

struct Floor {
    db: Connection,
    sealer: Sealer,
    http: reqwest::Client,
    url: String,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    body: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Facts<'a>,
}

#[derive(Deserialize)]
struct Facts<'a> {
    is_valid: bool,
    #[serde(rename = "type")]
    kind: &'a str,
    user_id: &'a str,
    profile_id: Option<&'a str>,
    expires_at: i64,
    data_access_expires_at: i64,
    #[serde(borrow)]
    scopes: Vec<&'a str>,
}

pub fn serve(url: &str, file: &Path, database: &Path) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let floor = Floor::open(url, database)?;
    child::serve(|what| {
        let stopwatch = Stopwatch::start()?;
        if what == "fill" {
            floor.fill(file)?;
        }
        let tokens = runtime.block_on(floor.pass())?;
        Ok(serde_json::to_value(
            stopwatch.stop(tokens, Work::default())?,
        )?)
    })
}

const fn cell(id: &str) -> Cell<'_> {
    Cell {
        table: "token",
        column: "secret",
        row: id,
    }
}

impl Floor {
    fn open(url: &str, database: &Path) -> Result<Self> {
        let db = Connection::open(database)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        db.execute_batch(PRAGMAS)?;
        db.execute_batch(SCHEMA)?;
        let keys = [
            DataKey::generate(1, Purpose::Seal)?,
            DataKey::generate(2, Purpose::Fingerprint)?,
        ];
        Ok(Self {
            db,
            sealer: Sealer::new(&keys).ok_or("no key")?,
            http: http_client::builder().no_proxy().build()?,
            url: format!("{url}/v25.0/"),
        })
    }

    fn fill(&self, file: &Path) -> Result {
        let transaction = self.db.unchecked_transaction()?;
        let mut insert = self
            .db
            .prepare("INSERT INTO token (id, secret) VALUES (?1, ?2)")?;
        for (id, token) in (1i64..).zip(tokens_in(file)?) {
            let sealed = self.sealer.seal(&token?.secret, cell(&id.to_string()))?;
            insert.execute(params![id, sealed])?;
        }
        drop(insert);
        Ok(transaction.commit()?)
    }

    /// Asks about every token once. Returns how many there are.
    async fn pass(&self) -> Result<usize> {
        let (mut last, mut tokens) = (0, 0);
        loop {
            let some = self.read_after(last)?;
            let Some((id, _)) = some.last() else {
                return Ok(tokens);
            };
            last = *id;
            tokens += some.len();
            let calls = some.chunks(TOKENS_PER_CALL).map(|some| self.ask(some));
            let answers: Vec<_> = stream::iter(calls)
                .buffered(CALLS_AT_A_TIME)
                .try_collect()
                .await?;
            let transaction = self.db.unchecked_transaction()?;
            for (some, answer) in some.chunks(TOKENS_PER_CALL).zip(&answers) {
                self.store(some, answer.as_ref())?;
            }
            transaction.commit()?;
        }
    }

    fn read_after(&self, last: i64) -> Result<Vec<(i64, Secret)>> {
        let mut read = self
            .db
            .prepare_cached("SELECT id, secret FROM token WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let mut rows = read.query(params![last, TOKENS_AT_A_TIME as i64])?;
        let mut some = Vec::with_capacity(TOKENS_AT_A_TIME);
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let sealed = row.get_ref(1)?.as_blob()?;
            some.push((id, self.sealer.open(sealed, cell(&id.to_string()))?));
        }
        Ok(some)
    }

    async fn ask(&self, tokens: &[(i64, Secret)]) -> Result<impl AsRef<[u8]>> {
        let entries: Vec<String> = tokens
            .iter()
            .map(|(_, secret)| {
                let token = secret.expose();
                format!(r#"{{"method":"GET","relative_url":"debug_token?input_token={token}"}}"#)
            })
            .collect();
        let form = Serializer::new(String::new())
            .append_pair("access_token", &format!("{APP}|{APP_SECRET}"))
            .append_pair("include_headers", "false")
            .append_pair("batch", &format!("[{}]", entries.join(",")))
            .finish();
        let request = self.http.post(&self.url);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = request.body(form).send().await?.error_for_status()?;
        Ok(response.bytes().await?)
    }

    fn store(&self, tokens: &[(i64, Secret)], answer: &[u8]) -> Result {
        let mut update = self.db.prepare_cached(
            "UPDATE token SET is_valid = ?2, kind = ?3, person = ?4, page = ?5, expires_at = ?6,
                 data_access_expires_at = ?7, scopes = ?8
             WHERE id = ?1",
        )?;
        let entries: Vec<Entry<'_>> = serde_json::from_slice(answer)?;
        for ((id, _), entry) in tokens.iter().zip(&entries) {
            let Facts {
                is_valid,
                kind,
                user_id,
                profile_id,
                expires_at,
                data_access_expires_at,
                scopes,
            } = serde_json::from_str::<Answer<'_>>(&entry.body)?.data;
            update.execute(params![
                id,
                is_valid,
                kind,
                user_id,
                profile_id,
                expires_at,
                data_access_expires_at,
                scopes.join(" ")
            ])?;
        }
        Ok(())
    }
}
