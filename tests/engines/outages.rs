//! What happens while a server, or the way to it, is gone: calls end, and writing goes on afterwards.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use perennial::inventory::{Error, Inventory, WriteErrorKind};
use tokio::time::timeout;

use super::cluster::{Cluster, url_of};
use super::proxy::{Loss, Proxy};
use super::shelf::{Shelf, has, import};

const SESSIONS: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name = 'perennial test' AND datname = current_database()";

fn kind<T>(result: Result<T, Error>) -> Option<WriteErrorKind> {
    result.err().and_then(|error| error.write_error_kind())
}

#[tokio::test]
async fn nobody_notices_that_an_administrator_has_ended_the_sessions() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let shelf = Shelf::in_new_database(&cluster, "sessions");
    let inventory = shelf.open().unwrap();
    import(&inventory, "maria").await.unwrap();
    for name in ["otto", "paul"] {
        let ended = cluster.psql("sessions", SESSIONS);
        assert_ne!(ended.trim(), "0");
        assert!(has(&inventory, "maria").await.unwrap());
        import(&inventory, name).await.unwrap();
        assert_eq!(inventory.write_error(), None);
    }
}

#[tokio::test]
async fn a_server_that_was_started_again_is_used_again() {
    let Some(mut cluster) = Cluster::own(&[]) else {
        return;
    };
    let shelf = Shelf::in_new_database(&cluster, "perennial");
    let inventory = shelf.open().unwrap();
    import(&inventory, "maria").await.unwrap();
    cluster.restart();
    assert!(has(&inventory, "maria").await.unwrap());
    import(&inventory, "otto").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_to_a_server_that_was_stopped_end_and_it_is_used_again_when_it_goes_on() {
    let Some(cluster) = Cluster::own(&[]) else {
        return;
    };
    let shelf = Shelf::in_new_database(&cluster, "perennial");
    let inventory = shelf.open().unwrap();
    import(&inventory, "maria").await.unwrap();

    cluster.signal_all(Signal::SIGSTOP);
    let begun = Instant::now();
    // The watchdog looks at both: a ping that waits for the server is no reason to restart the daemon.
    let watched = async {
        let pinged = timeout(Duration::from_secs(10), inventory.ping()).await;
        (pinged.is_ok(), inventory.is_writer_calling())
    };
    let (written, read, watched) = tokio::join!(
        import(&inventory, "otto"),
        has(&inventory, "maria"),
        watched
    );
    assert_eq!(watched, (false, true));
    assert_eq!(kind(written), Some(WriteErrorKind::Unreachable));
    assert_eq!(kind(read), Some(WriteErrorKind::Unreachable));
    let error = inventory.write_error().unwrap();
    assert_eq!(error.kind, WriteErrorKind::Unreachable);
    assert!(error.to_string().contains("does not answer"), "{error}");
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );

    cluster.signal_all(Signal::SIGCONT);
    until_it_is_written(&inventory, "paul").await;
    assert!(has(&inventory, "maria").await.unwrap());
    assert!(!has(&inventory, "otto").await.unwrap());
    assert_eq!(inventory.write_error(), None);
}

/// Tries again until the pause after the last attempt to connect is over.
async fn until_it_is_written(inventory: &Inventory, name: &str) {
    let begun = Instant::now();
    while let Err(error) = import(inventory, name).await {
        assert!(error.write_error_kind().is_some(), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_asked_about() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let proxy = Proxy::new(cluster.folder());
    cluster.create_database("answers");
    let inventory = Shelf::new(url_of(proxy.folder(), "answers"))
        .open()
        .unwrap();
    proxy.lose(Loss::AnswerToCommit);
    import(&inventory, "maria").await.unwrap();
    assert!(proxy.has_lost());
    assert!(has(&inventory, "maria").await.unwrap());
    assert_eq!(inventory.write_error(), None);
}

#[tokio::test]
async fn a_commit_that_was_lost_itself_is_an_error() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let proxy = Proxy::new(cluster.folder());
    cluster.create_database("commits");
    let inventory = Shelf::new(url_of(proxy.folder(), "commits"))
        .open()
        .unwrap();
    proxy.lose(Loss::Commit);
    let written = import(&inventory, "maria").await;
    assert_eq!(kind(written), Some(WriteErrorKind::Unreachable));
    assert!(proxy.has_lost());
    assert!(!has(&inventory, "maria").await.unwrap());
    import(&inventory, "maria").await.unwrap();
}

#[tokio::test]
async fn a_server_that_takes_no_writes_is_named_as_such_and_read() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let shelf = Shelf::in_new_database(&cluster, "standby");
    let inventory = shelf.open().unwrap();
    import(&inventory, "maria").await.unwrap();
    let read_only = |value: &str| {
        let set = format!("ALTER DATABASE standby SET default_transaction_read_only = {value}");
        cluster.psql("postgres", &set);
        cluster.psql("standby", SESSIONS);
    };
    read_only("on");
    let written = import(&inventory, "otto").await;
    assert_eq!(kind(written), Some(WriteErrorKind::Standby));
    assert!(has(&inventory, "maria").await.unwrap());
    read_only("off");
    import(&inventory, "otto").await.unwrap();
    assert_eq!(inventory.write_error(), None);
}

#[tokio::test]
async fn of_several_hosts_the_one_that_takes_writes_is_used() {
    let (Some(standby), Some(primary)) = (Cluster::own(&[]), Cluster::shared()) else {
        return;
    };
    standby.create_database("hosts");
    let set = "ALTER DATABASE hosts SET default_transaction_read_only = on";
    standby.psql("hosts", set);
    primary.create_database("hosts");
    let host = |cluster: &Cluster| cluster.folder().display().to_string().replace('/', "%2F");
    let (standby_host, primary_host) = (host(&standby), host(&primary));
    let url = format!("postgres://perennial@%2Fnowhere,{standby_host},{primary_host}/hosts");
    let inventory = Shelf::new(url).open().unwrap();
    import(&inventory, "maria").await.unwrap();
    let count = "SELECT count(*) FROM token";
    assert_eq!(primary.psql("hosts", count).trim(), "1");
    assert!(standby.try_psql("hosts", count).is_err());
}

#[tokio::test]
async fn a_schema_that_was_changed_meanwhile_is_not_written_to() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let shelf = Shelf::in_new_database(&cluster, "upgraded");
    let inventory = shelf.open().unwrap();
    import(&inventory, "maria").await.unwrap();
    cluster.psql(
        "upgraded",
        "UPDATE inventory_schema SET version = version + 1",
    );
    let error = import(&inventory, "otto").await.unwrap_err();
    assert_eq!(error.write_error_kind(), Some(WriteErrorKind::OtherSchema));
    let words = inventory.write_error().unwrap().to_string();
    assert!(words.contains("Upgrade this node as well"), "{words}");
    assert!(
        words.contains("it has schema 2; this program works with 1"),
        "{words}"
    );
    // What it knows is still served.
    assert!(has(&inventory, "maria").await.unwrap());
    cluster.psql(
        "upgraded",
        "UPDATE inventory_schema SET version = version - 1",
    );
    import(&inventory, "otto").await.unwrap();
}
