//! Posts what waits for one channel, at most one message a second. Each channel has a worker of its own, so that a slow
//! one delays no other.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use super::clock;
use super::wakeups::Signal;
use super::worker::{Context, Job};
use crate::inventory::Error;
use crate::model::Duty;
use crate::posts::{Posted, Poster};

/// Slack and others take one message a second.
const PACE: Duration = Duration::from_secs(1);

pub(super) struct Posts {
    poster: Poster,
    /// The last attempt failed.
    is_failing: bool,
}

impl Posts {
    pub(super) const fn new(poster: Poster) -> Self {
        Self {
            poster,
            is_failing: false,
        }
    }

    fn record(&mut self, posted: Posted, context: &Context) {
        let is_failing = posted == Posted::Failed;
        if is_failing || self.is_failing {
            context.wake(Signal::ChannelChanged);
        }
        self.is_failing = is_failing;
        context.shared.journal_has_grown();
    }
}

impl Job for Posts {
    fn duty(&self) -> Option<Duty> {
        Some(Duty::Email)
    }

    async fn run_once(&mut self, context: &Context, _: Timestamp) -> Result<(), Error> {
        let turn = context
            .shared
            .channels
            .of(&self.poster.channel.name, &context.stop);
        let Some(_turn) = turn.await else {
            return Ok(());
        };
        self.poster.inventory = context.inventory.clone();
        while context.goes_on() {
            let posted = self.poster.post_next(clock::now()).await?;
            if posted == Posted::Nothing {
                break;
            }
            self.record(posted, context);
            context.stop.run_until_cancelled(sleep(PACE)).await;
        }
        Ok(())
    }
}
