//! What the simulated mail server received, which is held against what the journal says.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;

use super::Result;
use super::fleet::Fleet;

#[derive(Default)]
pub(super) struct Mailbox {
    /// The Message-IDs of all emails so far, and whether it could be recorded that they were sent.
    received: HashMap<String, Recorded>,
    /// Emails in which no secret was looked for yet.
    unread: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recorded {
    Yes,
    /// The disk was full. Then an email is sent again after a restart.
    Perhaps,
}

impl Mailbox {
    /// Takes away the emails that arrived in this step. Returns what is wrong with them: each must be one of those that
    /// were `written`, and have arrived once.
    pub(super) fn empty(
        &mut self,
        fleet: &Fleet,
        written: &HashSet<String>,
    ) -> Result<Vec<String>> {
        let Some(folder) = fleet.mail.path() else {
            return Ok(Vec::new());
        };
        let recorded = match fleet.is_disk_full {
            true => Recorded::Perhaps,
            false => Recorded::Yes,
        };
        let mut wrong = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension() != Some(OsStr::new("eml")) {
                continue;
            }
            let email = fs::read(&path)?;
            fs::remove_file(path)?;
            let id = message_id(&email).unwrap_or_default();
            if !written.contains(&id) {
                wrong.push(format!("an email arrived as {id:?}, which was not written"));
            }
            if self.received.insert(id.clone(), recorded) == Some(Recorded::Yes) {
                wrong.push(format!("an email arrived twice as {id:?}"));
            }
            self.unread.push(email);
        }
        Ok(wrong)
    }

    pub(super) fn has(&self, message_id: &str) -> bool {
        self.received.contains_key(message_id)
    }

    pub(super) fn take_unread(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.unread)
    }
}

/// The one header of this name, without its angle brackets.
fn message_id(email: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(email);
    let header = text.split("\r\n\r\n").next()?;
    // A long header goes on in the next line.
    let header = header.replace("\r\n ", " ");
    let mut values = header
        .lines()
        .filter_map(|line| line.strip_prefix("Message-ID:"));
    let value = values.next().filter(|_| values.clone().next().is_none())?;
    let id = value.trim().strip_prefix('<')?.strip_suffix('>')?;
    Some(id.to_owned())
}
