//! Deliveries, posts and subscriptions in plain English.

use super::{DeliveryProgress, Event, PageSubscription, Subscription};

/// What happened to a post, a delivery, a sink or a consumer.
pub(super) fn summary(event: &Event) -> String {
    match event {
        Event::PostSent(post) => post.describe("posted to"),
        Event::PostDelayed(post) => post.describe("not posted to"),
        Event::PostGivenUp(post) => post.describe("will not be posted to"),
        Event::Delivered(delivery) => {
            format!(
                "version {} delivered to {}",
                delivery.version, delivery.sink
            )
        }
        Event::DeliveryFailed(delivery) => delivery.failure(),
        Event::SinkDisabled { sink, reason } => format!(
            "nothing more is delivered to {sink}: {reason}. To try again: perennial deliveries --retry {sink}"
        ),
        Event::DeliveriesRetried { sink, asked_by } => {
            let to = sink
                .as_ref()
                .map_or_else(String::new, |sink| format!(" to {sink}"));
            format!("deliveries{to} are tried again, as {asked_by} asked")
        }
        Event::InUse {
            consumer, version, ..
        } => format!("{consumer} uses version {version}"),
        Event::ConsumerRetired { consumer, asked_by } => {
            format!("{consumer} is no longer a consumer, as {asked_by} asked")
        }
        other => other
            .kind()
            .map_or_else(String::new, |kind| format!("{kind:?}")),
    }
}

impl DeliveryProgress {
    fn failure(&self) -> String {
        let Self { sink, version, .. } = self;
        let reason = self.reason.as_deref().unwrap_or("no reason is known");
        let next = match self.next_try_at {
            Some(at) => format!("trying again at {at}"),
            None => "not tried again".to_owned(),
        };
        format!("version {version} not delivered to {sink}: {reason}; {next}")
    }
}

impl PageSubscription {
    pub(super) fn describe(&self) -> String {
        match self.subscription {
            Subscription::Subscribed => "the page sends its events to the app".to_owned(),
            Subscription::Missing => {
                format!(
                    "the page does not send the app these events: {}",
                    self.missing
                )
            }
            Subscription::Unknown => {
                "Meta does not say which events the page sends to the app".to_owned()
            }
        }
    }
}
