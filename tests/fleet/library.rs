//! The library in a process of its own: its memory and its time are those of the daemon's parts alone.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use perennial::graph_api::{Client, Settings};
use perennial::inventory::{self, Address, Inventory, NewToken, Place};
use perennial::model::Scopes;
use perennial::rotation::{RotationWorker, Rules};
use perennial::secret::{Key, Secret};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, to_value};
use tokio::runtime::Runtime;

use super::figures::{Latency, Measured, Work};
use super::meta::{APP, APP_SECRET};
use super::process::{Stopwatch, peak_of};
use super::{Result, child, summary};

struct Library {
    inventory: Inventory,
    rotation_worker: RotationWorker,
    file: PathBuf,
    place: Place,
    now: Timestamp,
}

const TOKENS_AT_A_TIME: usize = 1_000;
/// How often the figures of the status are read.
const QUESTIONS: usize = 2_000;

#[expect(
    clippy::disallowed_methods,
    reason = "the simulated Meta and the daemon begin at the same time"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}

pub fn runtime(threads: usize) -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?)
}

/// The database is the path of a file, or the URL of a server.
pub fn serve(url: String, file: PathBuf, database: &str) -> Result {
    let place = match database.starts_with("postgres:") {
        true => Place::Server(Box::new(Address::parse(
            Secret::new(database),
            None,
            "fleet",
        )?)),
        false => Place::from(Path::new(database)),
    };
    let inventory = Inventory::open(&inventory::Settings {
        place: place.clone(),
        key: Key::generate()?,
        node: String::new(),
    })?;
    let mut library = Library {
        rotation_worker: rotation_worker(url, &inventory)?,
        inventory,
        file,
        place,
        now: now(),
    };
    let runtime = runtime(2)?;
    child::serve(|what| library.answer(what, &runtime))
}

impl Library {
    fn answer(&mut self, what: &str, runtime: &Runtime) -> Result<Value> {
        Ok(match what {
            "import" => to_value(runtime.block_on(self.import())?)?,
            "first sweep" => to_value(runtime.block_on(self.sweep())?)?,
            "steady sweep" => {
                self.now += SignedDuration::from_hours(25);
                to_value(runtime.block_on(self.sweep())?)?
            }
            "memory" => to_value(peak_of("self")?)?,
            "database" => database_size(self.place.file().ok_or("no file")?)?.into(),
            "status" => to_value(self.read_status()?)?,
            "summary" => runtime
                .block_on(summary::measure(&self.inventory, self.now))?
                .into(),
            other => return Err(format!("there is no {other}").into()),
        })
    }

    fn work(&self) -> Work {
        self.inventory.work().into()
    }

    async fn import(&self) -> Result<Measured> {
        let (stopwatch, before, now) = (Stopwatch::start()?, self.work(), self.now);
        let mut tokens = tokens_in(&self.file)?;
        let mut imported = 0;
        loop {
            let some: Vec<NewToken> = tokens
                .by_ref()
                .take(TOKENS_AT_A_TIME)
                .collect::<Result<_>>()?;
            if some.is_empty() {
                break;
            }
            imported += some.len();
            let job = self.inventory.write_alone(move |tx| {
                some.iter()
                    .try_for_each(|new| tx.import(new, now).map(drop))
            });
            job.await?;
        }
        stopwatch.stop(imported, self.work().since(before))
    }

    async fn sweep(&self) -> Result<Measured> {
        let (stopwatch, before) = (Stopwatch::start()?, self.work());
        let mut checked = 0;
        loop {
            let report = self.rotation_worker.sweep(self.now).await?;
            checked += report.checked;
            if !report.more {
                return stopwatch.stop(checked, self.work().since(before));
            }
        }
    }

    fn read_status(&self) -> Result<Option<Latency>> {
        let mut taken = Vec::with_capacity(QUESTIONS);
        for _ in 0..QUESTIONS {
            let began = Instant::now();
            black_box(self.inventory.figures());
            taken.push(began.elapsed().as_secs_f64());
        }
        Ok(Latency::of(taken))
    }
}

/// In bytes, with what is still in the write-ahead log.
fn database_size(database: &Path) -> Result<u64> {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    Ok(db.query_row(size, [], |row| row.get(0))?)
}

/// Reads the tokens of a file one by one, so that no process needs memory for all of them.
pub fn tokens_in(file: &Path) -> Result<impl Iterator<Item = Result<NewToken>>> {
    let lines = BufReader::new(File::open(file)?).lines().skip(1);
    Ok(lines.map(|line| token(&line?)))
}

fn token(line: &str) -> Result<NewToken> {
    let fields: Vec<&str> = line.split(',').collect();
    let [name, secret, owner, scopes] = fields[..] else {
        return Err("a line with other fields".into());
    };
    Ok(NewToken {
        app: "fleet".to_owned(),
        name: Some(name.to_owned()),
        secret: Secret::new(secret),
        owners: vec![owner.to_owned()],
        required_scopes: Scopes::parse(scopes),
        parent: None,
        subject_name: None,
    })
}

fn rotation_worker(url: String, inventory: &Inventory) -> Result<RotationWorker> {
    let graph = Client::new(Settings {
        app: "fleet".to_owned(),
        id: APP.to_owned(),
        secrets: vec![Secret::new(APP_SECRET)],
        platform: &perennial::graph_api::FACEBOOK,
        version: "v25.0".to_owned(),
        url,
        code_url: None,
        tester_token: None,
        batch: 50,
        timeout: Duration::from_secs(30),
    })?;
    Ok(RotationWorker {
        inventory: inventory.clone(),
        graph,
        app: "fleet".to_owned(),
        calls_per_hour: u32::MAX,
        batch: 50,
        rules: Rules {
            check_every: SignedDuration::from_hours(24),
            rotate_before_expiry: SignedDuration::from_hours(24 * 30),
            retry_after: vec![SignedDuration::from_mins(1)],
            warn_before: SignedDuration::from_hours(24 * 14),
            subscribed_fields: Scopes::default(),
            renewal: perennial::graph_api::FACEBOOK.renewal,
            scopes: Scopes::default(),
        },
    })
}
