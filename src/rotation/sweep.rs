//! One pass over the due tokens of one app: claim, inspect, diagnose, follow up, record.

use std::collections::{HashSet, VecDeque};

use futures_util::future;
use jiff::{SignedDuration, Timestamp};

use super::app_health::{AppChange, Turn};
use super::inspect::{self, Seen, inspect};
use super::policy::{self, Announced, AppDiagnosis, InspectionResult, diagnose_app};
use super::session::{Session, Trial};
use super::{Report, RotationWorker};
use crate::graph_api::Inspection;
use crate::inventory::{self, Claim, ClaimInHand, View};
use crate::model::{Claimed, TokenId};

/// The most tokens that a plan holds, so that it needs little memory.
const PLAN: usize = 250_000;
/// The number of tokens checked before the clock and the app are looked at again.
const PART: usize = 20_000;
/// The number of tokens claimed at once: enough to share commits, few enough to keep memory small. The results of a first
/// check take more than a kilobyte each, two slices of them are in hand, and the allocator keeps as much for each thread.
const SLICE: usize = 500;
/// The number of webhook notices that one sweep applies; the rest wait for the next one.
const NOTICES: usize = 1_000;
/// How long a claim lasts. No other worker takes its tokens before it ends; after a crash it simply runs out.
const CLAIM: SignedDuration = SignedDuration::from_mins(10);

/// The due tokens that a sweep has still to check, each of them once.
#[derive(Debug, Default)]
pub struct Plan {
    waiting: VecDeque<TokenId>,
    announced: Announced,
    /// More tokens were due than a plan holds, and they may be checked too.
    is_partial: bool,
}

impl RotationWorker {
    /// Checks all due tokens. Write errors stop nothing else and are returned at the end.
    pub async fn sweep(&self, now: Timestamp) -> Result<Report, inventory::Error> {
        let mut plan = Plan::default();
        let mut report = Report::default();
        loop {
            report = report.and(self.sweep_part(&mut plan, now).await?);
            if !report.more {
                return Ok(report);
            }
        }
    }

    /// Checks some of the tokens in the plan, and makes the plan first if it is empty. Call it again while the report
    /// has `more`.
    pub async fn sweep_part(
        &self,
        plan: &mut Plan,
        now: Timestamp,
    ) -> Result<Report, inventory::Error> {
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
        let trial = match app_health.is_failing() {
            true if self.graph.confirms_app() => Trial::App,
            true => Trial::Token,
            false => Trial::None,
        };
        let session = Session::new(self, allowance, trial, now);
        if trial == Trial::App && !self.recovers(&session).await? {
            return waiting.map(|()| backing_off);
        }
        if trial == Trial::Token {
            self.prepare_trial(now).await?;
        }
        self.apply_webhook_notices(now).await?;
        self.pull_due_in(now).await?;
        if plan.waiting.is_empty() {
            *plan = self.plan(allowance, now).await?;
        }
        let most = if trial == Trial::Token { 1 } else { PART };
        let left = session.calls.left() as usize;
        let part = plan.waiting.len().min(most).min(left);
        let part: Vec<TokenId> = plan.waiting.drain(..part).collect();
        let announced = &mut plan.announced;
        let (report, is_failing) = self.check_all(&session, &part, announced).await?;
        let more = !plan.waiting.is_empty() || plan.is_partial && report.checked > 0;
        waiting.map(|()| Report {
            more: more && !is_failing,
            ..report
        })
    }

    /// Works slice by slice until the app fails or nothing is left. Returns whether the app fails.
    async fn check_all(
        &self,
        session: &Session<'_>,
        due: &[TokenId],
        announced: &mut Announced,
    ) -> Result<(Report, bool), inventory::Error> {
        let mut report = Report::default();
        let mut is_failing = false;
        let mut outcome = Ok(());
        let mut last = None;
        let (due, suspects) = self.apart(due).await?;
        for slice in due.chunks(SLICE).chain(suspects.chunks(1)) {
            // Write the previous slice first: after a crash it must be clear that the suspect was being checked alone.
            if slice.iter().any(|id| suspects.contains(id)) {
                outcome = outcome.and(self.write_down(last.take()).await);
            }
            let (claim, in_hand) = self.claim(slice, session.now).await?;
            // The previous slice is written while Meta is asked about this one.
            let (described, written) = future::join(
                inspect(session, &claim, self.batch),
                self.write_down(last.take()),
            )
            .await;
            outcome = outcome.and(written);
            let mut seen = session.seen(claim, described).await?;
            let turn = self.diagnose(session, &mut seen).await;
            let turn = turn.or_else(|| session.recovery(&seen));
            is_failing = matches!(turn, Some(Turn::Fails(_)));
            let had_ads = seen.show_ads();
            let (results, checked) = session.check(seen).await;
            outcome = outcome.and(checked);
            report.count(&results);
            let usage = session.calls.take_usage();
            let saw_ads = had_ads || results.show_ads();
            let app_change = AppChange {
                usage,
                turn,
                saw_ads,
            };
            let related = policy::related(&results.changed, announced);
            last = Some(self.slice(in_hand, results, related, app_change, session.now));
            if is_failing || !self.inventory.may_act() {
                break;
            }
        }
        let written = self.write_down(last).await;
        outcome.and(written).map(|()| (report, is_failing))
    }

