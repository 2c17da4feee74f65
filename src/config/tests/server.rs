//! An inventory on a server: its address is a secret, and what only a file has is refused.

use super::*;

const URL: &str = "postgres://perennial:canary-0123456789@db.example.com/inventory";

fn with_server(more: &str) -> (Backend, String) {
    let desk = Backend::new();
    let credential = desk.dir.path().join("credentials/inventory.url");
    fs::write(credential, format!("{URL}\n")).unwrap();
    let text = format!("{LEAST}[inventory]\nurl = {{ credential = \"inventory.url\" }}\n{more}");
    (desk, text)
}

#[test]
fn an_inventory_on_a_server_is_named_by_a_secret() {
    let (desk, text) = with_server("");
    let config = desk.load(text).unwrap();
    assert_eq!(
        config.inventory.place.to_string(),
        "db.example.com:5432/inventory"
    );
    assert_eq!(config.inventory.node, "db-client");
    assert_eq!(config.schedule.backup, None);
    assert_eq!(
        config.status.serve_from_memory,
        SignedDuration::from_hours(1)
    );
    assert!(config.warnings.is_empty());
    let shown = format!("{config:?}");
    assert!(shown.contains("db.example.com") && !shown.contains("canary"));

    let (desk, text) = with_server("node = \"one\"\nkeep_backups = 3\n");
    assert_eq!(desk.load(&text).unwrap().inventory.node, "one");
    assert_eq!(
        desk.warnings(&text),
        [
            "perennial.toml:12: [inventory] keep_backups: does nothing with url: copies of a server's inventory are made \
             with pg_dump"
        ]
    );
}

#[test]
fn what_a_server_s_inventory_has_not_and_what_it_needs_is_refused() {
    let ca = format!(
        "{}/tests/fixtures/tls/localhost.key",
        env!("CARGO_MANIFEST_DIR")
    );
    for (more, expected) in [
        (
            "path = \"/srv/inventory.db\"\n",
            "11: [inventory] path: is the inventory as a file, and url is one on a server; keep one of them",
        ),
        (
            "serve_from_memory = \"25h\"\n",
            "11: [inventory] serve_from_memory: must be at most 24h: a secret that was replaced meanwhile is served, too",
        ),
        (
            "node = \"a b\"\n",
            "11: [inventory] node: is not a valid node name; use up to 64 letters, digits and . _ - and begin with a letter \
             or digit",
        ),
        (
            &format!("ca = \"{ca}\"\n"),
            "11: [inventory] ca: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
        ),
    ] {
        let (desk, text) = with_server(more);
        let problems = desk.problems(text);
        assert_eq!(problems, format!("perennial.toml:{expected}"));
    }
    let desk = Backend::new();
    let problems = desk.problems(format!("{LEAST}[inventory]\nnode = \"one\"\n"));
    assert_eq!(
        problems,
        "perennial.toml:10: [inventory] node: is of an inventory on a server; name that one with url, or leave this away"
    );
    let (desk, text) = with_server("");
    let credential = desk.dir.path().join("credentials/inventory.url");
    fs::write(credential, format!("{URL}?sslmode=disable")).unwrap();
    assert_eq!(
        desk.problems(text),
        "perennial.toml:10: [inventory] url: leaves the way to another machine unencrypted; leave sslmode away, so that \
         TLS is used and the server's certificate verified"
    );
}

#[test]
fn another_place_needs_a_restart() {
    let (desk, text) = with_server("");
    let on_server = desk.load(text).unwrap();
    let in_file = desk.load(LEAST).unwrap();
    assert_eq!(in_file.needs_restart(&on_server), ["inventory.url"]);
    assert_eq!(on_server.needs_restart(&in_file), ["inventory.path"]);
    let (desk, text) = with_server("node = \"lima\"\n");
    let renamed = desk.load(text).unwrap();
    assert_eq!(on_server.needs_restart(&renamed), ["inventory.node"]);
}

#[test]
fn commands_for_files_say_what_to_do_instead() {
    let (desk, text) = with_server("");
    let path = desk.file("perennial.toml", 0o640, text);
    let stores = stores(Path::new(&path)).unwrap();
    assert_eq!(stores.inventory, None);
    let error = stores.file("copy it with pg_dump").unwrap_err().to_string();
    assert!(error.ends_with("names one on a server: copy it with pg_dump"));
}
