//! Completes answered logins: exchanges each code once, checks whose token it is, and stores the grant. The sweeps
//! confirm the stored tokens and put them in use, never this worker.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::graph_calls::{self, Grant, spend};
use super::store_grant::store_grant;
use super::{App, Settings, policy};
use crate::graph_api::{Client, Session};
use crate::inventory::{self, ClaimedCode, Inventory};
use crate::model::Ending;

/// Completes the logins of all apps.
#[derive(Clone, Debug)]
pub struct LoginWorker {
    pub inventory: Inventory,
    pub settings: Settings,
    /// The Graph API clients by app name.
    pub graphs: Vec<(String, Client)>,
}

/// The maximum number of logins completed concurrently.
const AT_ONCE: usize = 4;

impl LoginWorker {
    /// Completes every login that Meta has answered. No code is tried twice, even after an interruption. Returns how
    /// many logins ended, successful or not.
    pub async fn pass(&self, now: Timestamp) -> Result<usize, inventory::Error> {
        let waiting = self.inventory.read(move |view| view.has_open_logins(now));
        if !waiting.await? {
            return Ok(0);
        }
        let apps: Vec<String> = self.graphs.iter().map(|(app, _)| app.clone()).collect();
        let (lost, claimed) = self
            .inventory
            .write(move |tx| {
                let lost = tx.end_lost_attempts(now)?;
                tx.delete_old_logins(now)?;
                Ok((lost, tx.take_answers(&apps, now)?))
            })
            .await?;
        let ended = lost + claimed.len();
        let mut ends = stream::iter(claimed)
            .map(|claimed| self.complete(claimed, now))
            .buffer_unordered(AT_ONCE);
        let mut outcome = Ok(());
        while let Some(end) = ends.next().await {
            // The others go on: their codes are used up.
            outcome = outcome.and(end);
        }
        outcome.map(|()| ended)
    }

    async fn complete(&self, claimed: ClaimedCode, now: Timestamp) -> Result<(), inventory::Error> {
        let name = &claimed.login.wanted.app;
        let graph = self.graphs.iter().find(|(app, _)| app == name);
        // Only answers for these apps were claimed, so both exist.
        let (Some((_, graph)), Some(app)) = (graph, self.settings.app(name)) else {
            return Ok(());
        };
        let session = Session::new(graph, u32::MAX, now);
        let granted = follow(&session, app, &claimed).await;
        let (app, usage) = (app.clone(), session.take_usage());
        let ClaimedCode { attempt, login, .. } = claimed;
        self.inventory
            .write_alone(move |tx| {
                let ending = match granted {
                    Ok(grant) => Ending::Granted(store_grant(tx, &app, &login, &grant, now)?),
                    Err(ending) => ending,
                };
                tx.end_attempt(attempt, &ending, now)?;
                spend(tx, &app.name, &usage, now)
            })
            .await
    }
}

/// From the code to a token of the right person, or the reason why there is none.
async fn follow(session: &Session<'_>, app: &App, claimed: &ClaimedCode) -> Result<Grant, Ending> {
    let redirect_uri = claimed.redirect_uri.as_deref();
    let short = graph_calls::redeem(session, &claimed.code, redirect_uri).await?;
    let facts = graph_calls::facts(session, &short).await?;
    if policy::is_of_another(&claimed.login, &facts) {
        let name = graph_calls::name(session, &short.secret).await;
        return Err(Ending::WrongPerson { name });
    }
    Ok(graph_calls::collect(session, app, short.secret, facts).await)
}
