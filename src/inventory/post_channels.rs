//! How the channels of posts are doing: since when one fails, whether others know, and how many messages it took.

use jiff::Timestamp;

use super::engine::fields;
use super::{Error, Tx, View};
use crate::model::{ChannelCounts, ChannelReport, Event, EventId, NewPost};

impl View<'_> {
    /// Channels that others must be notified about: they refuse messages, they have failed since `cutoff` or longer, or
    /// they work again after that was reported.
    pub fn channels_to_report(&self, cutoff: Timestamp) -> Result<Vec<ChannelReport>, Error> {
        self.db.all(
            "SELECT name, failing_since, last_error,
                (SELECT count(*) FROM post WHERE channel = name AND next_try_at IS NOT NULL)
             FROM post_channel
             WHERE (reported_at IS NULL AND (refused = 1 OR failing_since <= ?1))
                OR (reported_at IS NOT NULL AND failing_since IS NULL)
             ORDER BY name",
            &[&cutoff],
            fields!(ChannelReport {
                channel,
                failing_since,
                last_error,
                waiting
            }),
        )
    }

    /// What each channel took, refused and waits for.
    pub fn channel_counts(&self) -> Result<Vec<ChannelCounts>, Error> {
        self.db.all(
            "SELECT name, sent, failed, given_up,
                (SELECT count(*) FROM post WHERE channel = name AND next_try_at IS NOT NULL),
                failing_since
             FROM post_channel ORDER BY name",
            &[],
            fields!(ChannelCounts {
                channel,
                sent,
                failed,
                given_up,
                waiting,
                failing_since
            }),
        )
    }

    /// The last event that was searched for renewals to post to a channel; `None` if none was yet.
    pub fn searched_for_renewals(&self, channel: &str) -> Result<Option<EventId>, Error> {
        let searched = "SELECT journal_to FROM post_channel WHERE name = ?1";
        Ok(self.db.maybe_value(searched, &[&channel])?.flatten())
    }
}

impl Tx<'_> {
    /// Adds configured channels that are new, and removes those that are not configured any more with what waits for
    /// them.
    pub fn set_channels(&self, configured: &[String], now: Timestamp) -> Result<(), Error> {
        let known: Vec<String> = self.db.values("SELECT name FROM post_channel", &[])?;
        for name in known.iter().filter(|name| !configured.contains(name)) {
            self.db
                .run("DELETE FROM post_channel WHERE name = ?1", &[name])?;
            self.db.run(
                "UPDATE post SET next_try_at = NULL, given_up_at = ?2,
                    last_error = 'the channel is not configured any more'
                 WHERE channel = ?1 AND next_try_at IS NOT NULL",
                &[name, &now],
            )?;
        }
        let add = "INSERT INTO post_channel (name) VALUES (?1) ON CONFLICT (name) DO NOTHING";
        let mut configured = configured.iter();
        configured.try_for_each(|name| self.db.run(add, &[name]))
    }

    pub(super) fn record_channel_works(&self, channel: &str) -> Result<(), Error> {
        self.db.run(
            "INSERT INTO post_channel (name, sent) VALUES (?1, 1)
             ON CONFLICT (name) DO UPDATE SET sent = post_channel.sent + 1, failing_since = NULL,
                refused = 0, last_error = NULL",
            &[&channel],
        )
    }

    pub(super) fn record_channel_fails(
        &self,
        channel: &str,
        (error, is_refused): (&str, bool),
        given_up: usize,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db.run(
            "INSERT INTO post_channel (name, failing_since, last_error, refused, failed, given_up)
             VALUES (?1, ?2, ?3, ?4, 1, ?5)
             ON CONFLICT (name) DO UPDATE SET
                failing_since = coalesce(post_channel.failing_since, excluded.failing_since),
                last_error = excluded.last_error, refused = excluded.refused,
                failed = post_channel.failed + 1,
                given_up = post_channel.given_up + excluded.given_up",
            &[&channel, &now, &error, &is_refused, &given_up],
        )
    }

    /// Records that others know how the channel is doing now.
    pub fn mark_channel_reported(
        &self,
        report: &ChannelReport,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db.run(
            "UPDATE post_channel SET reported_at = ?2 WHERE name = ?1",
            &[&report.channel, &report.failing_since.map(|_| now)],
        )
    }

    /// Searches the journal for renewals since the last search, and queues those that `to_post` makes a post of. A
    /// channel that is new starts with the next renewal. Returns whether there may be more.
    pub fn enqueue_renewals(
        &self,
        channel: &str,
        events: usize,
        now: Timestamp,
        to_post: impl Fn(&crate::model::EventRecord) -> Option<NewPost>,
    ) -> Result<bool, Error> {
        let newest = self.newest_event()?;
        let after = self.searched_for_renewals(channel)?.unwrap_or(newest);
        let found = self.events(after, None, events)?;
        let renewed = found
            .iter()
            .filter(|record| matches!(record.event, Event::Rotated { .. }));
        for post in renewed.filter_map(to_post) {
            self.enqueue_post(&post, now)?;
        }
        let to = found.last().map_or(after, |last| last.id);
        self.db.run(
            "UPDATE post_channel SET journal_to = ?2 WHERE name = ?1",
            &[&channel, &to],
        )?;
        Ok(found.len() == events)
    }
}
