//! What a page of the overview costs with a large fleet: its size, and the time until it is complete, as a ratio to that
//! of reading one token through the library. Nobody is asked, so the rows are written as checks and alerts would have.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::ValueEnum;
use perennial::api::metrics::Metrics;
use perennial::api::{DaemonHandle, DaemonStatus, Service, bind};
use perennial::config::{self, Config, Machine};
use perennial::daemon::{Services, serve_forecasts, status};
use perennial::http::{Backend, NowFn, probe};
use perennial::inventory::Inventory;
use perennial::ui::{self, SharedOverview};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::child::{self, Child};
use super::figures::grouped;
use super::forecast::{self, Fleet};
use super::library::{now, runtime};
use super::premises::Premises;
use super::process::peak_of;
use super::{Result, disk};

/// How often each page is loaded.
const LOADS: usize = 20;
const LARGEST: usize = 50_000;
/// In milliseconds.
const SLOWEST: f64 = 50.0;
/// What the file with all tokens may add to the memory, in kilobytes.
const MOST_MEMORY: u64 = 50_000;

/// Each page, and whether its first load is another matter: the forecast is made then, and kept.
const PAGES: [(&str, &str); 10] = [
    ("act", "/"),
    ("tokens", "/tokens"),
    ("tokens by name", "/tokens?sort=name"),
    ("tokens of a state", "/tokens?state=dead"),
    ("tokens of a prefix", "/tokens?prefix=fleet-77"),
    ("a token", "/token/fleet-0"),
    ("incidents", "/incidents"),
    ("all incidents", "/incidents?state=all"),
    (FORECAST, "/forecast"),
    ("system", "/system"),
];

const FORECAST: &str = "forecast, kept";

#[derive(Debug, Serialize, Deserialize)]
struct Costs {
    /// Of reading one token, in milliseconds.
    floor: f64,
    pages: Vec<Cost>,
    export: Export,
}

/// In milliseconds and bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Cost {
    page: String,
    size: usize,
    median: f64,
    worst: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Export {
    rows: usize,
    seconds: f64,
    size: usize,
    /// In kilobytes.
    memory: u64,
}

/// Prints a table of both fleets, and fails if a page is too long or too slow.
pub fn measure(tokens: usize) -> Result {
    let mut missed = Vec::new();
    println!("| fleet | page | bytes | median | worst of {LOADS} | ratio |");
    println!("|---|---|--:|--:|--:|--:|");
    for fleet in [Fleet::People, Fleet::One] {
        let name = fleet.to_possible_value().ok_or("no name")?;
        let name = name.get_name();
        let arguments = [tokens.to_string(), name.to_owned()];
        let mut child = Child::start("overview-of", &arguments.each_ref().map(AsRef::as_ref))?;
        let Costs {
            floor,
            pages,
            export,
        } = child.ask("costs")?;
        for Cost {
            page,
            size,
            median,
            worst,
        } in pages
        {
            let ratio = median / floor;
            println!(
                "| {name} | {page} | {} | {median:.1} ms | {worst:.1} ms | {ratio:.0} |",
                grouped(size)
            );
            // The worst of few is as much the machine's as ours.
            let is_slow = median > SLOWEST && page != FIRST_FORECAST;
            if size > LARGEST || is_slow {
                missed.push(format!("{name}, {page}: {size} bytes, {median:.1} ms"));
            }
        }
        println!(
            "\n{name}: one token is read in {floor:.3} ms; the file with {} rows ({} MB) takes {:.1} s and {} kB of memory\n",
            grouped(export.rows),
            export.size / 1_000_000,
            export.seconds,
            export.memory
        );
        if export.rows != tokens || export.memory > MOST_MEMORY {
            missed.push(format!("{name}, the file: {export:?}"));
        }
    }
    match missed.is_empty() {
        true => Ok(()),
        false => Err(format!("missed:\n{}", missed.join("\n")).into()),
    }
}

const FIRST_FORECAST: &str = "forecast, made";

