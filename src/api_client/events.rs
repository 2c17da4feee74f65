//! Reads the journal line by line as it arrives.

use reqwest::Response;

use super::connection::{interrupted, too_long};
use super::{Error, not_understood};
use crate::api::types::EventView;

/// Far longer than any event.
const LONGEST_LINE: usize = 1 << 20;

#[derive(Debug)]
pub struct EventStream {
    response: Response,
    /// Bytes that have arrived but do not end a line yet.
    pending: Vec<u8>,
}

impl EventStream {
    pub(super) const fn new(response: Response) -> Self {
        Self {
            response,
            pending: Vec::new(),
        }
    }

    /// The next event; `None` when the journal ends, or when the daemon stops.
    pub async fn next(&mut self) -> Result<Option<EventView>, Error> {
        let Some(line) = self.next_line().await? else {
            return Ok(None);
        };
        serde_json::from_slice(&line)
            .map(Some)
            .map_err(|error| not_understood("/v1/events", &error))
    }

    /// The next line without its line end.
    pub async fn next_line(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            if let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
                let rest = self.pending.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.pending, rest);
                line.pop();
                return Ok(Some(line));
            }
            if self.pending.len() > LONGEST_LINE {
                return Err(too_long());
            }
            let part = self.response.chunk().await;
            let Some(part) = part.map_err(|error| interrupted(&error))? else {
                return Ok(None);
            };
            self.pending.extend_from_slice(&part);
        }
    }
}
