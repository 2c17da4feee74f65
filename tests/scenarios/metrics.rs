//! The metrics as a monitoring system gets them: at an address of their own, and in a file.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::world::daemon::{Daemon, Premises};
use crate::world::{Result, World};

/// Every wait takes a small part of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the address of the metrics, and returns the whole answer.
fn ask(address: SocketAddr, path: &str, accept: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// An address of this machine at which nothing listens.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A fleet of one token, with the daemon that has just checked it.
async fn checked(world: &World, premises: &Premises) -> Result<Daemon> {
    world.meta.set_now(perennial::daemon::clock::now());
    let maria = world.person("Maria");
    let secret = world.log_in(&maria)?;
    let daemon = premises.start()?;
    let import = ["import", "--app", "acme", "--name", "maria"];
    let imported = premises.ask(&import, &secret)?;
    assert!(imported.status.success(), "{imported:?}");
    daemon.follow_until("\"healthy\"")?;
    Ok(daemon)
}

/// Waits until `read` returns a text with all `words`, and returns it.
fn until(words: &[&str], read: impl Fn() -> Result<String>) -> Result<String> {
    let began = Instant::now();
    loop {
        let text = read()?;
        if words.iter().all(|words| text.contains(words)) {
            return Ok(text);
        }
        if began.elapsed() > PATIENCE {
            return Err(format!("{words:?} did not come:\n{text}").into());
        }
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitoring_system_without_access_to_the_socket_asks_another_address() -> Result {
    let world = World::new().await?;
    let premises = Premises::new(&world.meta.url())?;
    let address = free_address()?;
    let listen = |address: SocketAddr| format!("[metrics]\nlisten = \"{address}\"");
    premises.configure(&world.meta.url(), &listen(address))?;
    let daemon = checked(&world, &premises).await?;

    // The sweep is published a moment after it.
    let words = [
        "application/openmetrics-text",
        "\nperennial_tokens{app=\"acme\",kind=\"user\",state=\"healthy\"} 1\n",
        "\nperennial_checks_total{app=\"acme\"} ",
        "\nperennial_last_sweep_timestamp_seconds{app=\"acme\"} ",
        "\nperennial_ready 1\n",
        "\n# EOF\n",
    ];
    until(&words, || ask(address, "/metrics", "*/*"))?;
    let classic = ask(address, "/metrics", "text/plain")?;
    assert!(classic.contains("text/plain; version=0.0.4"), "{classic}");
    assert!(
        classic.contains("# TYPE perennial_checks_total counter"),
        "{classic}"
    );
    assert!(!classic.contains("# EOF"), "{classic}");
    for path in ["/", "/v1/status", "/v1/tokens/maria/secret", "/healthz"] {
        let answer = ask(address, path, "*/*")?;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }

    premises.configure(&world.meta.url(), &listen(free_address()?))?;
    let reloaded = premises.ask(&["reload"], "")?;
    let words = String::from_utf8(reloaded.stdout)? + &String::from_utf8(reloaded.stderr)?;
    assert!(words.contains("metrics.listen"), "{words}");
    assert!(ask(address, "/metrics", "*/*")?.contains("perennial_ready"));
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    assert!(TcpStream::connect(address).is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_reads_the_metrics_from_a_file() -> Result {
    let world = World::new().await?;
    let premises = Premises::new(&world.meta.url())?;
    let file = premises.path("perennial.prom");
    let textfile = format!("[metrics]\ntextfile = \"{}\"", file.display());
    premises.configure(&world.meta.url(), &textfile)?;
    let daemon = checked(&world, &premises).await?;
    let words = [
        "perennial_tokens{app=\"acme\",kind=\"user\",state=\"healthy\"} 1\n",
        "# TYPE perennial_build_info gauge\n",
    ];
    let text = until(&words, || Ok(fs::read_to_string(&file)?))?;
    assert!(!text.contains("# EOF") && text.ends_with('\n'), "{text}");
    assert_eq!(fs::metadata(&file)?.permissions().mode() & 0o777, 0o644);
    assert!(!premises.path("perennial.prom.unfinished").exists());
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    Ok(())
}

#[test]
fn a_file_that_cannot_be_written_is_a_problem_until_it_can() -> Result {
    const NOWHERE: &str = "http://127.0.0.1:9";
    let premises = Premises::new(NOWHERE)?;
    let file = premises.path("gone/perennial.prom");
    let configure = |textfile: &Path| {
        let textfile = textfile.display();
        premises.configure(NOWHERE, &format!("[metrics]\ntextfile = \"{textfile}\""))
    };
    configure(&file)?;
    let daemon = premises.start()?;
    let status = || Ok(daemon.http("GET", "/v1/status", "")?.1);
    until(
        &["the metrics cannot be written to", "Create its folder"],
        status,
    )?;
    let log = fs::read_to_string(premises.path("log"))?;
    assert_eq!(log.matches("ERROR").count(), 1, "{log}");

    configure(&premises.path("perennial.prom"))?;
    assert!(premises.ask(&["reload"], "")?.status.success());
    until(&["perennial_ready"], || {
        Ok(fs::read_to_string(premises.path("perennial.prom")).unwrap_or_default())
    })?;
    assert!(!status()?.contains("the metrics cannot be written"));
    Ok(())
}
