//! Webhook subscriptions of pages.

use jiff::Timestamp;

use super::{Scopes, Subscription};

/// A subscription as Meta reported it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSubscription {
    pub subscription: Subscription,
    /// The fields that the operator wants and the app does not get.
    pub missing: Scopes,
    pub asked_at: Timestamp,
}

/// Pages whose webhooks the app does not get as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsubscribedPages {
    pub app: String,
    pub pages: u64,
    /// The name of one of their tokens.
    pub example: String,
}
