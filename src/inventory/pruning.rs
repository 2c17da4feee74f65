//! Pruning: what is kept, and for how long. Old rows are removed in small steps; what is still needed stays, however
//! old it is.

use jiff::{SignedDuration, Timestamp};

use super::{Error, Tx};

/// The limits of everything that only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub age: SignedDuration,
    /// How many are kept at most, however recent they are.
    pub events: u64,
    pub emails: u64,
    pub posts: u64,
    pub incidents: u64,
}

/// How many more events are kept for each token: a large inventory has more of them.
const EVENTS_A_TOKEN: u64 = 10;
/// The newest events stay: later ones are numbered after them, and they show whether the clock went back.
const NEWEST_EVENTS: u64 = 1_000;

/// How many rows one step removes at most. An email takes several pages of the database.
const ROWS_A_STEP: u32 = 1_000;
const EMAILS_PER_STEP: u32 = 100;

impl Retention {
    pub const fn for_age(age: SignedDuration) -> Self {
        Self {
            age,
            events: 1_000_000,
            emails: 100_000,
            posts: 100_000,
            incidents: 100_000,
        }
    }
}

impl Tx<'_> {
    /// Runs one step. Returns how many rows it removed; 0 when nothing is left to remove.
    pub fn prune(&self, kept: &Retention, now: Timestamp) -> Result<usize, Error> {
        let cutoff = now.checked_sub(kept.age).unwrap_or(Timestamp::MIN);
        let steps: [&dyn Fn() -> Result<usize, Error>; 9] = [
            &|| self.prune_events(kept, cutoff),
            &|| self.prune_emails(kept, cutoff),
            &|| self.prune_posts(kept, cutoff),
            &|| self.prune_incident_tokens(kept, cutoff),
            &|| self.prune_incidents(kept, cutoff),
            &|| self.prune_deletions(cutoff),
            &|| self.prune_digests(cutoff),
            &|| self.prune_deliveries(cutoff, ROWS_A_STEP),
            &|| self.retire_ended_versions(now),
        ];
        for step in steps {
            let removed = step()?;
            if removed > 0 {
                return Ok(removed);
            }
        }
        Ok(0)
    }

    /// Removes the oldest events first. The event of a pending order stays.
    fn prune_events(&self, kept: &Retention, cutoff: Timestamp) -> Result<usize, Error> {
        let tokens = self.fleet()?.total();
        let most = kept.events.saturating_add(tokens * EVENTS_A_TOKEN);
        self.db.changed(
            "DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY id LIMIT ?4)
             AND (at < ?1 OR id <= (SELECT max(id) FROM event) - ?2)
             AND id <= (SELECT max(id) FROM event) - ?3
             AND id NOT IN (SELECT event FROM token_order WHERE ended_at IS NULL)",
            &[&cutoff, &most, &NEWEST_EVENTS, &ROWS_A_STEP],
        )
    }

    /// Removes emails that need nothing more: sent or given up, and about no open incident.
    fn prune_emails(&self, kept: &Retention, cutoff: Timestamp) -> Result<usize, Error> {
        self.db.changed(
            "DELETE FROM email WHERE id IN (
                SELECT id FROM email
                    WHERE created_at < ?1 AND next_try_at IS NULL AND NOT EXISTS (
                        SELECT 1 FROM incident i WHERE i.id = email.incident AND i.resolved_at IS NULL)
                UNION ALL SELECT id FROM email
                    WHERE id <= (SELECT max(id) FROM email) - ?2 AND next_try_at IS NULL
                        AND NOT EXISTS (SELECT 1 FROM incident i
                            WHERE i.id = email.incident AND i.resolved_at IS NULL)
                LIMIT ?3)",
            &[&cutoff, &kept.emails, &EMAILS_PER_STEP],
        )
    }

    /// Removes posts that need nothing more: sent or given up, and about no open incident.
    fn prune_posts(&self, kept: &Retention, cutoff: Timestamp) -> Result<usize, Error> {
        self.db.changed(
            "DELETE FROM post WHERE id IN (
                SELECT id FROM post WHERE created_at < ?1 AND next_try_at IS NULL
                    AND NOT EXISTS (
                        SELECT 1 FROM incident i WHERE i.id = post.incident AND i.resolved_at IS NULL)
                UNION ALL SELECT id FROM post
                    WHERE id <= (SELECT max(id) FROM post) - ?2 AND next_try_at IS NULL
                        AND NOT EXISTS (SELECT 1 FROM incident i
                            WHERE i.id = post.incident AND i.resolved_at IS NULL)
                LIMIT ?3)",
            &[&cutoff, &kept.posts, &ROWS_A_STEP],
        )
    }

    /// Removes the tokens of an old incident before the incident, because there may be 100,000.
    fn prune_incident_tokens(&self, kept: &Retention, cutoff: Timestamp) -> Result<usize, Error> {
        let prune = format!(
            "DELETE FROM incident_token WHERE (incident, token) IN (
                SELECT m.incident, m.token FROM incident_token m WHERE m.incident IN ({OLD_INCIDENTS})
                LIMIT ?3)"
        );
        self.db
            .changed(&prune, &[&cutoff, &kept.incidents, &ROWS_A_STEP])
    }

    fn prune_incidents(&self, kept: &Retention, cutoff: Timestamp) -> Result<usize, Error> {
        let prune = format!("DELETE FROM incident WHERE id IN ({OLD_INCIDENTS} LIMIT ?3)");
        self.db
            .changed(&prune, &[&cutoff, &kept.incidents, &ROWS_A_STEP])
    }

    /// Removes requests that were finished long ago. The person had enough time to look at the page.
    fn prune_deletions(&self, cutoff: Timestamp) -> Result<usize, Error> {
        self.db.changed(
            "DELETE FROM data_deletion WHERE code IN (
                SELECT code FROM data_deletion WHERE finished_at < ?1 LIMIT ?2)",
            &[&cutoff, &ROWS_A_STEP],
        )
    }

    /// Removes all old digests but the newest, from which the next one counts.
    fn prune_digests(&self, cutoff: Timestamp) -> Result<usize, Error> {
        self.db.changed(
            "DELETE FROM digest WHERE tick IN (
                SELECT tick FROM digest WHERE tick < ?1
                    AND tick < (SELECT max(tick) FROM digest) LIMIT ?2)",
            &[&cutoff, &ROWS_A_STEP],
        )
    }
}

