//! Detects a pooler that lends sessions: what is set in one session is gone in it, or is seen in another.

use super::connection::Connection;
use super::server_error::ServerError;
use crate::inventory::error::Error;

/// A pooler may give the same session by chance.
const ROUNDS: u32 = 3;

const SEEN: &str = "SELECT current_setting('perennial.session', true)";

impl Connection {
    /// Refuses a server where `self` and `other` are not sessions of their own.
    pub(in crate::inventory::engine) fn reject_pooler(&self, other: &Self) -> Result<(), Error> {
        for round in 0..ROUNDS {
            let word = format!("{}-{round}", std::process::id());
            self.word(&format!(
                "SELECT set_config('perennial.session', '{word}', false)"
            ))?;
            // Inside a transaction a pooler lends a session to nobody else.
            other.script("BEGIN").map_err(|_| self.pooler())?;
            let seen_by_other = other.word(SEEN)?;
            let seen = (seen_by_other.as_deref() != Some(&word))
                .then(|| self.word(SEEN))
                .transpose();
            other.script("ROLLBACK")?;
            if seen?.flatten().as_deref() != Some(&word) {
                return Err(self.pooler());
            }
        }
        Ok(())
    }

    fn pooler(&self) -> Error {
        let server = self.server.name();
        Error::Server(ServerError::Pooler { server })
    }
}
