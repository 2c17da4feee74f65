//! Deliveries and consumers as programs see them.

use jiff::Timestamp;
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;
use utoipa::{IntoParams, ToSchema};

use super::ConsumerName;
use crate::model::{Consumer, Delivery, DeliveryState};

/// `GET /v1/deliveries`
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Only deliveries in this state.
    #[param(inline)]
    pub state: Option<DeliveryState>,
    /// The most deliveries to return; 100 by default, at most 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
}

/// One version of one token for one sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryView {
    /// The name of the token.
    pub token: String,
    /// The version of the token.
    pub version: u32,
    /// The name of its `[[delivery]]`.
    pub sink: String,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed; null when it did not.
    pub last_error: Option<String>,
    /// When it is tried again; null when no other attempt follows by itself.
    pub next_try_at: Option<Timestamp>,
    /// When the sink took it.
    pub delivered_at: Option<Timestamp>,
    /// When the consumer confirmed it.
    pub in_use_at: Option<Timestamp>,
}

/// The latest deliveries, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryList {
    /// The deliveries, newest first.
    pub deliveries: Vec<DeliveryView>,
}

/// `POST /v1/deliveries/retry`
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRequest {
    /// The sink to try again; all of them by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sink: Option<String>,
}

/// How many deliveries are tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retried {
    /// How many are tried again.
    pub deliveries: u64,
}

/// `POST /v1/deliveries/test`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SinkTestRequest {
    /// The name of the `[[delivery]]`.
    pub sink: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SinkTestResult {
    /// What the sink did, as a sentence.
    pub result: String,
}

/// `POST /v1/tokens/{name}/in-use`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InUseRequest {
    /// The version that the consumer uses now.
    #[serde(deserialize_with = "whole_number")]
    pub version: u32,
    /// Who uses it, for operators; by default the user who asks.
    #[schema(value_type = Option<ConsumerName>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
}

/// Some languages have no integers and write 2.0, which is one to JSON Schema.
fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = Number::deserialize(deserializer)?.as_f64().unwrap_or(-1.0);
    let is_whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    let other = || Error::invalid_value(Unexpected::Float(number), &"a whole number");
    is_whole.then_some(number as u32).ok_or_else(other)
}

/// Who uses a token: a user who fetched it, or a sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsumerView {
    /// The name of the consumer.
    pub name: String,
    /// The newest version that it was given.
    pub seen_version: Option<u32>,
    /// When it got that version.
    pub seen_at: Option<Timestamp>,
    /// The version that it said it uses; null when it never confirms.
    pub in_use_version: Option<u32>,
    /// When it confirmed that version.
    pub in_use_at: Option<Timestamp>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            token: delivery.token_name,
            version: delivery.version,
            sink: delivery.sink,
            state: delivery.state,
            attempts: delivery.attempts,
            last_error: delivery.last_error,
            next_try_at: delivery.next_try_at,
            delivered_at: delivery.delivered_at,
            in_use_at: delivery.in_use_at,
        }
    }
}

impl From<Consumer> for ConsumerView {
    fn from(consumer: Consumer) -> Self {
        Self {
            name: consumer.name,
            seen_version: consumer.seen.map(|seen| seen.version),
            seen_at: consumer.seen.map(|seen| seen.at),
            in_use_version: consumer.in_use.map(|used| used.version),
            in_use_at: consumer.in_use.map(|used| used.at),
        }
    }
}
