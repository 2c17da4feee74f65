//! What may befall an inventory: a lost key, a broken file, a full disk, a crash in the midst of something. Each ends in
//! words that say what to do, and nothing is overwritten.

mod copies;
mod faults;
mod links;
mod rekeying;
mod storage;

use std::process::Output;

use crate::world::Result;

/// What a command said, on both streams, with the code it ended with.
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

/// A token, taken in by name.
fn import(premises: &crate::world::daemon::Premises, name: &str) -> Result {
    let token = format!("EAAcanary{name}");
    let output = premises.ask(
        &["import", "--app", "acme", "--name", name, "--timeout", "0s"],
        &token,
    )?;
    ended(&output, 0, &["Added as"]);
    Ok(())
}
