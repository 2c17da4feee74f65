//! `cargo bench`: a full sweep of a large fleet over loopback, with every result stored durably, and the status while
//! it runs. The simulated Meta runs in its own process, so that the measurements are the daemon's alone.

#![expect(
    clippy::print_stdout,
    reason = "its figures are what a benchmark is for"
)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use perennial::alerts;
use perennial::alerts::digest::{self, Tick};
use perennial::email::text::Language;
use perennial::graph_api::{Client, Settings};
use perennial::graph_sim::{AppSpec, PageSelection, Simulator, World};
use perennial::inventory::{self, Inventory, NewToken};
use perennial::model::Scopes;
use perennial::rotation::{RotationWorker, Rules};
use perennial::secret::{Key, Secret};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const APP: &str = "257422819769992";
const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
const SCOPES: &[&str] = &[
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
];
const PAGES_PER_PERSON: usize = 200;

fn main() -> Result {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("meta") {
        return runtime(1)?.block_on(meta(arguments.next().unwrap_or_default().parse()?));
    }
    let tokens = std::env::var("FLEET")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_000);
    runtime(2)?.block_on(measure(tokens))
}

fn runtime(threads: usize) -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?)
}

fn start_of_time() -> Result<Timestamp> {
    Ok("2026-12-01T12:00:00Z".parse()?)
}

/// The other process: a world of pages. It prints its URL and every token, then serves until its input ends.
async fn meta(tokens: usize) -> Result {
    let mut world = World::new(start_of_time()?, 1);
    world.add_app(AppSpec {
        id: APP.to_owned(),
        secret: APP_SECRET.to_owned(),
        name: "fleet".to_owned(),
        ..AppSpec::default()
    });
    let mut issued = Vec::with_capacity(tokens);
    while issued.len() < tokens {
        let person = world.add_person("Maria");
        let user = world.log_in(APP, &person, SCOPES, PageSelection::All)?;
        for n in 0..PAGES_PER_PERSON.min(tokens - issued.len()) {
            let page = world.add_page(&format!("Page {n}"));
            world.give_role(&person, &page)?;
            issued.extend(world.page_token(&user, &page));
        }
    }
    let simulator = Simulator::start(world, "127.0.0.1:0".parse()?).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", simulator.url())?;
    for token in issued {
        writeln!(out, "{token}")?;
    }
    out.flush()?;
    drop(out);
    tokio::task::spawn_blocking(|| std::io::stdin().lines().next()).await?;
    Ok(())
}

/// The other process. It ends with this one, because its input does.
struct Meta {
    process: Child,
    url: String,
    tokens: Vec<Secret>,
}

impl Meta {
    fn start(tokens: usize) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["meta", &tokens.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let url = lines.next().ok_or("no address")??;
        let tokens = lines.take(tokens).map(|line| line.map(Secret::new));
        Ok(Self {
            tokens: tokens.collect::<std::io::Result<_>>()?,
            process,
            url,
        })
    }
}

