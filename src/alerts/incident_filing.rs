//! Assigns each token with a problem to its incident, and opens the incidents of apps.

use std::sync::Arc;

use jiff::Timestamp;

use super::policy::{self, Filing, RELAPSE_WITHIN};
use super::{Ends, Rules};
use crate::inventory::{self, Inventory, Tx};
use crate::model::{Cause, IncidentKey, PendingToken, SinkProblem, Token, TokenId};

/// The number of tokens assigned in one transaction.
const CHUNK: usize = 500;

/// Assigns every queued token to its incident. Returns how many there were.
pub(super) async fn file_tokens(
    inventory: &Inventory,
    rules: &Arc<Rules>,
    ends: Ends,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let mut filed = 0;
    let mut after = TokenId(0);
    loop {
        let waiting = inventory
            .read(move |view| view.pending_tokens(after, CHUNK))
            .await?;
        let Some(last) = waiting.last() else {
            return Ok(filed);
        };
        after = *last;
        let rules = Arc::clone(rules);
        let file = inventory.write_alone(move |tx| {
            let mut done = Vec::with_capacity(waiting.len());
            for id in waiting {
                if file(tx, id, &rules, ends, now)? == Filed::Done {
                    done.push(id);
                }
            }
            tx.dequeue(&done)?;
            Ok(done.len())
        });
        filed += file.await?;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Filed {
    Done,
    /// It is about an expiry, which the clock cannot judge now.
    Waits,
}

/// Assigns one token. A token that no longer exists needs nothing.
fn file(
    tx: &Tx<'_>,
    id: TokenId,
    rules: &Rules,
    ends: Ends,
    now: Timestamp,
) -> Result<Filed, inventory::Error> {
    let Some(pending_token) = tx.pending_token(id)? else {
        return Ok(Filed::Done);
    };
    if ends == Ends::Skipped && is_about_expiry(&pending_token) {
        return Ok(Filed::Waits);
    }
    let token = &pending_token.token;
    match policy::filing(&pending_token, rules, now) {
        Filing::Stay => {}
        Filing::Leave(incident) => tx.leave(id, incident, now)?,
        Filing::Join(incident_key) => join(tx, incident_key, token, now)?,
        Filing::Move { from, to } => {
            tx.leave(id, from, now)?;
            join(tx, to, token, now)?;
        }
    }
    Ok(Filed::Done)
}

fn is_about_expiry(pending_token: &PendingToken) -> bool {
    let here = pending_token
        .incident
        .as_ref()
        .map(|here| here.incident_key.cause);
    let causes = [pending_token.token.cause(), here];
    causes.into_iter().flatten().any(Cause::is_about_expiry)
}

/// Adds a token to an incident. A coming expiry joins an open incident about the person's other expiry.
fn join(
    tx: &Tx<'_>,
    incident_key: IncidentKey,
    token: &Token,
    now: Timestamp,
) -> Result<(), inventory::Error> {
    let other =
        policy::sibling(&incident_key).filter(|_| token.cause().is_some_and(Cause::is_upcoming));
    let incident_key = match other {
        Some(other) if !tx.is_open(&incident_key)? && tx.is_open(&other)? => other,
        Some(_) | None => incident_key,
    };
    tx.join(&incident_key, token, relapsed_since(now), now)
        .map(drop)
}

pub(super) async fn open_incidents_of_apps(
    inventory: &Inventory,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), inventory::Error> {
    let apps = inventory.read(|view| view.apps()).await?;
    let still_affected = apps
        .into_iter()
        .filter(|app| app.error.is_some() && rules.apps.contains(&app.name));
    for app in still_affected {
        inventory
            .write(move |tx| {
                let outage = tx.open_incident_about(Cause::Outage)?;
                match policy::app_incident_key(&app, outage.as_ref(), now) {
                    Some((incident_key, app_error)) => tx
                        .open_incident(
                            &incident_key,
                            (app_error.cause, app_error.since),
                            relapsed_since(now),
                            now,
                        )
                        .map(drop),
                    None => Ok(()),
                }
            })
            .await?;
    }
    Ok(())
}

/// Opens the incidents about sinks, and makes those due for review that are over.
pub(super) async fn open_incidents_of_sinks(
    inventory: &Inventory,
    now: Timestamp,
) -> Result<(), inventory::Error> {
    let sinks = inventory.sinks();
    let (problems, open) = inventory
        .read(move |view| Ok((view.sink_problems(&sinks, now)?, view.incidents_of_sinks()?)))
        .await?;
    if problems.is_empty() && open.is_empty() {
        return Ok(());
    }
    inventory
        .write(move |tx| {
            for SinkProblem { sink, cause, since } in problems {
                let key = IncidentKey::of_sink(&sink, cause);
                tx.open_incident(&key, (cause, since), relapsed_since(now), now)?;
            }
            for (id, key) in open {
                if tx.sink_report(&key, &tx.sinks(), 0, now)?.is_none() {
                    tx.review_soon(id, now)?;
                }
            }
            Ok(())
        })
        .await
}

fn relapsed_since(now: Timestamp) -> Timestamp {
    now.checked_sub(RELAPSE_WITHIN).unwrap_or(Timestamp::MIN)
}
