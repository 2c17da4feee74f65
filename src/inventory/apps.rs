//! Apps: what is stored for an app rather than for a token: its call budget, its error, when its calls resume.

use jiff::Timestamp;

use super::engine::Row;
use super::{Error, Tx, View};
use crate::model::{AppError, AppRecord, Event, NewEvent, Scopes};

fn record(row: &Row<'_>) -> Result<AppRecord, Error> {
    let (cause, since) = (row.get::<Option<_>>(2)?, row.get(3)?);
    let failures = row.get(4)?;
    Ok(AppRecord {
        name: row.get(0)?,
        budget: row.get(1)?,
        error: cause.zip(since).map(|(cause, since)| AppError {
            cause,
            since,
            failures,
        }),
        resume_at: Some(row.get(5)?).filter(|at: &Timestamp| *at > Timestamp::UNIX_EPOCH),
        served_version: row.get(6)?,
    })
}

const RECORD: &str = "SELECT name, budget, error, failing_since, failures, resume_at,
    served_version FROM app";

impl View<'_> {
    pub fn app(&self, name: &str) -> Result<AppRecord, Error> {
        let named = format!("{RECORD} WHERE name = ?1");
        let found = self.db.maybe(&named, &[&name], record)?;
        Ok(found.unwrap_or_else(|| AppRecord {
            name: name.to_owned(),
            ..AppRecord::default()
        }))
    }

    pub fn apps(&self) -> Result<Vec<AppRecord>, Error> {
        self.db.all(&format!("{RECORD} ORDER BY name"), &[], record)
    }
}

impl Tx<'_> {
    /// Ends the app's back-off, because its error may be fixed. Keeps it while Meta throttles or blocks the app.
    pub fn clear_backoff(&self, app: &str) -> Result<(), Error> {
        self.db.run(
            "UPDATE app SET resume_at = 0
             WHERE name = ?1 AND error NOT IN ('throttled', 'blocked')",
            &[&app],
        )
    }

    /// Stores the scopes that the configuration asks for at login. Tokens without required scopes of their own are
    /// measured against them.
    pub fn require_scopes(&self, app: &str, scopes: &Scopes) -> Result<(), Error> {
        self.db.run(
            "INSERT INTO app (name, scopes) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET scopes = excluded.scopes
             WHERE app.scopes <> excluded.scopes",
            &[&app, scopes],
        )
    }

    /// Stores what was learned about the app with so many calls. An error that begins, changes or ends is recorded as an event and
    /// makes the app's incidents due for review.
    pub fn store_app(&self, app: &AppRecord, calls: u32, now: Timestamp) -> Result<(), Error> {
        self.recorded
            .borrow_mut()
            .add_calls(&app.name, calls.into());
        let before = self.app(&app.name)?;
        self.db.run(
            "INSERT INTO app (name, budget, error, failing_since, failures, resume_at,
                served_version)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (name) DO UPDATE SET budget = excluded.budget, error = excluded.error,
                failing_since = excluded.failing_since, failures = excluded.failures,
                resume_at = excluded.resume_at, served_version = excluded.served_version",
            &[
                &app.name,
                &app.budget,
                &app.error.map(|error| error.cause),
                &app.error.map(|error| error.since),
                &app.error.map_or(0, |error| error.failures),
                &app.resume_at.unwrap_or(Timestamp::UNIX_EPOCH),
                &app.served_version,
            ],
        )?;
        self.record_app_error(&before, app, now)
    }

    fn record_app_error(
        &self,
        before: &AppRecord,
        after: &AppRecord,
        now: Timestamp,
    ) -> Result<(), Error> {
        let cause = |app: &AppRecord| app.error.map(|error| error.cause);
        let (was, is) = (cause(before), cause(after));
        if was == is {
            return Ok(());
        }
        self.review_incidents_of_app(&after.name, now)?;
        let event = match (is, was) {
            (Some(cause), _) => Event::AppFailing { cause },
            (None, Some(cause)) => Event::AppRecovered { cause },
            (None, None) => return Ok(()),
        };
        self.record_event(&NewEvent::of_app(&after.name, event), now)
            .map(drop)
    }
}
