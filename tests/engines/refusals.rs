//! What a daemon does not start on, and that nothing is written before that is known.

use std::net::TcpListener;
use std::thread;

use perennial::inventory::{Authority, Error, Inventory, ServerError};
use perennial::secret::Key;

use super::cluster::Cluster;
use super::shelf::{Shelf, has, import};

/// Everything that a database holds.
fn content(cluster: &Cluster, database: &str) -> String {
    let tables =
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1";
    let tables = cluster.psql(database, tables);
    let rows = tables.lines().map(|table| {
        cluster.psql(
            database,
            &format!("SELECT t::text FROM {table} t ORDER BY 1"),
        )
    });
    format!("{tables}{}", rows.clone().collect::<String>())
}

#[tokio::test]
async fn a_wrong_key_a_newer_schema_and_a_foreign_database_are_refused_before_any_write() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let shelf = Shelf::in_new_database(&cluster, "refusals");
    import(&shelf.open().unwrap(), "maria").await.unwrap();
    let before = content(&cluster, "refusals");
    let error = shelf.open_with(Key::generate().unwrap()).unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
    assert_eq!(content(&cluster, "refusals"), before);

    cluster.psql("refusals", "UPDATE inventory_schema SET version = 999");
    let before = content(&cluster, "refusals");
    let error = shelf.open().unwrap_err();
    assert!(
        matches!(error, Error::NewerSchema { found: 999, .. }),
        "{error}"
    );
    assert_eq!(content(&cluster, "refusals"), before);

    let foreign = Shelf::in_new_database(&cluster, "diary");
    cluster.psql("diary", "CREATE TABLE bookmark (url TEXT)");
    let error = foreign.open().unwrap_err();
    let is_foreign = matches!(error, Error::Server(ServerError::Foreign { .. }));
    assert!(is_foreign, "{error}");
    assert_eq!(content(&cluster, "diary"), "bookmark\n");
}

#[tokio::test]
async fn what_an_extension_brings_along_is_not_foreign() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let shelf = Shelf::in_new_database(&cluster, "extended");
    // A table that belongs to an extension, as those that count statements have.
    let extended = "CREATE TABLE counted (n INT); ALTER EXTENSION plpgsql ADD TABLE counted";
    cluster.psql("extended", extended);
    shelf.open().unwrap();
}

#[tokio::test]
async fn a_database_that_is_not_there_is_a_matter_of_the_configuration() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let nowhere = Shelf::new(cluster.url("nowhere"));
    let Err(Error::Server(error)) = nowhere.open() else {
        panic!("it opened");
    };
    assert!(error.is_permanent(), "{error}");
    let elsewhere = Shelf::new("postgres://perennial@%2Fnowhere/x".to_owned());
    let Err(Error::Server(error)) = elsewhere.open() else {
        panic!("it opened");
    };
    assert!(!error.is_permanent(), "{error}");
}

#[test]
fn of_several_that_start_at_once_one_makes_the_schema_and_the_keys() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let shelf = Shelf::in_new_database(&cluster, "crowd");
    let opened: Vec<Result<Inventory, Error>> = thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| shelf.open())).collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    let errors: Vec<&Error> = opened
        .iter()
        .filter_map(|opened| opened.as_ref().err())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let made = "SELECT count(*), (SELECT count(*) FROM data_key) FROM inventory_schema";
    assert_eq!(cluster.psql("crowd", made).trim(), "1|2");
}

/// With a certificate that bears the name localhost, on a free port.
fn encrypted() -> Option<(Cluster, u16)> {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut cluster = Cluster::own(&[&format!("port={port}")])?;
    let certificate = cluster.write(
        "server.pem",
        include_bytes!("../fixtures/tls/localhost.pem"),
    );
    let key = cluster.write(
        "server.key",
        include_bytes!("../fixtures/tls/localhost.key"),
    );
    cluster.reconfigure(&[
        &format!("port={port}"),
        "listen_addresses=127.0.0.1",
        "ssl=on",
        &format!("ssl_cert_file={}", certificate.display()),
        &format!("ssl_key_file={}", key.display()),
    ]);
    cluster.create_database("perennial");
    Some((cluster, port))
}

#[tokio::test]
async fn the_server_s_certificate_is_verified() {
    let Some((cluster, port)) = encrypted() else {
        return;
    };
    let authority = Authority::from_pem(include_bytes!("../fixtures/tls/ca.pem")).unwrap();
    let mut shelf = Shelf::new(format!("postgres://perennial@localhost:{port}/perennial"));
    shelf.authority = Some(authority);
    let inventory = shelf.open().unwrap();
    import(&inventory, "maria").await.unwrap();
    assert!(has(&inventory, "maria").await.unwrap());
    let encrypted = "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'perennial test'";
    assert_eq!(cluster.psql("perennial", encrypted).trim(), "t");
    drop(inventory);

    // Signed by nobody whom this machine trusts; and for another name than that of the host.
    let unknown = format!("postgres://perennial@localhost:{port}/perennial?sslmode=verify-full");
    let other_name = format!("postgres://perennial@127.0.0.1:{port}/perennial");
    for (url, authority) in [(unknown, None), (other_name, shelf.authority.clone())] {
        shelf.url = url;
        shelf.authority = authority;
        let error = shelf.open().unwrap_err();
        let is_of_encryption = matches!(error, Error::Server(ServerError::Tls { .. }));
        assert!(is_of_encryption, "{error}");
    }
}

#[tokio::test]
async fn a_server_without_encryption_is_refused_where_it_is_asked_for() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let settings = [&format!("port={port}"), "listen_addresses=127.0.0.1"];
    let Some(cluster) = Cluster::own(&settings) else {
        return;
    };
    cluster.create_database("perennial");
    let place = format!("postgres://perennial@127.0.0.1:{port}/perennial");
    let error = Shelf::new(format!("{place}?sslmode=require")).open();
    let error = error.unwrap_err();
    let is_of_encryption = matches!(error, Error::Server(ServerError::Tls { .. }));
    assert!(is_of_encryption, "{error}");
    Shelf::new(place).open().unwrap();
}
