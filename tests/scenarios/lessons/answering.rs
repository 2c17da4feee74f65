//! What the socket answers during failures, and that it answers without delay.

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use nix::sys::signal::Signal;
use perennial::api::types::{CandidateRequest, ProblemType, SecretQuery};
use perennial::api_client::Error;
use perennial::graph_sim::{Endpoint, Fault, FaultRule, Outage};
use perennial::secret::Secret;

use crate::world::daemon::Premises;
use crate::world::{Result, Socket, World, hours, minutes};

/// better-ccflare (PR 311) and SPIRE (issue 1562) reported "healthy" because the last success was recent.
#[tokio::test]
async fn ready_means_that_the_work_is_done() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    world.import("maria", &world.log_in(&maria)?).await?;
    let socket = world.open_socket().await?;
    world.live(hours(1)).await?;
    socket.publish_status(world.now, world.now).await?;
    assert_eq!(reasons(&socket).await?, Vec::<String>::new());

    world.meta.world().set_outage(Some(Outage::Unavailable));
    world.live(hours(30)).await?;
    world.now += minutes(15);
    socket.publish_status(world.now, world.now).await?;
    assert_ne!(reasons(&socket).await?, Vec::<String>::new());
    let status = socket.client.status().await?;
    assert!(!status.ready && status.tokens.failing == 1, "{status:?}");
    assert!(status.problems.iter().any(|told| told.contains("outage")));

    world.meta.world().heal();
    world.live(hours(1)).await?;
    socket.publish_status(world.now, world.now).await?;
    assert_eq!(reasons(&socket).await?, Vec::<String>::new());
    Ok(())
}

/// Returns why the daemon is not ready; empty if it is.
async fn reasons(socket: &Socket) -> Result<Vec<String>> {
    match socket.client.text("/readyz").await {
        Ok(_) => Ok(Vec::new()),
        Err(Error::Refused(problem)) if problem.is(ProblemType::NotReady) => Ok(problem.problems),
        Err(other) => Err(other.into()),
    }
}

/// oidc-agent (issues 507, 641 and 394) answered no requests while it waited for its provider or for a person.
#[tokio::test]
async fn the_socket_answers_while_meta_does_not() -> Result {
    let mut world = World::new().await?;
    let (maria, paul) = (world.person("Maria"), world.person("Paul"));
    let token = world.log_in(&maria)?;
    world.import("maria", &token).await?;
    world.pass().await?;
    world.import("paul", &world.log_in(&paul)?).await?;
    let socket = world.open_socket().await?;
    let silence = Fault::Latency(Duration::from_secs(3_600));
    world.meta.world().inject(FaultRule::new(silence));
    let asked = world.meta.world().call_log().calls(Endpoint::DebugToken);

    let pass = world.rotation_worker.sweep(world.now);
    let conversation = async {
        world.until_asked(Endpoint::DebugToken, asked + 1).await;
        converse(&socket, &token).await
    };
    tokio::select! {
        biased;
        _ = pass => Err("Meta was never to answer".into()),
        done = conversation => done,
    }
}

/// Makes every request that a program may need during an outage.
async fn converse(socket: &Socket, token: &str) -> Result {
    let client = &socket.client;
    assert_eq!(client.status().await?.tokens.total, 2);
    assert_eq!(client.tokens(&Default::default()).await?.tokens.len(), 2);
    let secret = client.secret("maria", &SecretQuery::default()).await?;
    assert_eq!(secret.access_token.expose(), token);
    client.check("maria").await?;
    client.rotate("paul").await?;
    let access_token = Secret::new("EAAanother");
    client
        .add_candidate("paul", &CandidateRequest { access_token })
        .await?;
    client.incidents(&Default::default()).await?;
    client.text("/metrics").await?;
    client.forget("paul").await?;
    Ok(())
}

/// A mail server that accepts the connection but never answers does not block anything else.
#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_does_its_work_while_the_mail_server_says_nothing() -> Result {
    let world = World::new().await?;
    let premises = Premises::new(&world.meta.url())?;
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let file = premises.path("perennial.toml");
    let text = fs::read_to_string(&file)?;
    let directory = text.lines().find(|line| line.starts_with("directory"));
    let smtp = format!("smtp = {{ url = \"smtp://{}\" }}", silent.local_addr()?);
    fs::write(
        &file,
        text.replace(directory.ok_or("no way for mail")?, &smtp),
    )?;
    let daemon = premises.start()?;

    let (status, answer) = daemon.http("POST", "/v1/mail-test", "{}")?;
    assert_eq!(status, 202, "{answer}");
    let (_, journal) = daemon.http("GET", "/v1/events", "")?;
    assert!(journal.contains("email_written"), "{journal}");
    assert!(!journal.contains("email_delayed"), "it was waited for");

    daemon.signal(Signal::SIGHUP)?;
    daemon.wait_for("READY=1")?;
    let (_, journal) = daemon.http("GET", "/v1/events", "")?;
    assert!(journal.contains("reloaded") && !journal.contains("email_delayed"));
    drop(silent);
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    Ok(())
}