/// The other process.
pub fn serve(tokens: usize, fleet: Fleet) -> Result {
    let folder = disk::folder()?;
    let premises = Premises::new(folder.path(), "http://127.0.0.1:9")?;
    let file = folder.path().join("perennial.toml");
    let config = config::load(&file, &Machine::here())?;
    drop(Inventory::open(&config.inventory)?);
    forecast::fill(&premises.database(), tokens, fleet)?;
    fill(&premises.database(), fleet)?;
    let inventory = Inventory::open(&config.inventory)?;
    let runtime = runtime(2)?;
    let socket = folder.path().join("ui.sock");
    runtime.block_on(open(&config, &inventory, &socket))?;
    child::serve(|_| {
        let costs = Costs {
            floor: floor(&runtime, &inventory)?,
            pages: pages(&socket)?,
            export: export(&socket)?,
        };
        Ok(serde_json::to_value(costs)?)
    })
}

/// What checks and alerts would have written. With people, those of 2,000 must act, 50 of them now. The one person has
/// changed a password, and all tokens are dead.
fn fill(database: &Path, fleet: Fleet) -> Result {
    let now = now().as_second();
    let (dead, failing) = match fleet {
        Fleet::People => (50, 2_000),
        Fleet::One | Fleet::Apart => (1, 1),
    };
    let db = Connection::open(database)?;
    db.execute_batch(&format!(
        "BEGIN;
         UPDATE token SET subject_name = 'The page ' || name WHERE kind = 'page';
         UPDATE token SET subject_name = 'Ada Lovelace the ' || person || 'th' WHERE kind = 'user';
         UPDATE token SET parent = (SELECT p.id FROM token p WHERE p.app = token.app AND p.person = token.person
            AND p.kind <> 'page') WHERE kind = 'page';
         UPDATE token SET state = 'dead', cause = 'password_changed', since = {now} - 3600
            WHERE CAST(person AS INTEGER) < {dead};
         UPDATE token SET state = 'expiring'
            WHERE CAST(person AS INTEGER) >= {dead} AND CAST(person AS INTEGER) < {failing};
         INSERT INTO schedule (token, app, due_at, deadline, checked_at)
            SELECT id, app, CASE WHEN state = 'dead' THEN NULL ELSE {now} + 3600 + id % 82800 END,
                min(expires_at, data_access_expires_at), {now} - 3600 FROM token;
         INSERT INTO incident (app, incident_cause, cause, subject, opened_at, deadline, broken_since)
            SELECT DISTINCT app, 'password_changed', 'password_changed', person, {now} - 3600, {now} - 3600,
                {now} - 3600 FROM token WHERE state = 'dead';
         INSERT INTO incident (app, incident_cause, cause, subject, opened_at, deadline)
            SELECT app, 'expired', 'expires_soon', person, {now} - 7200, min(data_access_expires_at)
            FROM token WHERE state = 'expiring' GROUP BY app, person;
         INSERT INTO incident_token (incident, token, joined_at)
            SELECT i.id, t.id, {now} - 3600 FROM token t JOIN incident i ON i.app = t.app AND i.subject = t.person
            WHERE t.state IN ('dead', 'expiring');
         COMMIT;
         PRAGMA wal_checkpoint(TRUNCATE)"
    ))?;
    Ok(())
}

