//! Checks the database server that several nodes share: whether its clock is that of this machine, and whether it still
//! has what it had.

use jiff::{SignedDuration, Timestamp};

use super::clock;
use super::shared_state::SharedState;
use crate::inventory::{Error, Inventory, Mark};

/// A node whose clock is further from the database's takes no duty: it would judge expiries and waits by another time than
/// the other nodes.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(5);

/// What this node knows about the server.
#[derive(Debug, Default)]
pub(super) struct ServerCheck {
    /// The newest event at the last look.
    mark: Option<Mark>,
    /// The last event that this node has recorded since. A look that fails keeps it for the next one.
    recorded: Option<Mark>,
}

impl ServerCheck {
    /// Whether this node may do what one node does at a time.
    pub(super) async fn may_lead(
        &mut self,
        inventory: &Inventory,
        shared: &SharedState,
    ) -> Result<bool, Error> {
        self.look(inventory).await?;
        let before = clock::now();
        let at_server = inventory.read(|view| view.database_clock()).await?;
        let apart = apart(before, at_server, clock::now());
        shared.publish_side_job_error("clock of this node", apart.map(words));
        Ok(apart.is_none())
    }

    /// Compares the newest event of the last look with what the server has now. A standby that took over without the last
    /// commits does not know what the tokens are by now, so each is checked anew, and nothing is delivered before. Every
    /// node that knew of lost commits notices, and the first one records it for all.
    pub(super) async fn look(&mut self, inventory: &Inventory) -> Result<(), Error> {
        let recorded = inventory.take_newest_mark();
        let recorded = recorded.map(|mark| mark.recorded_after(self.mark.as_ref()));
        self.recorded = recorded.or(self.recorded.take());
        let known = [self.recorded.clone(), self.mark.clone()];
        let (lost, newest) = inventory
            .read(move |view| {
                let lost = view.lost_mark(known.into_iter().flatten())?;
                Ok((lost, view.newest_mark()?))
            })
            .await?;
        if let Some(mark) = lost {
            let recorded = inventory
                .write_alone(move |tx| tx.record_lost_commits(&mark))
                .await?;
            log_loss(recorded);
        }
        self.mark = newest;
        self.recorded = None;
        Ok(())
    }
}

fn log_loss(recorded_here: bool) {
    if recorded_here {
        tracing::error!(
            "the database server has lost commits: the newest event that this node knew is gone. All tokens are checked \
             again, and the operators are notified. If a standby took over, let commits wait for it: set \
             synchronous_standby_names"
        );
    } else {
        tracing::warn!(
            "the database server has lost commits: the newest event that this node knew is gone. Another node has \
             recorded that"
        );
    }
}

/// By how much the server's clock is ahead of this machine's, if that is too much. It was read between `before` and
/// `after`.
fn apart(before: Timestamp, at_server: Timestamp, after: Timestamp) -> Option<SignedDuration> {
    let early = before.duration_until(at_server);
    let late = after.duration_until(at_server);
    if early < -TOLERANCE {
        return Some(early);
    }
    (late > TOLERANCE).then_some(late)
}

fn words(ahead: SignedDuration) -> String {
    let (seconds, way) = (
        ahead.abs().as_secs(),
        if ahead.is_negative() {
            "ahead of"
        } else {
            "behind"
        },
    );
    format!(
        "this machine's clock is {seconds} s {way} the database server's, so this node takes no duty. Set both clocks: \
         timedatectl set-ntp true"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Settings, Tx};
    use crate::model::{Event, NewEvent};
    use crate::secret::Key;

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_000_000 + second)
    }

    #[test]
    fn clocks_may_differ_by_five_seconds_and_an_answer_may_be_slow() {
        for (before, at_server, after, expected) in [
            (0, 0, 0, None),
            (0, 5, 0, None),
            (0, -5, 0, None),
            (0, 6, 0, Some(6)),
            (0, -6, 0, Some(-6)),
            (0, 600, 1, Some(599)),
            // The answer took ten seconds: it may have been read at any moment of them.
            (0, 12, 10, None),
            (0, 16, 10, Some(6)),
        ] {
            let found = apart(at(before), at(at_server), at(after));
            assert_eq!(
                found,
                expected.map(SignedDuration::from_secs),
                "{at_server}"
            );
        }
    }

    #[test]
    fn the_operator_reads_which_clock_is_ahead() {
        let ahead = words(SignedDuration::from_secs(-600));
        assert!(ahead.starts_with("this machine's clock is 600 s ahead of the database server's"));
        let behind = words(SignedDuration::from_secs(7));
        assert!(behind.starts_with("this machine's clock is 7 s behind the database server's"));
    }

    #[tokio::test]
    async fn what_this_node_recorded_after_its_last_look_is_missed_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inventory.db");
        let settings = Settings::of_file(&path, Key::generate().unwrap());
        let inventory = Inventory::open(&settings).unwrap();
        let mut check = ServerCheck::default();
        check.look(&inventory).await.unwrap();
        for recorded in [1, 2] {
            let record = move |tx: &Tx<'_>| {
                tx.record_event(&NewEvent::from(Event::Started {}), at(recorded))
            };
            inventory.write(record).await.unwrap();
            let db = rusqlite::Connection::open(&path).unwrap();
            let take_over = "DELETE FROM event WHERE id = (SELECT max(id) FROM event);
                             UPDATE totals SET restored_at = restored_at - 60";
            db.execute_batch(take_over).unwrap();
            for _ in 0..2 {
                check.look(&inventory).await.unwrap();
                let told = "SELECT count(*) FROM event WHERE kind = 'commits_lost'";
                let told: i64 = db.query_row(told, [], |row| row.get(0)).unwrap();
                assert_eq!(told, recorded);
            }
            if let Some(mark) = &mut check.mark {
                *mark = inventory
                    .read(|view| view.newest_mark())
                    .await
                    .unwrap()
                    .unwrap();
            }
        }
    }
}
