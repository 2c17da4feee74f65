//! The webhook sink, by Standard Webhooks 1.0.0. Its body is thin: it says which version there is, and the receiver
//! fetches the token itself. Only a sink with `body = "full"` sends the token.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Receipt;
use crate::delivery::policy::SinkError;
use crate::model::{Deliverable, Delivery};
use crate::outbox::http_post::{Address, HttpPost, PostError};
use crate::outbox::standard_webhooks::{self, SigningSecret};
use crate::secret::Secret;

#[derive(Clone, Debug)]
pub struct WebhookSink {
    pub address: Address,
    /// Each signs every message, so that a receiver can change to the next one at any time.
    pub secrets: Vec<SigningSecret>,
    pub body: WebhookBody,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebhookBody {
    /// Without the token.
    #[default]
    Thin,
    Full,
}

#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data<'a>>,
}

#[derive(Serialize)]
struct Data<'a> {
    token: &'a str,
    version: u32,
    fingerprint: &'a str,
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    in_use: bool,
}

const UPDATED: &str = "token.updated";
const TEST: &str = "perennial.test";

/// Sends one version. Its id stays the same however often it is sent.
pub(in crate::delivery) async fn send(
    http: &HttpPost,
    sink: &WebhookSink,
    delivery: &Delivery,
    (token, secret): (&Deliverable, &Secret),
    now: Timestamp,
) -> Result<Receipt, SinkError> {
    let message = Message {
        r#type: UPDATED,
        timestamp: now,
        data: Some(Data {
            token: &token.name,
            version: token.version,
            fingerprint: &token.fingerprint,
            expires_at: token.expires_at.at(),
            access_token: (sink.body == WebhookBody::Full).then(|| secret.expose()),
        }),
    };
    let id = format!("dlv_{}_{}", delivery.id.0, delivery.created_at.as_second());
    let answer = post(http, sink, &id, &message, now).await?;
    let answer: Answer = serde_json::from_str(&answer.body).unwrap_or_default();
    Ok(Receipt {
        in_use: answer.in_use,
    })
}

/// Sends an event that is about no token. Returns how long the receiver took.
pub(in crate::delivery) async fn send_test(
    http: &HttpPost,
    sink: &WebhookSink,
    now: Timestamp,
) -> Result<Duration, SinkError> {
    let message = Message {
        r#type: TEST,
        timestamp: now,
        data: None,
    };
    let id = format!("test_{}", now.as_microsecond());
    let answer = post(http, sink, &id, &message, now).await?;
    Ok(answer.took)
}

async fn post(
    http: &HttpPost,
    sink: &WebhookSink,
    id: &str,
    message: &Message<'_>,
    now: Timestamp,
) -> Result<crate::outbox::http_post::Receipt, SinkError> {
    let body = serde_json::to_vec(message).unwrap_or_default();
    let headers = standard_webhooks::headers(&sink.secrets, id, &body, now);
    let posted = http.post(&sink.address, &headers, body, now).await;
    posted.map_err(|error| match error {
        PostError::Gone => SinkError::Gone(error.to_string()),
        PostError::Refused { retry_after, .. } => SinkError::Receiver {
            reason: error.to_string(),
            retry_after,
        },
        _ => SinkError::Receiver {
            reason: error.to_string(),
            retry_after: None,
        },
    })
}
