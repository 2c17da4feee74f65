//! The harness's channels: the real alerts write posts, and the real posters send them to receivers on loopback.

use std::sync::Arc;

use perennial::alerts::{self, Audience, PostChannel};
use perennial::outbox::http_post::{Address, HttpPost, Reach};
use perennial::posts::{Channel, Format, Posted, Poster, Unrecorded};
use perennial::secret::Secret;

use super::receiver::Receiver;
use super::{Result, World};

impl World {
    /// Opens a channel that hears of everything, and its receiver.
    pub async fn open_channel(&mut self, name: &str, format: Format) -> Result<Receiver> {
        let service = match format {
            Format::Slack => "slack",
            Format::Teams => "teams",
            Format::PagerDuty { .. } => "pagerduty",
            Format::Webhook { .. } => "webhook",
        };
        let receiver = Receiver::open(service).await?;
        let address = Address::parse(&Secret::new(receiver.url()), Reach::Public)?;
        self.office.posters.push(Poster {
            inventory: self.inventory.clone(),
            channel: Channel {
                name: name.to_owned(),
                format,
                address,
                posts_renewals: false,
            },
            http: Arc::new(HttpPost::new(&[])?),
            unrecorded: Unrecorded::default(),
        });
        self.office.rules.channels.push(PostChannel {
            name: name.to_owned(),
            audience: Audience::Everybody,
        });
        alerts::begin(&self.inventory, &self.office.rules, self.now).await?;
        Ok(receiver)
    }

    /// Only the operators' incidents are posted to the channels from now on.
    pub fn keep_channels_to_operators(&mut self) {
        for channel in &mut self.office.rules.channels {
            channel.audience = Audience::Operators;
        }
    }

    /// Renewals are posted to the channels as well from now on.
    pub fn post_renewals(&mut self) {
        for poster in &mut self.office.posters {
            poster.channel.posts_renewals = true;
        }
    }

    /// Sends everything that waits, until a channel has nothing more or fails.
    pub(super) async fn send_posts(&self) -> Result {
        for poster in &self.office.posters {
            while poster.post_next(self.now).await? == Posted::Sent {}
        }
        Ok(())
    }
}