impl Drop for Meta {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

async fn measure(tokens: usize) -> Result {
    let mut meta = Meta::start(tokens)?;
    let folder = tempfile::tempdir_in(std::env::current_dir()?.join("target"))?;
    let path = folder.path().join("inventory.db");
    let settings = inventory::Settings {
        path: path.clone(),
        key: Key::generate()?,
    };
    let inventory = Inventory::open(&settings)?;
    let rotation_worker = rotation_worker(&meta, &inventory)?;

    let began = (Instant::now(), cpu());
    import(&inventory, std::mem::take(&mut meta.tokens)).await?;
    report("import", tokens, began);
    // The memory for the tokens belongs to the benchmark, not to the daemon.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let mut now = start_of_time()?;
    for pass in [
        "first sweep: every fact is new",
        "second sweep: nothing has changed",
    ] {
        let began = (Instant::now(), cpu());
        let questions = tokio::spawn(ask_meanwhile(inventory.clone()));
        let mut visited = 0;
        loop {
            let done = rotation_worker.sweep(now).await?;
            visited += done.checked;
            if !done.more {
                break;
            }
        }
        report(pass, visited, began);
        questions.abort();
        now += SignedDuration::from_hours(25);
    }
    println!("resident at the peak: {} MB", peak_memory_kb()? / 1024);
    println!(
        "database: {} MB",
        std::fs::metadata(path)?.len() / 1_000_000
    );
    ask(&inventory, tokens).await?;
    summarise(&inventory, now).await
}

/// Measures the weekly summary: all its data is read, rendered and written into the outbox.
async fn summarise(inventory: &Inventory, now: Timestamp) -> Result {
    let week = SignedDuration::from_hours(7 * 24);
    for (at, written) in [(now, false), (now + week, true)] {
        let began = Instant::now();
        let tick = Tick { at, next: None };
        let is_written = digest::write(inventory, &alert_rules(), Vec::new(), tick, at).await?;
        assert_eq!(is_written, written);
        if is_written {
            println!("summary of the fleet: {:?}", began.elapsed());
        }
    }
    Ok(())
}

fn alert_rules() -> alerts::Rules {
    let days = |n: i64| SignedDuration::from_hours(24 * n);
    alerts::Rules {
        warn_before: vec![days(14)],
        remind_every: days(3),
        plan_window: days(14),
        operators: vec!["ops@example.com".to_owned()],
        copy_operators: false,
        escalate_after: None,
        escalate_to: Vec::new(),
        quiet_hours: None,
        working_days: Vec::new(),
        routes: Vec::new(),
        apps: vec!["fleet".to_owned()],
        message_domain: "example.com".to_owned(),
        language: Language::English,
        timezone: TimeZone::UTC,
        login_links: None,
        templates: Arc::default(),
    }
}

fn rotation_worker(meta: &Meta, inventory: &Inventory) -> Result<RotationWorker> {
    let graph = Client::new(Settings {
        app: "fleet".to_owned(),
        id: APP.to_owned(),
        secrets: vec![Secret::new(APP_SECRET)],
        version: "v25.0".to_owned(),
        url: meta.url.clone(),
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
            scopes: Scopes::default(),
        },
    })
}

async fn import(inventory: &Inventory, secrets: Vec<Secret>) -> Result {
    let now = start_of_time()?;
    let new: Vec<NewToken> = secrets
        .into_iter()
        .enumerate()
        .map(|(n, secret)| NewToken {
            app: "fleet".to_owned(),
            name: Some(format!("fleet-page-{n:07}")),
            secret,
            owners: vec!["maria@example.com".to_owned()],
            required_scopes: Scopes::parse("pages_messaging"),
            parent: None,
            subject_name: None,
        })
        .collect();
    let mut new = new.into_iter().peekable();
    while new.peek().is_some() {
        let some: Vec<NewToken> = new.by_ref().take(1_000).collect();
        let job = inventory.write(move |tx| {
            some.iter()
                .try_for_each(|new| tx.import(new, now).map(drop))
        });
        job.await?;
    }
    Ok(())
}

/// Sends the requests of a status page repeatedly while a sweep runs.
async fn ask_meanwhile(inventory: Inventory) {
    loop {
        if inventory
            .read(|view| Ok((view.fleet()?, view.next_deadline()?)))
            .await
            .is_err()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn ask(inventory: &Inventory, tokens: usize) -> Result {
    let mut taken = Vec::new();
    for _ in 0..2_000 {
        let began = Instant::now();
        std::hint::black_box(inventory.figures());
        taken.push(began.elapsed());
    }
    taken.sort_unstable();
    println!(
        "status figures with {tokens} tokens: median {:?}, 99 % within {:?}",
        taken[1_000], taken[1_980]
    );
    Ok(())
}

fn report(what: &str, tokens: usize, (began, before): (Instant, Duration)) {
    let (wall, cpu) = (began.elapsed(), cpu() - before);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / tokens.max(1) as f64;
    println!(
        "{what}: {tokens} tokens in {:.2} s ({:.1} µs each), {:.1} µs of CPU each",
        wall.as_secs_f64(),
        each(wall),
        each(cpu)
    );
}

/// Returns the user and system time of this process.
fn cpu() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return Duration::ZERO;
    };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(micros.unsigned_abs())
}

fn peak_memory_kb() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
