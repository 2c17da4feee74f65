//! What is wrong with the sinks, for the incidents about them: they do not take their tokens, or consumers go on with
//! earlier versions.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::inventory::{Error, Inventory, Tx, View};
use crate::model::{
    Cause, IncidentId, IncidentKey, LaggingToken, SinkProblem, SinkReport, SinkTokens, TokenId,
};

/// How long attempts fail before the operators are notified. A sink that is gone is reported at once.
const FAILS_FOR: SignedDuration = SignedDuration::from_hours(1);

/// The newest version that a sink was sent, of one token.
struct Newest {
    sink: String,
    version: u32,
    had_earlier: bool,
}

impl Inventory {
    /// The sinks of the configuration.
    pub fn sinks(&self) -> Arc<[SinkTokens]> {
        self.0.sinks.all()
    }
}

impl View<'_> {
    /// The problems that the operators must hear of.
    pub fn sink_problems(
        &self,
        sinks: &[SinkTokens],
        now: Timestamp,
    ) -> Result<Vec<SinkProblem>, Error> {
        let mut problems = Vec::new();
        for sink in sinks {
            let problem = |cause, since| SinkProblem {
                sink: sink.sink.clone(),
                cause,
                since,
            };
            let failing = self.failing_since(&sink.sink, earlier(now, FAILS_FOR))?;
            problems.extend(failing.map(|since| problem(Cause::DeliveryFailing, since)));
            if let Some(grace) = sink.grace {
                let lagging = self.lagging_since(&sink.sink, earlier(now, grace))?;
                problems.extend(lagging.map(|since| problem(Cause::ConsumerBehind, since)));
            }
        }
        Ok(problems)
    }

    /// Since when a sink does not take tokens, if it is disabled or that began before `cutoff`.
    fn failing_since(&self, sink: &str, cutoff: Timestamp) -> Result<Option<Timestamp>, Error> {
        self.db.value(
            "SELECT coalesce((SELECT disabled_at FROM disabled_sink WHERE sink = ?1),
                (SELECT min(undelivered_since) FROM delivery WHERE sink = ?1 AND undelivered_since <= ?2))",
            &[&sink, &cutoff],
        )
    }

    fn lagging_since(&self, sink: &str, cutoff: Timestamp) -> Result<Option<Timestamp>, Error> {
        self.db.value(
            "SELECT min(lagging_since) FROM delivery WHERE sink = ?1 AND lagging_since <= ?2",
            &[&sink, &cutoff],
        )
    }

    /// The open incidents about sinks.
    pub fn incidents_of_sinks(&self) -> Result<Vec<(IncidentId, IncidentKey)>, Error> {
        self.db.all(
            "SELECT id, incident_cause, subject FROM incident
             WHERE app = '' AND incident_cause IN ('delivery_failing', 'consumer_behind')
                AND resolved_at IS NULL AND stable_since IS NULL",
            &[],
            |row| {
                let sink: String = row.get(2)?;
                Ok((row.get(0)?, IncidentKey::of_sink(&sink, row.get(1)?)))
            },
        )
    }

    /// What an incident about a sink says now, with its first tokens. `None` once it is over.
    pub fn sink_report(
        &self,
        key: &IncidentKey,
        sinks: &[SinkTokens],
        limit: usize,
        now: Timestamp,
    ) -> Result<Option<SinkReport>, Error> {
        let sink = sinks.iter().find(|sink| Some(&*sink.sink) == key.sink());
        match (sink, key.cause) {
            (Some(sink), Cause::DeliveryFailing) => self.failing_report(&sink.sink, limit),
            (Some(sink), Cause::ConsumerBehind) => match sink.grace {
                Some(grace) => self.lagging_report(sink, sinks, limit, earlier(now, grace)),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn failing_report(&self, sink: &str, limit: usize) -> Result<Option<SinkReport>, Error> {
        let Some(since) = self.failing_since(sink, Timestamp::MAX)? else {
            return Ok(None);
        };
        let reason: Option<String> = self.db.value(
            "SELECT coalesce((SELECT reason FROM disabled_sink WHERE sink = ?1),
                (SELECT last_error FROM delivery
                 WHERE sink = ?1 AND undelivered_since IS NOT NULL AND last_error IS NOT NULL
                 ORDER BY undelivered_since LIMIT 1))",
            &[&sink],
        )?;
        let count = self.db.value(
            "SELECT count(*) FROM delivery WHERE sink = ?1 AND undelivered_since IS NOT NULL",
            &[&sink],
        )?;
        let tokens = self.db.all(
            "SELECT t.name, d.version FROM delivery d JOIN token t ON t.id = d.token
             WHERE d.sink = ?1 AND d.undelivered_since IS NOT NULL
             ORDER BY d.undelivered_since, t.name LIMIT ?2",
            &[&sink, &limit],
            |row| {
                Ok(LaggingToken {
                    name: row.get(0)?,
                    version: row.get(1)?,
                    consumers: Vec::new(),
                })
            },
        )?;
        Ok(Some(SinkReport {
            since,
            reason: reason.unwrap_or_default(),
            count,
            tokens,
        }))
    }

    fn lagging_report(
        &self,
        sink: &SinkTokens,
        sinks: &[SinkTokens],
        limit: usize,
        cutoff: Timestamp,
    ) -> Result<Option<SinkReport>, Error> {
        let Some(since) = self.lagging_since(&sink.sink, cutoff)? else {
            return Ok(None);
        };
        let count = self.db.value(
            "SELECT count(*) FROM delivery WHERE sink = ?1 AND lagging_since <= ?2",
            &[&sink.sink, &cutoff],
        )?;
        let first: Vec<(TokenId, String)> = self.db.all(
            "SELECT t.id, t.name FROM delivery d JOIN token t ON t.id = d.token
             WHERE d.sink = ?1 AND d.lagging_since <= ?2 ORDER BY d.lagging_since, t.name LIMIT ?3",
            &[&sink.sink, &cutoff, &limit],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut tokens = Vec::with_capacity(first.len());
        for (token, name) in first {
            for newest in self.newest_of_sinks(token)? {
                if newest.sink == sink.sink {
                    tokens.push(LaggingToken {
                        name: name.clone(),
                        version: newest.version,
                        consumers: sink.lagging(
                            newest.version,
                            newest.had_earlier,
                            self.consumers(token)?,
                            sinks,
                        ),
                    });
                }
            }
        }
        Ok(Some(SinkReport {
            since,
            reason: String::new(),
            count,
            tokens,
        }))
    }

    fn newest_of_sinks(&self, token: TokenId) -> Result<Vec<Newest>, Error> {
        self.db.all(
            "SELECT d.sink, d.version, EXISTS (SELECT 1 FROM delivery e
                WHERE e.token = d.token AND e.sink = d.sink AND e.version < d.version AND e.delivered_at IS NOT NULL)
             FROM delivery d WHERE d.token = ?1 AND NOT EXISTS (
                SELECT 1 FROM delivery n WHERE n.token = d.token AND n.sink = d.sink AND n.version > d.version)
             ORDER BY d.sink",
            &[&token],
            |row| {
                Ok(Newest {
                    sink: row.get(0)?,
                    version: row.get(1)?,
                    had_earlier: row.get(2)?,
                })
            },
        )
    }
}

impl Tx<'_> {
    /// The sinks of the configuration.
    pub fn sinks(&self) -> Arc<[SinkTokens]> {
        Arc::clone(&self.sinks)
    }

    /// Brings up to date since when consumers lag behind the newest version of a token. To be called after every change
    /// of its consumers and deliveries.
    pub(super) fn update_lag(&self, token: TokenId, now: Timestamp) -> Result<(), Error> {
        for newest in self.newest_of_sinks(token)? {
            let Some(sink) = self.sinks.iter().find(|sink| sink.sink == newest.sink) else {
                continue;
            };
            let Newest {
                version,
                had_earlier,
                ..
            } = newest;
            let lagging = sink.lagging(version, had_earlier, self.consumers(token)?, &self.sinks);
            self.db.run(
                "UPDATE delivery SET lagging_since = CASE WHEN CAST(?4 AS BIGINT) = 1
                    THEN coalesce(lagging_since, ?5) END
                 WHERE token = ?1 AND sink = ?2 AND version = ?3",
                &[&token, &newest.sink, &version, &!lagging.is_empty(), &now],
            )?;
        }
        Ok(())
    }
}

fn earlier(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_sub(span).unwrap_or(Timestamp::MIN)
}
