//! Checks whether a page is subscribed to the app's webhooks.

use super::TokenCheck;
use crate::graph_api::Error;
use crate::model::{Subscription, WebhookSubscription};
use crate::rotation::sweep_context::SweepContext;

impl TokenCheck {
    /// Compares the page's webhook subscription with the configured fields. A missing one is a problem, but the token
    /// stays alive.
    pub(super) async fn check_subscription(&mut self, context: &SweepContext<'_>) {
        self.done.subscription_checked = true;
        let Some(facts) = &self.after.facts else {
            return;
        };
        let missing = match context.unsubscribed(&facts.subject, &self.secret).await {
            Ok(missing) => Some(missing),
            Err(Error::Refused(_)) => None,
            // An error here is not recorded; the next check tries again.
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
