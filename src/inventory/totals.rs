//! Totals: the whole inventory in a few figures. Each is kept up to date or found by an index, so that no query counts
//! a million tokens.

use jiff::Timestamp;

use super::engine::fields;
use super::{Error, View};
use crate::model::{
    Deadline, DeliveryCounts, Fleet, IncidentCounts, MailQueue, State, TokenTotal, Unchecked,
};

/// The row of the table of this name.
pub(super) struct Totals {
    pub(super) incidents: IncidentCounts,
    pub(super) deliveries: DeliveryCounts,
    pub(super) mail_changes: u64,
}

impl View<'_> {
    pub fn fleet(&self) -> Result<Fleet, Error> {
        self.token_totals().map(|totals| Fleet::of(&totals))
    }

    /// The tokens by app, kind and state. What once had some keeps a zero. One statement without a join, because it runs after
    /// every commit.
    pub(super) fn token_totals(&self) -> Result<Vec<TokenTotal>, Error> {
        let mut totals: Vec<TokenTotal> = self.db.all(
            "SELECT app, nullif(kind, ''), state, tokens FROM checked_total WHERE state <> 'unverified'
             UNION ALL
             SELECT app, NULL, 'unverified', tokens FROM token_total",
            &[],
            fields!(TokenTotal {
                app,
                kind,
                state,
                tokens
            }),
        )?;
        leave_unverified(&mut totals);
        Ok(totals)
    }

    /// Tokens that have been failing since `since` or longer, by app. An app with an error is left out: that error is
    /// reported by itself.
    pub fn unchecked(&self, since: Timestamp) -> Result<Vec<Unchecked>, Error> {
        self.db.all(
            "SELECT app, count(*), min(name) FROM token
             WHERE state = 'failing' AND failures > 0 AND since <= ?1
                AND app NOT IN (SELECT name FROM app WHERE error IS NOT NULL)
             GROUP BY app ORDER BY app",
            &[&since],
            fields!(Unchecked {
                app,
                tokens,
                example
            }),
        )
    }

    pub fn next_deadline(&self) -> Result<Option<Deadline>, Error> {
        self.db.maybe(
            "SELECT t.name, s.deadline FROM schedule s JOIN token t ON t.id = s.token
             WHERE s.deadline IS NOT NULL ORDER BY s.deadline, s.token LIMIT 1",
            &[],
            fields!(Deadline { token, at }),
        )
    }

    /// The totals that are kept, and how often anything has changed that `mail_queue` reads.
    pub(super) fn totals(&self) -> Result<Totals, Error> {
        self.db.one(
            "SELECT open_incidents, unacknowledged_incidents, pending_deliveries, failed_deliveries,
                mail_changes FROM totals",
            &[],
            |row| {
                Ok(Totals {
                    incidents: IncidentCounts {
                        open: row.get(0)?,
                        unacknowledged: row.get(1)?,
                    },
                    deliveries: DeliveryCounts {
                        pending: row.get(2)?,
                        failed: row.get(3)?,
                    },
                    mail_changes: row.get(4)?,
                })
            },
        )
    }

    /// Reads the emails that wait or are undelivered, so it is called only after one of them has changed. Each statement
    /// reads an index alone, because the rows are long.
    pub fn mail_queue(&self) -> Result<MailQueue, Error> {
        let (queued, oldest_queued_at, last_error) = self.db.one(QUEUED, &[], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        let (undelivered, unread, rejection) = self.db.one(UNDELIVERED, &[], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        Ok(MailQueue {
            queued,
            oldest_queued_at,
            last_error,
            undelivered,
            unread,
            rejection,
            unreached_since: self.db.maybe_value(UNREACHED_SINCE, &[])?,
        })
    }
}

/// An unverified total is that of all tokens of its app until here. Subtracting costs less than a join, and this runs
/// after every commit.
fn leave_unverified(totals: &mut [TokenTotal]) {
    let (checked, all): (Vec<_>, Vec<_>) = totals
        .iter_mut()
        .partition(|total| total.state != State::Unverified);
    for total in all {
        let of_app = checked.iter().filter(|checked| checked.app == total.app);
        let checked: u64 = of_app.map(|checked| checked.tokens).sum();
        total.tokens = total.tokens.saturating_sub(checked);
    }
}

const QUEUED: &str = "SELECT (SELECT count(*) FROM email WHERE next_try_at IS NOT NULL),
    (SELECT min(created_at) FROM email WHERE next_try_at IS NOT NULL),
    (SELECT last_error FROM email WHERE next_try_at IS NOT NULL AND last_error IS NOT NULL
        ORDER BY id DESC LIMIT 1)";

/// An undelivered email matters until its incident is resolved, or a later email about it was sent.
const UNDELIVERED: &str =
    "SELECT count(*), count(*) FILTER (WHERE l.delivered_to = '[]'), max(l.last_error)
    FROM email l LEFT JOIN incident i ON i.id = l.incident
    WHERE l.undelivered_at IS NOT NULL AND i.resolved_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM email later
        WHERE later.incident IS NOT DISTINCT FROM l.incident AND later.id > l.id
            AND later.sent_at IS NOT NULL AND later.undelivered_at IS NULL)";

/// The oldest email that failed to reach anybody, if none was sent after it.
const UNREACHED_SINCE: &str = "SELECT created_at FROM email
    WHERE delivered_to = '[]'
        AND (next_try_at IS NOT NULL AND last_error IS NOT NULL OR undelivered_at IS NOT NULL)
        AND created_at > coalesce(
            (SELECT max(sent_at) FROM email WHERE sent_at IS NOT NULL), -1)
    ORDER BY created_at LIMIT 1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::tests::Bench;

    #[tokio::test]
    async fn the_mail_queue_is_read_from_indexes_alone() {
        let bench = Bench::new();
        let inventory = bench.open();
        for sql in [QUEUED, UNDELIVERED, UNREACHED_SINCE] {
            let explain = move |view: &View<'_>| {
                let explain = format!("EXPLAIN QUERY PLAN {sql}");
                view.db.all(&explain, &[], |row| row.get::<String>(3))
            };
            let plan: Vec<String> = inventory.read(explain).await.unwrap();
            let of_emails = |line: &&String| {
                ["email", "later", " l "]
                    .iter()
                    .any(|table| line.contains(table))
            };
            let read: Vec<&String> = plan.iter().filter(of_emails).collect();
            assert!(!read.is_empty());
            for line in read {
                assert!(line.contains("INDEX email"), "{plan:#?}");
            }
        }
    }
}
