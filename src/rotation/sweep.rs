//! One pass over what is due of one app: claim, look, judge, follow up, write down.

use std::collections::HashSet;

use futures_util::future;
use jiff::{SignedDuration, Timestamp};

use super::app::{AppNews, Standing, Turn};
use super::desk::Desk;
use super::look::{Looked, look};
use super::policy::{self, Look, Verdict, judge};
use super::writing::Seen;
use super::{Keeper, Report};
use crate::graph_api::{Error, Inspection};
use crate::inventory::{self, Claimed};
use crate::token::TokenId;

/// How many are looked up at once. Looking costs an index walk over all that is due, so it is not done for less.
const PLAN: usize = 20_000;
/// How many are claimed at once: enough to share commits, few enough to be small in memory.
const CLAIM: usize = 2_500;
/// Of how many people's changes one pass hears; the rest have the next one.
const NOTICES: usize = 1_000;
/// Nobody else works on what is claimed for so long; a crash frees it after that.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// How a sweep came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    /// The app is in trouble.
    Troubled,
}

impl Keeper {
    /// Visits what is due, up to one plan's worth. Call again while the report says that more is due. What could not be
    /// written down is told at the end: it stops nothing else.
    pub async fn sweep(&self, now: Timestamp) -> Result<Report, inventory::Error> {
        let waiting = self.inventory.save_what_waits(&self.app, now).await;
        let resting = Report {
            resting: true,
            ..Report::default()
        };
        let standing = self.standing().await?;
        let allowance = standing.allowance(self.calls_per_hour, now);
        if allowance == 0 {
            return waiting.map(|()| resting);
        }
        let desk = Desk::new(&self.inventory, &self.graph, &self.rules, allowance, now);
        if standing.is_troubled() && !self.recovers(&desk).await? {
            return waiting.map(|()| resting);
        }
        self.heed_notices(now).await?;
        self.pull_due_in(now).await?;
        let due = self.due(allowance, now).await?;
        let more = due.len() == PLAN;
        let (report, end) = self.visit_all(&desk, &due).await?;
        waiting.map(|()| Report {
            more: more && end == End::Whole,
            ..report
        })
    }

    /// Slice by slice, until trouble ends it.
    async fn visit_all(
        &self,
        desk: &Desk<'_>,
        due: &[TokenId],
    ) -> Result<(Report, End), inventory::Error> {
        let mut end = End::Whole;
        let mut report = Report::default();
        let mut outcome = Ok(());
        let mut seen = None;
        let (due, suspects) = self.apart(due).await?;
        for slice in due.chunks(CLAIM).chain(suspects.chunks(1)) {
            // Of a suspect a crash must be able to say that it was in hand alone.
            if slice.iter().any(|id| suspects.contains(id)) {
                outcome = outcome.and(self.write_down(seen.take(), desk.now).await);
            }
            let claimed = self.claim(slice, desk.now).await?;
            // While Meta is asked about these, the ones before are written down.
            let (looked, written) = future::join(
                look(desk, claimed, self.batch),
                self.write_down(seen.take(), desk.now),
            )
            .await;
            outcome = outcome.and(written);
            let (looked, turn) = self.weigh(desk, looked).await;
            if turn.is_some() {
                end = End::Troubled;
            }
            let (visits, followed) = self.follow_up(desk, looked.seen).await;
            outcome = outcome.and(followed);
            report.count(&visits);
            seen = Some(Seen {
                visits,
                unseen: looked.unseen,
                app: AppNews {
                    usage: desk.take_usage(),
                    turn,
                },
            });
            if end != End::Whole {
                break;
            }
        }
        let written = self.write_down(seen, desk.now).await;
        outcome.and(written).map(|()| (report, end))
    }

    pub(super) async fn standing(&self) -> Result<Standing, inventory::Error> {
        let app = self.app.clone();
        let record = self.inventory.read(move |view| view.app(&app)).await?;
        Ok(Standing::new(record))
    }

    /// After trouble the app itself is asked first: one call instead of fifty.
    async fn recovers(&self, desk: &Desk<'_>) -> Result<bool, inventory::Error> {
        let answer = desk.confirm_app().await;
        let trouble = answer.as_ref().err().map(Error::cause);
        let news = AppNews {
            usage: desk.take_usage(),
            turn: Some(match answer {
                Ok(()) => Turn::Recovers,
                Err(error) => Turn::Fails(error),
            }),
        };
        let (app, rules, now) = (self.app.clone(), self.rules.clone(), desk.now);
        self.inventory
            .write(move |tx| {
                match trouble {
                    None => tx.hasten_failing(&app, now)?,
                    Some(cause) => tx.miss_due(&app, cause, now)?,
                };
                news.write(tx, &app, &rules, now)
            })
            .await?;
        Ok(trouble.is_none())
    }

