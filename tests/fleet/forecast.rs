//! What a forecast of 90 days costs: its time, as a ratio to that of reading the same rows, and its memory. Nobody is
//! asked, so the tokens are written into the database as they would be after their first check.

use std::path::Path;
use std::time::Instant;

use clap::ValueEnum;
use perennial::config::{self, Machine};
use perennial::daemon::Services;
use perennial::inventory::Inventory;
use perennial::model::ForecastQuestion;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::child::{self, Child};
use super::figures::grouped;
use super::library::{now, runtime};
use super::premises::Premises;
use super::process::peak_of;
use super::{Result, disk};

/// Whose tokens they are, and how alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fleet {
    /// A user token and nine pages for each person, whose logins are spread over two months
    People,
    /// All pages of one person
    One,
    /// A user token for each person, every one with clocks of its own
    Apart,
}

#[derive(Debug, Serialize, Deserialize)]
struct Cost {
    /// Of the forecast, and of reading the same rows, in seconds.
    forecast: f64,
    floor: f64,
    /// The memory that it took at the peak, in kilobytes.
    memory: u64,
    logins: u64,
}

/// Prints a table of all fleets.
pub fn measure(tokens: &[usize]) -> Result {
    println!("| fleet | tokens | forecast | reading alone | ratio | memory | logins |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for tokens in tokens {
        for fleet in Fleet::value_variants() {
            let name = fleet.to_possible_value().ok_or("no name")?;
            let arguments = [tokens.to_string(), name.get_name().to_owned()];
            let mut child = Child::start("forecast-of", &arguments.each_ref().map(AsRef::as_ref))?;
            let cost: Cost = child.ask("cost")?;
            println!(
                "| {} | {} | {:.2} s | {:.2} s | {:.1} | {} MB | {} |",
                name.get_name(),
                grouped(*tokens),
                cost.forecast,
                cost.floor,
                cost.forecast / cost.floor,
                cost.memory.div_ceil(1_000),
                grouped(usize::try_from(cost.logins)?),
            );
        }
    }
    Ok(())
}

/// The other process.
pub fn serve(tokens: usize, fleet: Fleet) -> Result {
    let folder = disk::folder()?;
    let premises = Premises::new(folder.path(), "http://127.0.0.1:9")?;
    let config = config::load(&folder.path().join("perennial.toml"), &Machine::here())?;
    // Making it takes memory that is not the forecast's, so it is made and closed first.
    drop(Inventory::open(&config.inventory)?);
    fill(&premises.database(), tokens, fleet)?;
    let floor = read_all(&premises.database())?;
    let inventory = Inventory::open(&config.inventory)?;
    let services = Services::new(&config, &inventory)?;
    let runtime = runtime(2)?;
    child::serve(|_| {
        let before = peak_of("self")?.kilobytes;
        let began = Instant::now();
        let question = ForecastQuestion::default();
        let forecast = runtime.block_on(services.forecast(question, now()))?;
        let cost = Cost {
            forecast: began.elapsed().as_secs_f64(),
            floor,
            memory: peak_of("self")?.kilobytes - before,
            logins: forecast.summary.logins,
        };
        Ok(serde_json::to_value(cost).map_or(Value::Null, |cost| cost))
    })
}

/// The tokens, in the state after a first check.
pub fn fill(database: &Path, tokens: usize, fleet: Fleet) -> Result {
    let db = Connection::open(database)?;
    db.execute_batch("BEGIN")?;
    let mut insert = db.prepare(
        "INSERT INTO token (app, name, kind, subject, person, issued_at, expires_at, data_access_expires_at,
            scopes, required_scopes, owners, state, fingerprint, imported_at)
         VALUES ('fleet', ?1, ?2, ?3, ?4, ?5, ?6, ?7, 'email pages_show_list', '', '[\"ada@example.com\"]',
            'healthy', '00000000', ?5)",
    )?;
    let start = now().as_second();
    for number in 0..tokens as i64 {
        let (person, is_own) = match fleet {
            Fleet::People => (number / 10, number % 10 == 0),
            Fleet::One => (0, number == 0),
            Fleet::Apart => (number, true),
        };
        // Logins of the last two months, at different seconds.
        let since = 1 + (person * 7_919) % (58 * 86_400);
        let days = |days: i64| start - since + days * 86_400;
        let data_access = match fleet {
            Fleet::Apart => start + 1 + (number * 104_729) % (90 * 86_400),
            Fleet::People | Fleet::One => days(90),
        };
        let kind = if is_own { "user" } else { "page" };
        let expires_at = if is_own { days(60) } else { i64::MAX };
        insert.execute(rusqlite::params![
            format!("fleet-{number}"),
            kind,
            format!("{}", if is_own { person } else { 1_000_000 + number }),
            format!("{person}"),
            start - since,
            expires_at,
            data_access,
        ])?;
    }
    drop(insert);
    Ok(db.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?)
}

/// How long it takes to step through the same rows in the same order.
fn read_all(database: &Path) -> Result<f64> {
    let db = Connection::open(database)?;
    let mut all = db.prepare(
        "SELECT app, name, kind, subject, person, expires_at, data_access_expires_at, scopes, owners, state FROM token
         WHERE person IS NOT NULL ORDER BY app, person, state, id",
    )?;
    let began = Instant::now();
    let mut rows = all.query([])?;
    let mut letters = 0;
    while let Some(row) = rows.next()? {
        letters += row.get_ref(1)?.as_str()?.len() + row.get_ref(8)?.as_str()?.len();
    }
    assert!(letters > 0);
    Ok(began.elapsed().as_secs_f64())
}
