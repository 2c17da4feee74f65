//! An inventory on a server, as an operator meets it: what is wrong with its address, and what its commands say.

use std::fs;

use crate::world::Result;
use crate::world::daemon::Premises;
use crate::world::database::Database;

/// Premises whose inventory is at this address, with these lines more below it.
fn premises(url: &str, more: &str) -> Result<Premises> {
    let mut premises = Premises::new("http://127.0.0.1:1")?;
    premises.database = Database::Server {
        url: url.to_owned(),
    };
    premises.write_secret("inventory.url", url)?;
    premises.configure("http://127.0.0.1:1", "")?;
    let path = premises.path("perennial.toml");
    let text = fs::read_to_string(&path)?.replace("[alerts]", &format!("{more}\n[alerts]"));
    fs::write(path, text)?;
    Ok(premises)
}

fn ended(premises: &Premises, arguments: &[&str], code: i32, words: &str) -> Result {
    let output = premises.ask(arguments, "")?;
    let said = String::from_utf8([output.stdout, output.stderr].concat())?;
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(words), "{said}");
    assert!(!said.contains("canary"), "{said}");
    Ok(())
}

#[test]
fn a_server_that_cannot_be_reached_is_tried_again_by_systemd() -> Result {
    let premises = premises("postgres://u:canary@%2Fnowhere/x", "")?;
    let words = "/nowhere:5432/x cannot be reached";
    ended(&premises, &["run"], 1, words)
}

#[test]
fn an_address_that_is_wrong_is_a_matter_for_the_operator() -> Result {
    let open = premises("postgres://u:canary@db.example.com/x?sslmode=disable", "")?;
    let words = "leaves the way to another machine unencrypted";
    ended(&open, &["run"], 78, words)?;
    ended(&open, &["check-config"], 1, words)?;
    let twice = premises("postgres://u:canary@%2Fnowhere/x", "path = \"/srv/i.db\"")?;
    ended(&twice, &["run"], 78, "keep one of them")
}

#[test]
fn commands_for_files_name_what_is_used_instead() -> Result {
    let premises = premises("postgres://u:canary@%2Fnowhere/x", "")?;
    ended(&premises, &["backup", "copy.db"], 1, "pg_dump")?;
    ended(&premises, &["restore", "copy.db"], 1, "pg_restore")?;
    ended(
        &premises,
        &["rekey"],
        1,
        "/nowhere:5432/x cannot be reached",
    )
}