/// Serves the permanent form as the daemon does. The process that asks counts, so it is an operator.
async fn open(config: &Config, inventory: &Inventory, socket: &Path) -> Result {
    let services = Arc::new(Services::new(config, inventory)?);
    let stop = CancellationToken::new();
    let clock: NowFn = Arc::new(now);
    let daemon_status = watch::Sender::new(DaemonStatus {
        started_at: now(),
        apps: services.apps(now()).await?,
        ..DaemonStatus::default()
    });
    status::publish(&services, &daemon_status, (Some(now()), None), now()).await?;
    let backend = Backend {
        inventory: inventory.clone(),
        new_work: watch::Sender::new(()),
        journal: watch::Sender::new(()),
        forecasts: serve_forecasts(&services, &clock, &stop),
        clock,
    };
    let handle = DaemonHandle {
        metrics: Metrics::new(inventory, &backend.clock, daemon_status.subscribe()),
        settings: watch::Sender::new(config.status.clone()).subscribe(),
        daemon_status: daemon_status.subscribe(),
        accesses: Arc::default(),
        reloads: mpsc::channel(1).0,
        mail_tests: mpsc::channel(1).0,
        sink_tests: mpsc::channel(1).0,
    };
    let service = Service::new(backend, handle, stop.clone());
    let settings = watch::Sender::new(ui::Settings {
        listen: socket.to_owned(),
        proxy: None,
        timezone: config.timezone.clone(),
    });
    let overview = SharedOverview::new(ui::bind(socket)?, service.local(), settings.subscribe())?;
    tokio::spawn(overview.serve(stop.clone()));
    let status_socket = bind(&config.status.socket)?;
    tokio::spawn(service.serve(status_socket, probe().1));
    // What nobody else keeps lives as long as this process.
    tokio::spawn(async move {
        let _kept = (services, daemon_status, settings);
        stop.cancelled().await;
    });
    Ok(())
}

fn floor(runtime: &Runtime, inventory: &Inventory) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..LOADS {
        let began = Instant::now();
        let token = runtime.block_on(inventory.read(|view| view.token_named("fleet-0")))?;
        times.push(milliseconds(began));
        token.ok_or("no token")?;
    }
    Ok(median(&mut times))
}

fn pages(socket: &PathBuf) -> Result<Vec<Cost>> {
    let mut pages = Vec::new();
    for (page, path) in PAGES {
        let mut loads = Vec::new();
        let mut size = 0;
        if page == FORECAST {
            let (time, size) = first_forecast(socket, path)?;
            pages.push(Cost {
                page: FIRST_FORECAST.to_owned(),
                size,
                median: time,
                worst: time,
            });
        }
        for _ in 0..LOADS {
            let (time, found) = load(socket, path)?;
            loads.push(time);
            size = size.max(found);
        }
        let median = median(&mut loads);
        pages.push(Cost {
            page: page.to_owned(),
            size,
            median,
            worst: loads.last().copied().unwrap_or_default(),
        });
    }
    Ok(pages)
}

/// Asks until the forecast is made: a page does not wait for it longer than the socket does.
fn first_forecast(socket: &PathBuf, path: &str) -> Result<(f64, usize)> {
    let began = Instant::now();
    let mut asked = load(socket, path);
    for _ in 0..30 {
        let Ok((_, size)) = asked else {
            asked = load(socket, path);
            continue;
        };
        return Ok((milliseconds(began), size));
    }
    asked
}

/// The milliseconds until the page is complete, and its size.
fn load(socket: &PathBuf, path: &str) -> Result<(f64, usize)> {
    let began = Instant::now();
    let mut stream = ask(socket, path)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let time = milliseconds(began);
    let answer = String::from_utf8(answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no page")?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(format!("{path}: {answer}").into());
    }
    Ok((time, body.len()))
}

/// Reads the file with all tokens as it comes.
fn export(socket: &PathBuf) -> Result<Export> {
    let before = peak_of("self")?.kilobytes;
    let began = Instant::now();
    let mut stream = ask(socket, "/tokens.csv?sort=name")?;
    let (mut size, mut rows) = (0, 0);
    let mut part = vec![0; 64 * 1024];
    loop {
        let read = stream.read(&mut part)?;
        if read == 0 {
            break;
        }
        size += read;
        // Each row has one owner.
        rows += part[..read].iter().filter(|byte| **byte == b'@').count();
    }
    Ok(Export {
        rows,
        seconds: began.elapsed().as_secs_f64(),
        size,
        memory: peak_of("self")?.kilobytes - before,
    })
}

fn ask(socket: &PathBuf, path: &str) -> Result<UnixStream> {
    let mut stream = UnixStream::connect(socket)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    Ok(stream)
}

fn milliseconds(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1_000.0
}

/// Sorts them, too.
fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
