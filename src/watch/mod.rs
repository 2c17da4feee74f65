//! Watches the daemon from outside, and writes by itself when that is down or does not do its work: one letter per
//! cause, a reminder a day, one when it is over. It needs neither the daemon nor the inventory.
//!
//! - `policy`: what is wrong, and which letters that takes (pure) · `words`: the letters
//! - `facts`: asking · `memory`: what was told already · `failure`: a unit that systemd gave up

mod facts;
mod failure;
mod memory;
pub mod policy;
mod words;

use std::path::PathBuf;

use jiff::Timestamp;

use crate::alerts::mailer::Mailer;
use crate::config::Outlook;
pub use facts::gather;
pub use failure::Failed;
use memory::Memory;
pub use policy::{Alarm, Facts, Finding, findings};
use policy::{Letter, Standing};

/// What became of the letters that something took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Subjects of letters that left.
    pub sent: Vec<String>,
    /// Why others did not.
    pub faults: Vec<String>,
}

/// Writes the letters that the findings take. What could not be sent is tried again the next time.
pub async fn tell(outlook: &Outlook, findings: &[Finding], now: Timestamp) -> Told {
    let place = memory_of(outlook);
    let mut memory = Memory::read(&place);
    let letters = policy::letters(&mut memory.standing, findings, now);
    let mut told = Told::default();
    for letter in letters {
        send(outlook, &mut memory, &letter, &mut told, now).await;
    }
    if let Err(error) = memory.write(&place) {
        told.faults.push(format!(
            "what was told cannot be kept in {}: {error}",
            place.display()
        ));
    }
    told
}

/// Writes that systemd gave a unit up. It counts as told that the daemon is down.
pub async fn tell_of_failure(outlook: &Outlook, failed: &Failed, now: Timestamp) -> Told {
    let place = memory_of(outlook);
    let mut memory = Memory::read(&place);
    let letter = Letter::first(Alarm::Down, failed.in_words(), now);
    let standing = Standing::begun(now);
    memory
        .standing
        .insert(Alarm::Down.word().to_owned(), standing);
    let mut told = Told::default();
    send(outlook, &mut memory, &letter, &mut told, now).await;
    if let Err(error) = memory.write(&place) {
        told.faults
            .push(format!("what was told cannot be kept: {error}"));
    }
    told
}

async fn send(
    outlook: &Outlook,
    memory: &mut Memory,
    letter: &Letter,
    told: &mut Told,
    now: Timestamp,
) {
    let notice = words::notice(letter, &outlook.alerts.timezone, now);
    let (id, first) = letter.ids(&outlook.alerts.message_domain);
    let written = notice.letter(&outlook.alerts.operators, id, first);
    let sent = match Mailer::new(outlook.mail.clone()) {
        Ok(mailer) => mailer
            .send_once(written, now)
            .await
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match sent {
        Ok(_) => {
            policy::sent(&mut memory.standing, letter, now);
            told.sent.push(notice.subject);
        }
        Err(why) => told
            .faults
            .push(format!("\"{}\" could not be sent: {why}", notice.subject)),
    }
}

/// systemd says where state belongs; else it stands beside the inventory.
fn memory_of(outlook: &Outlook) -> PathBuf {
    let given = std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    let folder = given.or_else(|| outlook.inventory.parent().map(PathBuf::from));
    folder.unwrap_or_default().join("watch.json")
}
