//! Whether a page tells the app of what happens on it.

use super::Visit;
use crate::graph_api::Error;
use crate::inventory::Listening;
use crate::rotation::desk::Desk;
use crate::token::Subscription;

impl Visit {
    /// Does the page tell the app of what the operator wants? A page that does not is a problem, and no token's death.
    pub(super) async fn listen(&mut self, desk: &Desk<'_>) {
        self.done.listened = true;
        let Some(facts) = &self.after.facts else {
            return;
        };
        let missing = match desk.unsubscribed(&facts.subject, &self.secret).await {
            Ok(missing) => Some(missing),
            Err(Error::Refused(_)) => None,
            // Perhaps it can be asked with the next check.
            Err(_) => return,
        };
        let subscription = match &missing {
            Some(missing) if missing.is_empty() => Subscription::Subscribed,
            Some(_) => Subscription::Missing,
            None => Subscription::Unknown,
        };
        self.listens = Some(Listening {
            subscription,
            missing: missing.unwrap_or_default(),
            asked_at: self.now,
        });
    }
}
