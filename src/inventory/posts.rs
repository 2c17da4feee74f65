//! Posts: they wait here until their channels take them, through restarts and days without a network. They hold no
//! link and no address, so they are not sealed.

use jiff::Timestamp;

use super::engine::{Json, Row};
use super::{Error, Tx, View, journal::cut};
use crate::model::{
    Event, FailureScope, IncidentId, NewPost, Post, PostContent, PostFailure, PostId, PostKind,
    PostProgress, PostReceipt,
};

fn post(row: &Row<'_>) -> Result<Post, Error> {
    let Json(content) = row.get(5)?;
    Ok(Post {
        id: row.get(0)?,
        post: NewPost {
            channel: row.get(1)?,
            incident: row.get(2)?,
            message_id: row.get(3)?,
            kind: row.get(4)?,
            content,
        },
        written_at: row.get(6)?,
        attempts: row.get(7)?,
    })
}

impl View<'_> {
    /// Posts to send to a channel now, oldest first. One waits for the earlier ones about the same incident: a service
    /// that hears first that it is resolved would keep it open.
    pub fn posts_to_send(
        &self,
        channel: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Post>, Error> {
        self.db.readable(
            "SELECT id, channel, incident, message_id, kind, content, created_at, attempts
             FROM post WHERE channel = ?1 AND next_try_at <= ?2 AND NOT EXISTS (
                SELECT 1 FROM post earlier WHERE earlier.incident = post.incident
                    AND earlier.channel = ?1 AND earlier.id < post.id AND earlier.next_try_at > ?2)
             ORDER BY id LIMIT ?3",
            &[&channel, &now, &limit],
            post,
        )
    }

    /// The channels that have a post about an incident.
    pub fn channels_of_incident(&self, incident: IncidentId) -> Result<Vec<String>, Error> {
        self.db.values(
            "SELECT DISTINCT channel FROM post WHERE incident = ?1 ORDER BY channel",
            &[&incident],
        )
    }

    /// How many messages were written about an incident, each to one channel or several.
    pub fn posts_about(&self, incident: IncidentId) -> Result<u32, Error> {
        self.db.value(
            "SELECT count(DISTINCT message_id) FROM post WHERE incident = ?1",
            &[&incident],
        )
    }
}

impl Tx<'_> {
    /// Queues a post. Does nothing if its channel has it already.
    pub fn enqueue_post(&self, post: &NewPost, now: Timestamp) -> Result<(), Error> {
        self.db.run(
            "INSERT INTO post (channel, incident, message_id, kind, content, created_at, next_try_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT (channel, message_id) DO NOTHING",
            &[
                &post.channel,
                &post.incident,
                &post.message_id,
                &post.kind,
                &Json(&post.content),
                &now,
            ],
        )
    }

    /// Queues a message that asks for nothing. Returns its message id.
    pub fn enqueue_test_post(&self, channel: &str, now: Timestamp) -> Result<String, Error> {
        let next = "SELECT coalesce(max(id), 0) + 1 FROM post";
        let next: i64 = self.db.value(next, &[])?;
        let message_id = format!("test-{next}-{}", now.as_second());
        let post = NewPost {
            channel: channel.to_owned(),
            incident: None,
            message_id: message_id.clone(),
            kind: PostKind::Test,
            content: PostContent::test(channel),
        };
        self.enqueue_post(&post, now)?;
        Ok(message_id)
    }

    /// Records once that one message reported these posts. The others of the channel are due now, because it works.
    pub fn record_posted(
        &self,
        channel: &str,
        posts: &[Post],
        receipt: PostReceipt,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut recorded = Vec::new();
        for post in posts {
            let changed = self.db.changed(
                "UPDATE post SET next_try_at = NULL, last_error = NULL, sent_at = ?2, status = ?3
                 WHERE id = ?1 AND sent_at IS NULL",
                &[&post.id, &now, &u32::from(receipt.status)],
            )?;
            recorded.extend((changed > 0).then(|| post.clone()));
        }
        self.db.run(
            "UPDATE post SET next_try_at = ?2 WHERE channel = ?1 AND next_try_at > ?2",
            &[&channel, &now],
        )?;
        self.record_channel_works(channel)?;
        let took_ms = u64::try_from(receipt.took.as_millis()).ok();
        self.record_progress(&recorded, now, |progress| {
            Event::PostSent(PostProgress {
                status: Some(receipt.status),
                took_ms,
                ..progress
            })
        })
    }

    /// Records that a message about these posts failed.
    pub fn record_post_failed(
        &self,
        channel: &str,
        posts: &[Post],
        failure: &PostFailure,
        now: Timestamp,
    ) -> Result<(), Error> {
        let error = cut(&failure.reason);
        for Post { id, .. } in posts {
            self.record_attempt(*id, &error, failure.next_try_at, now)?;
        }
        let others = self.hold_others(channel, failure, &error, now)?;
        let is_refused = failure.scope == FailureScope::ChannelForGood;
        let given_up = match failure.next_try_at {
            Some(_) => 0,
            None => posts.len() + others,
        };
        self.record_channel_fails(channel, (&error, is_refused), given_up, now)?;
        self.record_progress(posts, now, |progress| {
            let progress = PostProgress {
                reason: Some(error.clone()),
                next_try_at: failure.next_try_at,
                ..progress
            };
            match failure.next_try_at {
                Some(_) => Event::PostDelayed(progress),
                None => Event::PostGivenUp(progress),
            }
        })
    }

    /// The channel's other posts wait as long, without an attempt of their own. They are given up if the channel wants
    /// no more. Returns how many were.
    fn hold_others(
        &self,
        channel: &str,
        failure: &PostFailure,
        error: &str,
        now: Timestamp,
    ) -> Result<usize, Error> {
        match (failure.scope, failure.next_try_at) {
            (FailureScope::Message, _) | (FailureScope::Channel, None) => Ok(0),
            (FailureScope::ChannelForGood, None) => self.db.changed(
                "UPDATE post SET next_try_at = NULL, given_up_at = ?2, last_error = ?3
                 WHERE channel = ?1 AND next_try_at IS NOT NULL",
                &[&channel, &now, &error],
            ),
            (FailureScope::Channel | FailureScope::ChannelForGood, Some(next)) => {
                self.db.run(
                    "UPDATE post SET next_try_at = ?3, last_error = ?4
                     WHERE channel = ?1 AND next_try_at <= ?2",
                    &[&channel, &now, &next, &error],
                )?;
                Ok(0)
            }
        }
    }

    fn record_attempt(
        &self,
        post: PostId,
        error: &str,
        next_try_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let given_up_at = next_try_at.is_none().then_some(now);
        self.db.run(
            "UPDATE post SET attempts = attempts + 1, next_try_at = ?2, last_error = ?3,
                given_up_at = ?4 WHERE id = ?1",
            &[&post, &next_try_at, &error, &given_up_at],
        )
    }

    /// Records one event for a message, by its first post.
    fn record_progress(
        &self,
        posts: &[Post],
        now: Timestamp,
        event: impl Fn(PostProgress) -> Event,
    ) -> Result<(), Error> {
        let Some(first) = posts.first() else {
            return Ok(());
        };
        let progress = PostProgress {
            digest: posts.len() > 1,
            ..first.post.progress()
        };
        self.record_event(&event(progress).into(), now).map(drop)
    }
}
