//! What emails, deliveries and posts share: when a failed one is tried again, and how one is sent over HTTP.

pub mod http_post;
pub mod retry;
pub mod standard_webhooks;
