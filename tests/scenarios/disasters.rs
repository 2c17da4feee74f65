//! What can happen to an inventory: a lost key, a broken file, a full disk, a crash in the middle of a change. Each
//! ends with a message that says what to do, and nothing is overwritten.

mod copies;
mod faults;
mod links;
mod rekeying;
mod storage;

use std::process::Output;

use crate::world::Result;

/// Asserts a command's exit code and the texts in its output. Returns both streams.
#[track_caller]
fn ended(output: &Output, code: i32, said: &[&str]) -> String {
    let words = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words}");
    for expected in said {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    words
}

/// Imports a token under this name.
fn import(premises: &crate::world::daemon::Premises, name: &str) -> Result {
    let token = format!("EAAcanary{name}");
    let output = premises.ask(
        &["import", "--app", "acme", "--name", name, "--timeout", "0s"],
        &token,
    )?;
    ended(&output, 0, &["Added as"]);
    Ok(())
}
