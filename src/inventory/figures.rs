//! The figures of the status. The writer reads them after every commit and keeps them in memory, so that a request for
//! the status neither reads the inventory nor waits for a reader or the writer.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Error, Inventory, Mark, View};
use crate::model::{Figures, Fleet, Recorded};

/// The figures as of the last commit.
pub(super) struct Published(Mutex<Reading>);

#[derive(Clone)]
struct Reading {
    figures: Arc<Figures>,
    /// `mail_changes` at the time: as long as it does not move, the mail queue has the same figures.
    mail_changes: u64,
}

impl Inventory {
    /// The figures as of the last commit. They contain every write whose result was returned.
    pub fn figures(&self) -> Arc<Figures> {
        self.0.figures.latest().figures
    }

    /// The last event that was recorded here since this was called.
    pub fn take_newest_mark(&self) -> Option<Mark> {
        self.0.writer.take_newest()
    }

    /// What was recorded since the inventory was opened.
    pub fn recorded(&self) -> Recorded {
        self.0.writer.recorded()
    }
}

impl Published {
    pub(super) fn read(view: &View<'_>) -> Result<Self, Error> {
        view.reading(None).map(Mutex::new).map(Self)
    }

    /// Reads the figures again. If that fails, the earlier ones stay and are marked as outdated.
    pub(super) fn refresh(&self, view: &View<'_>) {
        let before = self.latest();
        let reading = view
            .reading(Some(&before))
            .unwrap_or_else(|error| before.outdated(&error));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = reading;
    }

    fn latest(&self) -> Reading {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Reading {
    fn outdated(self, error: &Error) -> Self {
        if self.figures.outdated.is_none() {
            tracing::error!("the figures of the status cannot be read from the inventory: {error}");
        }
        let mut figures = Figures::clone(&self.figures);
        figures.outdated = Some(error.to_string());
        Self {
            figures: Arc::new(figures),
            ..self
        }
    }
}

impl View<'_> {
    fn reading(&self, before: Option<&Reading>) -> Result<Reading, Error> {
        let totals = self.totals()?;
        let unchanged = before.filter(|before| before.mail_changes == totals.mail_changes);
        let mail = match unchanged {
            Some(before) => before.figures.mail.clone(),
            None => self.mail_queue()?,
        };
        let tokens = self.token_totals()?;
        let figures = Figures {
            deliveries: totals.deliveries,
            fleet: Fleet::of(&tokens),
            tokens,
            incidents: totals.incidents,
            mail,
            next_deadline: self.next_deadline()?,
            outdated: None,
        };
        Ok(Reading {
            figures: Arc::new(figures),
            mail_changes: totals.mail_changes,
        })
    }
}

#[cfg(test)]
mod tests;