    /// Whether nothing is left of what was due before `began`.
    pub async fn visited_all(&self, began: Timestamp) -> Result<bool, inventory::Error> {
        let (app, before) = (self.app.clone(), began - SignedDuration::from_secs(1));
        let left = self.inventory.read(move |view| view.due(&app, before, 1));
        left.await.map(|left| left.is_empty())
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
            .write_alone(move |tx| {
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
            .write_alone(move |tx| tx.pull_due_in(&app, latest, now, PART))
            .await?;
        tracing::warn!(
            app = self.app,
            "{pulled} checks were scheduled too far ahead and are due now; the machine's clock may have been wrong"
        );
        Ok(())
    }

    async fn plan(&self, allowance: u32, now: Timestamp) -> Result<Plan, inventory::Error> {
        let app = self.app.clone();
        let read = move |view: &View<'_>| {
            let claims = view.claims_of_app(&app)?;
            Ok((claims, view.due(&app, now, PLAN)?))
        };
        let (claims, due) = self.inventory.read(read).await?;
        self.inventory.end_left_over(&claims).await?;
        Ok(Plan {
            is_partial: due.len() == PLAN && allowance as usize > PLAN,
            waiting: policy::plan(due, allowance as usize, now).into(),
            announced: Announced::default(),
        })
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
    ) -> Result<(Claim, ClaimInHand), inventory::Error> {
        let unsaved = self.inventory.unsaved(&self.app);
        let free = due.iter().filter(|id| !unsaved.contains(id));
        let free: Vec<TokenId> = free.copied().collect();
        self.inventory.claim(free, now, now + CLAIM).await
    }

    /// Diagnoses the app from all answers together and keeps only the answers that are about their own token.
    async fn diagnose(&self, session: &Session<'_>, seen: &mut Seen) -> Option<Turn> {
        // A refused candidate says nothing about its token.
        let of_candidate = |claimed: &Claimed, answer: &InspectionResult| {
            claimed.candidate.is_some() && matches!(answer, Ok(Inspection::Refused { .. }))
        };
        let pairs = seen.tokens.iter().zip(&seen.answers);
        let pairs = pairs.filter_map(|(claimed, answer)| Some((claimed, answer.as_ref()?)));
        let pairs = pairs.filter(|(claimed, answer)| !of_candidate(claimed, answer));
        let pairs = pairs.map(|(claimed, answer)| (&claimed.token, answer));
        let diagnosis = diagnose_app(pairs, !seen.routine.is_empty());
        let answers = &mut seen.answers;
        match diagnosis {
            AppDiagnosis::Sound => None,
            AppDiagnosis::Failing(error) => {
                inspect::without_app_errors(answers);
                Some(Turn::Fails(error))
            }
            AppDiagnosis::Suspicious(cause) => {
                tracing::warn!(app = self.app, %cause, "Meta refuses every token for the same cause; checking the app first");
                match session.confirm_app().await {
                    Ok(()) => inspect::in_doubt(answers),
                    Err(error) => {
                        inspect::without_any(answers);
                        return Some(Turn::Fails(error));
                    }
                }
                None
            }
            AppDiagnosis::Blamed(cause) => {
                tracing::warn!(app = self.app, %cause, "Meta's answer about a token blames the app; checking the app first");
                match session.confirm_app().await {
                    Ok(()) => inspect::with_blame_as_their_own(answers),
                    Err(error) => {
                        inspect::without_blame(answers);
                        return Some(Turn::Fails(error));
                    }
                }
                None
            }
        }
    }
}
