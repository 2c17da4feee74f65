//! One pass over what is due of one app: claim, look, judge, follow up, write down.

use std::collections::HashSet;

use futures_util::future;
use jiff::{SignedDuration, Timestamp};

use super::app_health::{AppChange, AppHealth, Turn};
use super::inspect::{BatchResult, inspect};
use super::policy::{self, AppDiagnosis, InspectionResult, diagnose_app};
use super::record_results::InspectedToken;
use super::sweep_context::SweepContext;
use super::{Report, RotationWorker};
use crate::graph_api::{Error, Inspection};
use crate::inventory::{self, Claimed};
use crate::model::TokenId;

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
    Failing,
}

impl RotationWorker {
    /// Visits what is due, up to one plan's worth. Call again while the report says that more is due. What could not be
    /// written down is told at the end: it stops nothing else.
    pub async fn sweep(&self, now: Timestamp) -> Result<Report, inventory::Error> {
        let waiting = self.inventory.save_what_waits(&self.app, now).await;
        let backing_off = Report {
            backing_off: true,
            ..Report::default()
        };
        let app_health = self.app_health().await?;
        let allowance = app_health.allowance(self.calls_per_hour, now);
        if allowance == 0 {
            let changed = self.refuse_orders(&app_health, now).await?;
            return waiting.map(|()| Report {
                changed,
                ..backing_off
            });
        }
        let context = SweepContext::new(&self.inventory, &self.graph, &self.rules, allowance, now);
        if app_health.is_failing() && !self.recovers(&context).await? {
            return waiting.map(|()| backing_off);
        }
        self.apply_webhook_notices(now).await?;
        self.pull_due_in(now).await?;
        let due = self.due(allowance, now).await?;
        let more = due.len() == PLAN;
        let (report, end) = self.check_all(&context, &due).await?;
        waiting.map(|()| Report {
            more: more && end == End::Whole,
            ..report
        })
    }

    /// Slice by slice, until trouble ends it.
    async fn check_all(
        &self,
        context: &SweepContext<'_>,
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
                outcome = outcome.and(self.write_down(seen.take(), context.now).await);
            }
            let claimed = self.claim(slice, context.now).await?;
            // While Meta is asked about these, the ones before are written down.
            let (looked, written) = future::join(
                inspect(context, claimed, self.batch),
                self.write_down(seen.take(), context.now),
            )
            .await;
            outcome = outcome.and(written);
            let (looked, turn) = self.diagnose(context, looked).await;
            if turn.is_some() {
                end = End::Failing;
            }
            let (checks, followed) = self.follow_up(context, looked.seen).await;
            outcome = outcome.and(followed);
            report.count(&checks);
            seen = Some(InspectedToken {
                checks,
                unseen: looked.unseen,
                app: AppChange {
                    usage: context.take_usage(),
                    turn,
                },
            });
            if end != End::Whole {
                break;
            }
        }
        let written = self.write_down(seen, context.now).await;
        outcome.and(written).map(|()| (report, end))
    }

    pub(super) async fn app_health(&self) -> Result<AppHealth, inventory::Error> {
        let app = self.app.clone();
        let record = self.inventory.read(move |view| view.app(&app)).await?;
        Ok(AppHealth::new(record))
    }

    /// After trouble the app itself is asked first: one call instead of fifty.
    async fn recovers(&self, context: &SweepContext<'_>) -> Result<bool, inventory::Error> {
        let answer = context.confirm_app().await;
        let app_error = answer.as_ref().err().map(Error::cause);
        let webhook_news = AppChange {
            usage: context.take_usage(),
            turn: Some(match answer {
                Ok(()) => Turn::Recovers,
                Err(error) => Turn::Fails(error),
            }),
        };
        let (app, rules, now) = (self.app.clone(), self.rules.clone(), context.now);
        self.inventory
            .write(move |tx| {
                match app_error {
                    None => tx.retry_failing_now(&app, now)?,
                    Some(cause) => tx.mark_overdue_failing(&app, cause, now)?,
                };
                webhook_news.write(tx, &app, &rules, now)
            })
            .await?;
        Ok(app_error.is_none())
    }

    /// Makes due what Meta told of by itself. Before anything is claimed, so that nothing is under way meanwhile.
    async fn apply_webhook_notices(&self, now: Timestamp) -> Result<(), inventory::Error> {
        let app = self.app.clone();
        let waiting = self
            .inventory
            .read(move |view| view.webhook_notices(&app, NOTICES))
            .await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let app = self.app.clone();
        self.inventory
            .write(move |tx| {
                waiting
                    .iter()
                    .try_for_each(|notice| tx.apply_webhook_notice(&app, notice, now).map(drop))
            })
            .await
    }

    /// A clock that was wrong for a moment may have put visits off until a day that does not come.
    async fn pull_due_in(&self, now: Timestamp) -> Result<(), inventory::Error> {
        let (app, latest) = (self.app.clone(), policy::latest_check(&self.rules, now));
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
    async fn diagnose(
        &self,
        context: &SweepContext<'_>,
        looked: BatchResult,
    ) -> (BatchResult, Option<Turn>) {
        // That a candidate is refused says nothing of its token.
        let of_candidate = |claimed: &Claimed, inspect: &InspectionResult| {
            claimed.candidate.is_some() && matches!(inspect, Ok(Inspection::Refused { .. }))
        };
        let pairs = looked
            .seen
            .iter()
            .filter(|(claimed, inspect)| !of_candidate(claimed, inspect))
            .map(|(claimed, inspect)| (&claimed.token, inspect));
        match diagnose_app(pairs) {
            AppDiagnosis::Sound => (looked, None),
            AppDiagnosis::Failing(error) => (looked.without_app_errors(), Some(Turn::Fails(error))),
            AppDiagnosis::Suspicious(cause) => {
                tracing::warn!(app = self.app, %cause, "every answer refuses alike: asking after the app itself first");
                match context.confirm_app().await {
                    Ok(()) => (looked.in_doubt(), None),
                    Err(error) => (looked.all_unseen(), Some(Turn::Fails(error))),
                }
            }
            AppDiagnosis::Blamed(cause) => {
                tracing::warn!(app = self.app, %cause, "an answer about one token blames the app: asking after the app itself first");
                match context.confirm_app().await {
                    Ok(()) => (looked.with_blame_as_their_own(), None),
                    Err(error) => (looked.without_blame(), Some(Turn::Fails(error))),
                }
            }
        }
    }
}
