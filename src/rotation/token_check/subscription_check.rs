//! Whether a page tells the app of what happens on it.

use super::TokenCheck;
use crate::graph_api::Error;
use crate::inventory::WebhookSubscription;
use crate::model::Subscription;
use crate::rotation::sweep_context::SweepContext;

impl TokenCheck {
    /// Does the page tell the app of what the operator wants? A page that does not is a problem, and no token's death.
    pub(super) async fn check_subscription(&mut self, context: &SweepContext<'_>) {
        self.done.subscription_checked = true;
        let Some(facts) = &self.after.facts else {
            return;
        };
        let missing = match context.unsubscribed(&facts.subject, &self.secret).await {
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
        self.is_subscribed = Some(WebhookSubscription {
            subscription,
            missing: missing.unwrap_or_default(),
            asked_at: self.now,
        });
    }
}
