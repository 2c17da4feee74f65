//! `perennial graph-sim`: the simulator as a command, for tests of any program that calls Meta.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;

use super::platform::Platform;
use super::world::{AppSpec, PageSelection, World};
use super::world_file::{Issued, WorldFile};
use super::{Fault, FaultRule, Simulator};

#[derive(Clone, Debug)]
pub struct Options {
    pub listen: SocketAddr,
    /// The world file; without it, a small sample.
    pub world: Option<PathBuf>,
    /// The number of additional tokens in the first app.
    pub fleet: Option<usize>,
    /// Seconds of the world's time per real second.
    pub speed: f64,
    /// The delay of every answer.
    pub latency: Duration,
    /// The world's start time, unless its file sets one.
    pub start: Timestamp,
    pub seed: u64,
}

/// How often deliveries are sent and failed actions printed.
const BEAT: Duration = Duration::from_millis(200);

/// Serves until the process ends.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let (mut world, issued) = load(&options)?;
    let app = world
        .first_app()
        .context("the world has no app; add an [[app]] to its file")?;
    if let Some(tokens) = options.fleet {
        world.add_fleet(&app.id, tokens)?;
    }
    if !options.latency.is_zero() {
        world.inject(FaultRule::new(Fault::Latency(options.latency)));
    }
    let simulator = Simulator::start(world, options.listen)
        .await
        .with_context(|| {
            format!(
                "cannot listen on {}; choose another --listen",
                options.listen
            )
        })?;
    simulator.run_clock(options.speed);
    write!(
        std::io::stdout(),
        "{}",
        greeting(&simulator.url(), &app, &issued)
    )?;
    loop {
        tokio::time::sleep(BEAT).await;
        run_until_stopped(&simulator).await?;
    }
}

fn load(options: &Options) -> anyhow::Result<(World, Vec<Issued>)> {
    let Some(path) = &options.world else {
        return sample(options.start, options.seed);
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}", Path::display(path)))?;
    let built = WorldFile::parse(&text).and_then(|file| file.build(options.start, options.seed));
    built.with_context(|| format!("in {}", path.display()))
}

/// The apps of the sample, one of each platform.
const SAMPLE_APPS: [(&str, Platform); 3] = [
    ("100000000000001", Platform::Facebook),
    ("100000000000002", Platform::Instagram),
    ("100000000000003", Platform::Threads),
];

/// A world in which every call can be tried once.
fn sample(now: Timestamp, seed: u64) -> anyhow::Result<(World, Vec<Issued>)> {
    let mut world = World::new(now, seed);
    for (id, platform) in SAMPLE_APPS {
        world.add_app(AppSpec {
            id: id.to_owned(),
            secret: "sample-secret".to_owned(),
            name: "sample".to_owned(),
            platform,
            ..AppSpec::default()
        });
    }
    let [(id, _), others @ ..] = SAMPLE_APPS;
    let person = world.add_person("Ada Example");
    let page = world.add_page("Ada's Bakery");
    world.give_role(&person, &page)?;
    let scopes = ["pages_show_list", "pages_messaging"];
    let user = world.log_in(id, &person, &scopes, PageSelection::All)?;
    let mut issued = vec![Issued {
        what: format!("user {person}"),
        token: user.clone(),
    }];
    let token = world.page_token(&user, &page);
    issued.extend(token.map(|token| Issued {
        what: format!("page {page}"),
        token,
    }));
    for (id, platform) in others {
        let scopes = [platform.basic_scope()];
        issued.push(Issued {
            what: format!("{} {person}", platform.title()),
            token: world.log_in(id, &person, &scopes, PageSelection::All)?,
        });
    }
    Ok((world, issued))
}

fn greeting(url: &str, app: &AppSpec, issued: &[Issued]) -> String {
    const MOST_SHOWN: usize = 20;
    let mut text = format!("The simulated Graph answers at {url}\n\nTokens:\n");
    for issued in issued.iter().take(MOST_SHOWN) {
        let _ = writeln!(text, "  {:<24} {}", issued.what, issued.token);
    }
    let caller = format!("{}|{}", app.id, app.secret);
    let token = issued
        .first()
        .map_or("TOKEN", |issued| issued.token.as_str());
    let _ = write!(
        text,
        "  all of them              {url}/sim/fleet\n\n\
         Apps of Instagram and Threads have their own calls. The host of a platform may stand before\n\
         the path, such as {url}/{}/me, and\nthen takes that platform's tokens only.\n\nTry:\n  \
         curl '{url}/v25.0/debug_token?input_token={token}&access_token={caller}'\n  \
         curl '{url}/v25.0/me/accounts?access_token={token}'\n  \
         curl -H 'Content-Type: application/json' -d '{{\"advance\":\"30d\"}}' {url}/sim/clock\n  \
         curl -X PUT -H 'Content-Type: application/json' -d '{{\"outage\":\"html_error\"}}' \
         {url}/sim/outage\n  \
         xdg-open '{url}/dialog/oauth?client_id={}&redirect_uri=http://localhost/&scope=email'\n",
        Platform::Instagram.host(),
        app.id
    );
    text
}

async fn run_until_stopped(simulator: &Simulator) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    for outcome in simulator.deliver().await {
        match outcome {
            Ok(status) => writeln!(out, "delivered a callback: {status}")?,
            Err(error) => writeln!(out, "could not deliver a callback: {error}")?,
        }
    }
    let mishaps = simulator.world().take_mishaps();
    for rejection in mishaps {
        writeln!(out, "a scheduled action failed: {rejection}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_shows_tokens_that_work() {
        let (world, issued) = sample("2026-01-01T00:00:00Z".parse().unwrap(), 1).unwrap();
        let app = world.first_app().unwrap();
        let text = greeting("http://127.0.0.1:1", &app, &issued);
        assert_eq!(issued.len(), 4);
        assert!(issued.iter().all(|issued| world.is_alive(&issued.token)));
        assert!(text.contains(&format!(
            "curl 'http://127.0.0.1:1/v25.0/debug_token?input_token={}&access_token={}|{}'",
            issued[0].token, app.id, app.secret
        )));
    }

    #[tokio::test]
    async fn a_world_without_an_app_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.toml");
        std::fs::write(&path, "").unwrap();
        let options = Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            world: Some(path),
            fleet: None,
            speed: 0.0,
            latency: Duration::ZERO,
            start: Timestamp::UNIX_EPOCH,
            seed: 1,
        };
        let error = run(options).await.unwrap_err();
        assert!(error.to_string().contains("no app"), "{error}");
    }
}
