//! What changed since a digest, as the journal has it. A token counts once, by what it was then and what it is now.

use std::collections::HashMap;

use super::{Error, View, journal};
use crate::model::{ActivityCounts, Event, EventId, Outcome, State, TokenId};

/// How the message id of a summary begins.
const SUMMARY: &str = "digest-";

/// A token before the first event and after the last one; `None` while it did not exist.
#[derive(Clone, Copy, Debug)]
struct Change {
    before: Option<State>,
    after: Option<State>,
}

#[derive(Debug, Default)]
struct Activity {
    counts: ActivityCounts,
    tokens: HashMap<TokenId, Change>,
}

impl View<'_> {
    pub fn activity_since(&self, event: EventId) -> Result<ActivityCounts, Error> {
        let mut activity = Activity::default();
        self.db.all::<(), ()>(
            "SELECT kind, detail, token FROM event WHERE id > ?1 AND kind IN
                ('imported', 'discovered', 'forgotten', 'data_deleted', 'changed', 'rotated', 'derived',
                 'incident_opened', 'incident_resolved', 'email_written')
             ORDER BY id",
            &[&event],
            |row| {
                let token: Option<TokenId> = row.get(2)?;
                activity.count(&journal::event(row, 0, 1)?.0, token);
                Ok(())
            },
        )?;
        Ok(activity.counts())
    }
}

impl Activity {
    fn count(&mut self, event: &Event, token: Option<TokenId>) {
        let counts = &mut self.counts;
        match event {
            Event::Rotated {
                outcome: Outcome::Renewed,
                ..
            } => counts.renewed += 1,
            Event::Derived { .. } => counts.derived += 1,
            Event::IncidentOpened { .. } => counts.opened += 1,
            Event::IncidentResolved { .. } => counts.resolved += 1,
            // The last summary itself is no news.
            Event::EmailWritten(email) if email.message_id.starts_with(SUMMARY) => {}
            Event::EmailWritten(_) => counts.emails += 1,
            // Nothing else is kept about these tokens.
            Event::DataDeleted { tokens, .. } => counts.removed += tokens,
            _ => {
                if let (Some(token), Some(change)) = (token, change(event)) {
                    let known = self.tokens.entry(token).or_insert(change);
                    known.after = change.after;
                }
            }
        }
    }

    fn counts(self) -> ActivityCounts {
        let mut counts = self.counts;
        for Change { before, after } in self.tokens.into_values() {
            let was_dead = before == Some(State::Dead);
            match (before, after) {
                (None, None) => {}
                (Some(_), None) => counts.removed += 1,
                (_, Some(State::Dead)) if !was_dead => counts.broken += 1,
                (_, Some(after)) if was_dead && after != State::Dead => counts.mended += 1,
                (_, Some(_)) => {}
            }
            counts.added += u64::from(before.is_none() && after.is_some());
        }
        counts
    }
}

/// What an event says about the state of its token.
fn change(event: &Event) -> Option<Change> {
    Some(match *event {
        Event::Imported { .. } | Event::Discovered { .. } => Change {
            before: None,
            after: Some(State::Unverified),
        },
        // The state before does not matter then.
        Event::Forgotten { .. } => Change {
            before: Some(State::Unverified),
            after: None,
        },
        Event::Changed { from, to, .. } => Change {
            before: Some(from),
            after: Some(to),
        },
        _ => return None,
    })
}
