//! Sends what waits for one channel, a message at a time. A message is recorded as sent after the channel took it, so a
//! crash may repeat one, with the same id.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::format::Message;
use super::{Channel, batch, policy, renewals};
use crate::inventory::{Error, Inventory};
use crate::model::{Post, PostReceipt};
use crate::outbox::http_post::HttpPost;

#[derive(Clone, Debug)]
pub struct Poster {
    pub inventory: Inventory,
    pub channel: Channel,
    /// Shared by all channels.
    pub http: Arc<HttpPost>,
    /// What could not be recorded yet.
    pub unrecorded: Unrecorded,
}

/// A message that a channel took and that could not be recorded. Nothing is sent before it is, because the inventory
/// would have the same message sent again.
#[derive(Clone, Debug, Default)]
pub struct Unrecorded(Arc<Mutex<Option<Taken>>>);

#[derive(Clone, Debug)]
struct Taken {
    posts: Vec<Post>,
    receipt: PostReceipt,
    at: Timestamp,
}

impl Unrecorded {
    fn get(&self) -> MutexGuard<'_, Option<Taken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of the next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// There was none to send.
    Nothing,
    /// The channel took it; another one may wait.
    Sent,
    Failed,
}

/// How many events of the journal are searched in one transaction.
const EVENTS: usize = 1_000;

impl Poster {
    /// Sends the next message that is due, if there is one.
    pub async fn post_next(&self, now: Timestamp) -> Result<Posted, Error> {
        let left = self.unrecorded.get().clone();
        if let Some(taken) = left {
            self.record(taken).await?;
        }
        self.find_renewals(now).await?;
        let name = self.channel.name.clone();
        let due = self
            .inventory
            .read(move |view| view.posts_to_send(&name, now, batch::MOST))
            .await?;
        let posts = batch::next(due, &self.channel.format);
        match batch::message(&posts) {
            Some(message) => self.post(&message, posts, now).await,
            None => Ok(Posted::Nothing),
        }
    }

    async fn find_renewals(&self, now: Timestamp) -> Result<(), Error> {
        if !self.channel.posts_renewals {
            return Ok(());
        }
        let name = self.channel.name.clone();
        let is_searched = self.inventory.read(move |view| {
            let searched = view.searched_for_renewals(&name)?;
            Ok(searched == Some(view.newest_event()?))
        });
        if is_searched.await? {
            return Ok(());
        }
        loop {
            let name = self.channel.name.clone();
            let search = self.inventory.write(move |tx| {
                let post = |record: &_| renewals::post(&name, record);
                tx.enqueue_renewals(&name, EVENTS, now, post)
            });
            if !search.await? {
                return Ok(());
            }
        }
    }

    async fn post(
        &self,
        message: &Message,
        posts: Vec<Post>,
        now: Timestamp,
    ) -> Result<Posted, Error> {
        let request = message.request(&self.channel.format, now);
        let address = &self.channel.address;
        let sent = self
            .http
            .post(address, &request.headers, request.body, now)
            .await;
        match sent {
            Ok(receipt) => {
                let receipt = PostReceipt {
                    status: receipt.status,
                    took: receipt.took,
                };
                let taken = Taken {
                    posts,
                    receipt,
                    at: now,
                };
                *self.unrecorded.get() = Some(taken.clone());
                self.record(taken).await?;
                Ok(Posted::Sent)
            }
            Err(error) => {
                let channel = self.channel.name.clone();
                let record = self.inventory.write(move |tx| {
                    let Some(first) = posts.first() else {
                        return Ok(());
                    };
                    let failure = policy::failure(first, &error, now);
                    tx.record_post_failed(&channel, &posts, &failure, now)
                });
                record.await?;
                Ok(Posted::Failed)
            }
        }
    }

    async fn record(&self, taken: Taken) -> Result<(), Error> {
        let channel = self.channel.name.clone();
        let record = self
            .inventory
            .write(move |tx| tx.record_posted(&channel, &taken.posts, taken.receipt, taken.at));
        record.await?;
        *self.unrecorded.get() = None;
        Ok(())
    }
}
