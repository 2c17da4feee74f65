//! Apps: what is stored for an app rather than for a token: its call budget, its error, when its calls resume.

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::{Error, NewEvent, Tx, View, rows};
use crate::model::{AppError, AppRecord, Cause, Event, Scopes};

fn record(row: &Row<'_>) -> rusqlite::Result<AppRecord> {
    let cause = rows::maybe_string_enum(row, 2, Cause::from_name)?;
    let since = rows::maybe_instant(row, 3)?;
    let failures = row.get(4)?;
    Ok(AppRecord {
        name: row.get(0)?,
        budget: row.get(1)?,
        error: cause.zip(since).map(|(cause, since)| AppError {
            cause,
            since,
            failures,
        }),
        resume_at: rows::maybe_instant(row, 5)?.filter(|at| *at > Timestamp::UNIX_EPOCH),
        served_version: row.get(6)?,
    })
}

const RECORD: &str = "SELECT name, budget, error, failing_since, failures, resume_at,
    served_version FROM app";

impl View<'_> {
    pub fn app(&self, name: &str) -> Result<AppRecord, Error> {
        let sql = format!("{RECORD} WHERE name = ?1");
        let mut found = self.db.prepare_cached(&sql)?;
        let mut found = found.query([name])?;
        let unknown = || AppRecord {
            name: name.to_owned(),
            ..AppRecord::default()
        };
        Ok(found
            .next()?
            .map(record)
            .transpose()?
            .unwrap_or_else(unknown))
    }

    pub fn apps(&self) -> Result<Vec<AppRecord>, Error> {
        let sql = format!("{RECORD} ORDER BY name");
        let mut found = self.db.prepare_cached(&sql)?;
        let found = found.query_map([], record)?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Ends the app's back-off, because its error may be fixed. Keeps it while Meta throttles or blocks the app.
    pub fn clear_backoff(&self, app: &str) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "UPDATE app SET resume_at = 0
                 WHERE name = ?1 AND error NOT IN ('throttled', 'blocked')",
            )?
            .execute([app])?;
        Ok(())
    }

    /// Stores the scopes that the configuration asks for at login. Tokens without required scopes of their own are
    /// measured against them.
    pub fn require_scopes(&self, app: &str, scopes: &Scopes) -> Result<(), Error> {
        self.db
            .prepare_cached(
                "INSERT INTO app (name, scopes) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET scopes = excluded.scopes
                 WHERE scopes <> excluded.scopes",
            )?
            .execute(params![app, scopes])?;
        Ok(())
    }

    /// Stores what a sweep learned about the app. An error that begins, changes or ends is recorded as an event and
    /// makes the app's incidents due for review.
    pub fn store_app(&self, app: &AppRecord, now: Timestamp) -> Result<(), Error> {
        let before = self.app(&app.name)?;
        self.db
            .prepare_cached(
                "INSERT INTO app (name, budget, error, failing_since, failures, resume_at,
                    served_version)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (name) DO UPDATE SET budget = excluded.budget, error = excluded.error,
                    failing_since = excluded.failing_since, failures = excluded.failures,
                    resume_at = excluded.resume_at, served_version = excluded.served_version",
            )?
            .execute(params![
                app.name,
                app.budget,
                app.error.map(|error| error.cause.as_str()),
                rows::seconds(app.error.map(|error| error.since)),
                app.error.map_or(0, |error| error.failures),
                rows::seconds(app.resume_at).unwrap_or(0),
                app.served_version
            ])?;
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
