//! One pass over the due tokens of one app: claim, inspect, diagnose, follow up, record.

use std::collections::HashSet;

use futures_util::future;
use jiff::{SignedDuration, Timestamp};

use super::app_health::{AppChange, AppHealth, Turn};
use super::inspect::{BatchResult, inspect};
use super::policy::{self, AppDiagnosis, InspectionResult, diagnose_app};
use super::session::Session;
use super::{Report, RotationWorker};
use crate::graph_api::{Error, Inspection};
use crate::inventory;
use crate::model::{Claimed, TokenId};

/// The number of due tokens read at once. Each read walks the index over everything that is due, so it is not done for
/// fewer.
const PLAN: usize = 20_000;
/// The number of tokens claimed at once: enough to share commits, few enough to keep memory small.
const CLAIM: usize = 2_500;
/// The number of webhook notices that one sweep applies; the rest wait for the next one.
const NOTICES: usize = 1_000;
/// How long a claim lasts. No other worker takes the token before it ends; after a crash it simply runs out.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

impl RotationWorker {
    /// Checks the due tokens, up to `PLAN` of them. Call it again while the report has `more`. Write errors stop
    /// nothing else and are returned at the end.
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
        let session = Session::new(self, allowance, now);
        if app_health.is_failing() && !self.recovers(&session).await? {
            return waiting.map(|()| backing_off);
        }
        self.apply_webhook_notices(now).await?;
        self.pull_due_in(now).await?;
        let due = self.due(allowance, now).await?;
        let report = self.check_all(&session, &due).await?;
        waiting.map(|()| report)
    }

    /// Works slice by slice until the app fails or nothing is left.
    async fn check_all(
        &self,
        session: &Session<'_>,
        due: &[TokenId],
    ) -> Result<Report, inventory::Error> {
        let mut report = Report {
            more: due.len() == PLAN,
            ..Report::default()
        };
        let mut outcome = Ok(());
        let mut last = None;
        let (due, suspects) = self.apart(due).await?;
        for slice in due.chunks(CLAIM).chain(suspects.chunks(1)) {
            // Write the previous slice first: after a crash it must be clear that the suspect was being checked alone.
            if slice.iter().any(|id| suspects.contains(id)) {
                outcome = outcome.and(self.write_down(last.take()).await);
            }
            let claimed = self.claim(slice, session.now).await?;
            // The previous slice is written while Meta is asked about this one.
            let (inspected, written) = future::join(
                inspect(session, claimed, self.batch),
                self.write_down(last.take()),
            )
            .await;
            outcome = outcome.and(written);
            let (inspected, turn) = self.diagnose(session, inspected).await;
            let is_failing = turn.is_some();
            let (results, checked) = session.check(inspected.seen).await;
            outcome = outcome.and(checked);
            report.count(&results);
            let usage = session.calls.take_usage();
            let app_change = AppChange { usage, turn };
            last = Some(self.slice(results, inspected.unseen, app_change, session.now));
            if is_failing {
                report.more = false;
                break;
            }
        }
        let written = self.write_down(last).await;
        outcome.and(written).map(|()| report)
    }

    pub(super) async fn app_health(&self) -> Result<AppHealth, inventory::Error> {
        let app = self.app.clone();
        let record = self.inventory.read(move |view| view.app(&app)).await?;
        Ok(AppHealth::new(record))
    }

    /// Checks a failing app first: one call instead of fifty.
    async fn recovers(&self, session: &Session<'_>) -> Result<bool, inventory::Error> {
        let answer = session.confirm_app().await;
        let app_error = answer.as_ref().err().map(Error::cause);
        let app_change = AppChange {
            usage: session.calls.take_usage(),
            turn: Some(match answer {
                Ok(()) => Turn::Recovers,
                Err(error) => Turn::Fails(error),
            }),
        };
        let (app, rules, now) = (self.app.clone(), self.rules.clone(), session.now);
        self.inventory
            .write(move |tx| {
                match app_error {
                    None => tx.retry_failing_now(&app, now)?,
                    Some(cause) => tx.mark_overdue_failing(&app, cause, now)?,
                };
                app_change.write(tx, &app, &rules, now)
            })
            .await?;
        Ok(app_error.is_none())
    }

    /// Makes the tokens due that Meta's webhooks reported. Runs before anything is claimed, so that no check is in
    /// progress meanwhile.
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
                waiting.iter().try_for_each(|webhook_notice| {
                    tx.apply_webhook_notice(&app, webhook_notice, now).map(drop)
                })
            })
            .await
    }

    /// Pulls in checks that are scheduled too far ahead, as happens when the clock was wrong for a while.
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
            "{pulled} checks were scheduled too far ahead and are due now; the machine's clock may have been wrong"
        );
        Ok(())
    }

    async fn due(&self, allowance: u32, now: Timestamp) -> Result<Vec<TokenId>, inventory::Error> {
        let (app, limit) = (self.app.clone(), PLAN.min(allowance as usize));
        self.inventory
            .read(move |view| view.due(&app, now, limit))
            .await
    }

    /// Separates the tokens that may have crashed the daemon; they are checked last, one by one.
    async fn apart(
        &self,
        due: &[TokenId],
    ) -> Result<(Vec<TokenId>, Vec<TokenId>), inventory::Error> {
        let suspects = self.inventory.read(|view| view.suspects()).await?;
        let suspects: HashSet<TokenId> = suspects.into_iter().collect();
        Ok(due.iter().partition(|id| !suspects.contains(id)))
    }

    /// Claims tokens, except those with a result of an earlier check that is not saved yet.
    async fn claim(
        &self,
        due: &[TokenId],
        now: Timestamp,
    ) -> Result<Vec<Claimed>, inventory::Error> {
        let unsaved = self.inventory.unsaved(&self.app);
        let free = due.iter().filter(|id| !unsaved.contains(id));
        let mut free: Vec<TokenId> = free.copied().collect();
        // Rows that are neighbours in the table are written together.
        free.sort_unstable();
        self.inventory
            .write(move |tx| tx.claim(&free, now, now + LEASE))
            .await
    }

    /// Diagnoses the app from all answers together and keeps only the answers that are about their own token.
    async fn diagnose(
        &self,
        session: &Session<'_>,
        inspected: BatchResult,
    ) -> (BatchResult, Option<Turn>) {
        // A refused candidate says nothing about its token.
        let of_candidate = |claimed: &Claimed, inspect: &InspectionResult| {
            claimed.candidate.is_some() && matches!(inspect, Ok(Inspection::Refused { .. }))
        };
        let pairs = inspected
            .seen
            .iter()
            .filter(|(claimed, inspect)| !of_candidate(claimed, inspect))
            .map(|(claimed, inspect)| (&claimed.token, inspect));
        match diagnose_app(pairs) {
            AppDiagnosis::Sound => (inspected, None),
            AppDiagnosis::Failing(error) => {
                (inspected.without_app_errors(), Some(Turn::Fails(error)))
            }
            AppDiagnosis::Suspicious(cause) => {
                tracing::warn!(app = self.app, %cause, "Meta refuses every token for the same cause; checking the app first");
                match session.confirm_app().await {
                    Ok(()) => (inspected.in_doubt(), None),
                    Err(error) => (inspected.all_unseen(), Some(Turn::Fails(error))),
                }
            }
            AppDiagnosis::Blamed(cause) => {
                tracing::warn!(app = self.app, %cause, "Meta's answer about a token blames the app; checking the app first");
                match session.confirm_app().await {
                    Ok(()) => (inspected.with_blame_as_their_own(), None),
                    Err(error) => (inspected.without_blame(), Some(Turn::Fails(error))),
                }
            }
        }
    }
}