    /// Makes due what Meta told of by itself. Before anything is claimed, so that nothing is under way meanwhile.
    async fn heed_notices(&self, now: Timestamp) -> Result<(), inventory::Error> {
        let app = self.app.clone();
        let waiting = self
            .inventory
            .read(move |view| view.notices(&app, NOTICES))
            .await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let app = self.app.clone();
        self.inventory
            .write(move |tx| {
                waiting
                    .iter()
                    .try_for_each(|notice| tx.heed_notice(&app, notice, now).map(drop))
            })
            .await
    }

    /// A clock that was wrong for a moment may have put visits off until a day that does not come.
    async fn pull_due_in(&self, now: Timestamp) -> Result<(), inventory::Error> {
        let (app, latest) = (self.app.clone(), policy::latest_visit(&self.rules, now));
        let beyond = self
            .inventory
            .read(move |view| view.is_due_beyond(&app, latest));
        if !beyond.await? {
            return Ok(());
        }
        let app = self.app.clone();
        let pulled = self
            .inventory
            .write(move |tx| tx.pull_due_in(&app, latest, now, PLAN))
            .await?;
        tracing::warn!(
            app = self.app,
            "{pulled} visits were put off for longer than any can be, and are due now: was the clock wrong?"
        );
        Ok(())
    }

    async fn due(&self, allowance: u32, now: Timestamp) -> Result<Vec<TokenId>, inventory::Error> {
        let (app, limit) = (self.app.clone(), PLAN.min(allowance as usize));
        self.inventory
            .read(move |view| view.due(&app, now, limit))
            .await
    }

    /// Those that may have made the daemon crash come last, one by one.
    async fn apart(
        &self,
        due: &[TokenId],
    ) -> Result<(Vec<TokenId>, Vec<TokenId>), inventory::Error> {
        let suspects = self.inventory.read(|view| view.suspects()).await?;
        let suspects: HashSet<TokenId> = suspects.into_iter().collect();
        Ok(due.iter().partition(|id| !suspects.contains(id)))
    }

    /// What waits to be written down from an earlier visit is not visited again before that.
    async fn claim(
        &self,
        due: &[TokenId],
        now: Timestamp,
    ) -> Result<Vec<Claimed>, inventory::Error> {
        let unsaved = self.inventory.unsaved(&self.app);
        let free = due.iter().filter(|id| !unsaved.contains(id));
        let mut free: Vec<TokenId> = free.copied().collect();
        // Neighbours in the table are written together.
        free.sort_unstable();
        self.inventory
            .write(move |tx| tx.claim(&free, now, now + LEASE))
            .await
    }

    /// What do the answers say together? Only what speaks for its own token goes on.
    async fn weigh(&self, desk: &Desk<'_>, looked: Looked) -> (Looked, Option<Turn>) {
        // That a candidate is refused says nothing of its token.
        let of_candidate = |claimed: &Claimed, look: &Look| {
            claimed.candidate.is_some() && matches!(look, Ok(Inspection::Refused { .. }))
        };
        let pairs = looked
            .seen
            .iter()
            .filter(|(claimed, look)| !of_candidate(claimed, look))
            .map(|(claimed, look)| (&claimed.token, look));
        match judge(pairs) {
            Verdict::Sound => (looked, None),
            Verdict::Troubled(error) => (
                looked.without_what_concerns_the_app(),
                Some(Turn::Fails(error)),
            ),
            Verdict::Suspicious(cause) => {
                tracing::warn!(app = self.app, %cause, "every answer refuses alike: asking after the app itself first");
                match desk.confirm_app().await {
                    Ok(()) => (looked.in_doubt(), None),
                    Err(error) => (looked.all_unseen(), Some(Turn::Fails(error))),
                }
            }
            Verdict::Blamed(cause) => {
                tracing::warn!(app = self.app, %cause, "an answer about one token blames the app: asking after the app itself first");
                match desk.confirm_app().await {
                    Ok(()) => (looked.with_blame_as_their_own(), None),
                    Err(error) => (looked.without_blame(), Some(Turn::Fails(error))),
                }
            }
        }
    }
}