/// Incidents that were resolved long ago, or are too many. Those that stored emails are about go after those emails.
const OLD_INCIDENTS: &str = "SELECT i.id FROM incident i WHERE i.resolved_at IS NOT NULL
    AND (i.resolved_at < ?1 OR i.id <= (SELECT max(id) FROM incident) - ?2)
    AND i.review_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM email l WHERE l.incident = i.id)";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::inventory::bench_for_tests::Bench;
    use crate::model::{Event, NewEmail, NewEvent};

    fn days(days: i64) -> SignedDuration {
        SignedDuration::from_hours(24 * days)
    }

    fn now() -> Timestamp {
        "2026-12-01T12:00:00Z".parse().unwrap()
    }

    /// Runs all steps. Returns the number of rows that each removed.
    async fn prune(inventory: &Inventory, kept: Retention) -> Vec<usize> {
        let mut steps = Vec::new();
        loop {
            let step = inventory.write(move |tx| tx.prune(&kept, now()));
            match step.await.unwrap() {
                0 => return steps,
                removed => steps.push(removed),
            }
        }
    }

    async fn count(inventory: &Inventory, table: &'static str) -> usize {
        let count = inventory.read(move |view| {
            let sql = format!("SELECT count(*) FROM {table}");
            view.db.value(&sql, &[])
        });
        count.await.unwrap()
    }

    async fn write_events(inventory: &Inventory, many: usize, at: Timestamp) {
        let write = inventory.write(move |tx| {
            let event = NewEvent::from(Event::Started {});
            (0..many).try_for_each(|_| tx.record_event(&event, at).map(drop))
        });
        write.await.unwrap();
    }

    #[tokio::test]
    async fn the_journal_is_pruned_by_age_in_steps_of_a_thousand_rows() {
        let bench = Bench::new();
        let inventory = bench.open();
        write_events(&inventory, 2_500, now() - days(401)).await;
        write_events(&inventory, 1_500, now() - days(399)).await;
        let kept = Retention::for_age(days(400));
        assert_eq!(prune(&inventory, kept).await, [1_000, 1_000, 500]);
        let rest = inventory.read(|view| view.events(crate::model::EventId(0), None, 1));
        assert_eq!(rest.await.unwrap()[0].id.0, 2_501);
        write_events(&inventory, 1, now()).await;
        let newest = inventory.read(|view| view.newest_event()).await.unwrap();
        assert_eq!(newest.0, 4_001, "ids go on");
    }

    #[tokio::test]
    async fn the_journal_is_pruned_by_number_and_the_newest_events_stay_however_old() {
        let bench = Bench::new();
        let inventory = bench.open();
        write_events(&inventory, 5_000, now()).await;
        let kept = Retention {
            events: 2_000,
            ..Retention::for_age(days(400))
        };
        assert_eq!(prune(&inventory, kept).await.iter().sum::<usize>(), 3_000);
        let none = Retention::for_age(days(-1));
        prune(&inventory, none).await;
        assert_eq!(count(&inventory, "event").await, 1_000);
    }

    fn email(message_id: &str) -> NewEmail {
        NewEmail {
            incident: None,
            message_id: message_id.to_owned(),
            in_reply_to: None,
            recipients: vec!["ada@example.com".to_owned()],
            subject: "Subject".to_owned(),
            text: String::new(),
            html: String::new(),
        }
    }

    #[tokio::test]
    async fn emails_go_when_they_are_old_and_sent_and_about_nothing_that_is_open() {
        let bench = Bench::new();
        let inventory = bench.open();
        let old = now() - days(500);
        let write = inventory.write(move |tx| {
            for (incident, resolved) in [(1, "NULL"), (2, "1000")] {
                tx.db.script(&format!(
                    "INSERT INTO incident (id, app, incident_cause, cause, subject, opened_at, resolved_at)
                     VALUES ({incident}, 'acme', 'expired', 'expired', '{incident}', 1, {resolved})"
                ))?;
            }
            for id in ["unsent", "sent", "of-open", "of-resolved"] {
                tx.enqueue_email(&email(id), old)?;
            }
            tx.enqueue_email(&email("young"), now())?;
            tx.db.script(
                "UPDATE email SET next_try_at = NULL, sent_at = 1 WHERE message_id <> 'unsent';
                 UPDATE email SET incident = 1 WHERE message_id = 'of-open';
                 UPDATE email SET incident = 2 WHERE message_id = 'of-resolved';",
            )
        });
        write.await.unwrap();
        prune(&inventory, Retention::for_age(days(400))).await;
        let left = inventory.read(|view| {
            let ids = "SELECT message_id FROM email ORDER BY id";
            view.db.values::<String, Vec<_>>(ids, &[])
        });
        assert_eq!(left.await.unwrap(), ["unsent", "of-open", "young"]);
        assert_eq!(count(&inventory, "incident").await, 1, "the open one");
    }

    #[tokio::test]
    async fn finished_deletions_and_old_summaries_go_and_open_ones_stay() {
        let bench = Bench::new();
        let inventory = bench.open();
        let write = inventory.write(move |tx| {
            tx.db.script(
                "INSERT INTO data_deletion (code, app, person, signed_at, requested_at, finished_at) VALUES
                    ('finished', 'acme', '', 1, 1, 2), ('open', 'acme', '17', 1, 1, NULL);
                 INSERT INTO digest (tick, event, created_at) VALUES (1, 0, 1), (2, 0, 2);",
            )
        });
        write.await.unwrap();
        prune(&inventory, Retention::for_age(days(400))).await;
        let open = inventory.read(|view| Ok((view.deletion("open")?, view.last_digest()?)));
        let (open, digest) = open.await.unwrap();
        assert!(open.is_some() && digest.is_some());
        assert_eq!(count(&inventory, "data_deletion").await, 1);
        assert_eq!(count(&inventory, "digest").await, 1);
    }
}
