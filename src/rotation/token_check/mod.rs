//! The check of one token, from Meta's first answer to the result to record. A problem with a token is a result; only a
//! problem with the inventory is an error.

mod candidate;
mod finish;
mod journal_entries;
mod renewal;
mod subscription_check;

use jiff::{SignedDuration, Timestamp};

use super::policy::{self, ClockTrust, Done, InspectionResult, Situation, Step};
use super::sweep_context::SweepContext;
use crate::graph_api::Inspection;
use crate::inventory::{
    self, Candidate, CheckResult, CheckedCandidate, Claimed, Lease, NewEvent, PendingOrder,
    SeenPage,
};
use crate::model::{Facts, Health, MetaCode, OrderKind, Token, WebhookSubscription};
use crate::secret::Secret;

pub(super) struct TokenCheck {
    before: Token,
    after: Token,
    /// The current secret, or the new one that this check will record.
    secret: Secret,
    is_new_secret: bool,
    /// The new secret exists only in memory, so it must be saved before anything else.
    is_irreplaceable: bool,
    lease: Lease,
    rotation_tried_at: Option<Timestamp>,
    pending_order: Option<PendingOrder>,
    order_stays: bool,
    candidate: Option<InspectedCandidate>,
    checked_candidate: Option<CheckedCandidate>,
    /// The wait until the next check, if that must come sooner than scheduled.
    confirm_after: Option<SignedDuration>,
    done: Done,
    events: Vec<NewEvent>,
    pages: Option<Vec<SeenPage>>,
    /// The page's webhook subscription as Meta last reported it, and as it reports it now.
    subscription_checked: Option<WebhookSubscription>,
    is_subscribed: Option<WebhookSubscription>,
    /// Meta's codes for the journal.
    meta: Option<MetaCode>,
    now: Timestamp,
}

/// A candidate, and Meta's answer about it.
struct InspectedCandidate {
    candidate: Candidate,
    inspect: InspectionResult,
}

/// The result of a check, ready to be recorded.
pub(super) struct CheckOutcome {
    pub(super) after: CheckResult,
    /// The user's pages, if they were fetched.
    pub(super) pages: Option<Vec<SeenPage>>,
    /// The page's webhook subscription, if it was checked.
    pub(super) is_subscribed: Option<WebhookSubscription>,
    /// The token works again, or has a new secret from a candidate: related tokens may recover too.
    pub(super) revived: bool,
    /// The token died in this check, for a cause that related tokens may share.
    pub(super) died: bool,
    /// A permission was lost or restored in this check, which may affect related tokens.
    pub(super) permissions_changed: bool,
    /// The new secret exists nowhere else.
    pub(super) is_irreplaceable: bool,
    /// The result is saved already, or queued until it can be.
    pub(super) is_saved: bool,
}

/// A candidate that could not be inspected is tried again after this long.
const CANDIDATE_AGAIN: SignedDuration = SignedDuration::from_mins(5);

impl CheckOutcome {
    pub(super) fn is_routine(&self) -> bool {
        self.pages.is_none()
            && self.is_subscribed.is_none()
            && !self.revived
            && !self.died
            && !self.permissions_changed
            && self.after.is_routine()
    }
}

impl TokenCheck {
    /// Starts with Meta's answer about the candidate, if there is one, otherwise about the secret in use.
    pub(super) fn begin(
        claimed: Claimed,
        inspect: InspectionResult,
        context: &SweepContext<'_>,
    ) -> Self {
        let mut token_check = Self {
            after: claimed.token.clone(),
            before: claimed.token,
            secret: claimed.secret,
            is_new_secret: false,
            is_irreplaceable: false,
            lease: claimed.lease,
            rotation_tried_at: claimed.rotation_tried_at,
            pending_order: claimed.pending_order,
            order_stays: false,
            candidate: None,
            checked_candidate: None,
            confirm_after: None,
            done: Done::default(),
            events: Vec::new(),
            pages: None,
            subscription_checked: claimed.subscription,
            is_subscribed: None,
            meta: None,
            now: context.now,
        };
        match claimed.candidate {
            Some(candidate) => {
                token_check.candidate = Some(InspectedCandidate { candidate, inspect })
            }
            None => token_check.learn(&inspect, context),
        }
        token_check
    }

    /// Applies Meta's answer about the secret in use.
    fn learn(&mut self, inspect: &InspectionResult, context: &SweepContext<'_>) {
        self.after = after(&self.before, inspect, context);
        if self.pending_order.is_some() {
            self.after.health = policy::without_longer_back_off(&self.before, self.after.health);
        }
        self.done.is_new = self.before.facts.is_none() && self.after.facts.is_some();
        self.meta = meta_code(inspect);
    }

    /// The step that comes next.
    pub(super) fn next_step(&self, context: &SweepContext<'_>) -> Step {
        let situation = Situation {
            token: &self.after,
            rotation_tried_at: self.rotation_tried_at,
            order: self.pending_order.map(|pending_order| pending_order.order),
            subscription: self.subscription_checked.as_ref(),
            candidate_waits: self.candidate.is_some(),
            done: self.done,
        };
        policy::decide(&situation, context.rules, context.now_for_ends())
    }

    /// Takes steps until none is left. An inventory error ends the check early; a new secret that it already obtained
    /// is returned with the error.
    pub(super) async fn proceed(
        mut self,
        context: &SweepContext<'_>,
    ) -> Result<Self, (Option<Self>, inventory::Error)> {
        loop {
            let step = self.next_step(context);
            // Meta has already described the candidate, so trying it needs no call.
            let is_free = matches!(step, Step::Finish | Step::TryCandidate);
            if !is_free && !context.session.may_call() {
                self.keep_failing();
                return Ok(self);
            }
            let claimed = match step {
                Step::Finish => return Ok(self),
                Step::TryCandidate => {
                    self.try_candidate(context).await;
                    Ok(())
                }
                Step::Exchange => self.exchange(context).await,
                Step::Derive => self.derive(context).await,
                Step::FetchProfile => {
                    self.fetch_profile(context).await;
                    Ok(())
                }
                Step::CheckSubscription => {
                    self.check_subscription(context).await;
                    Ok(())
                }
            };
            if let Err(error) = claimed {
                return Err((
                    Some(self).filter(|token_check| token_check.is_new_secret),
                    error,
                ));
            }
        }
    }

    /// Fetches a person's name and pages. Nothing depends on them, so an error is only logged.
    async fn fetch_profile(&mut self, context: &SweepContext<'_>) {
        self.done.fetched = true;
        if self.after.subject_name.is_none() {
            self.after.subject_name = context
                .me(&self.secret)
                .await
                .ok()
                .map(|profile| profile.name);
        }
        let discover = self
            .pending_order
            .is_some_and(|pending_order| pending_order.order == OrderKind::Discover);
        if !self.after.facts.as_ref().is_some_and(Facts::may_list_pages) {
            return;
        }
        match context.accounts(&self.secret).await {
            Ok(grants) => {
                let seen = grants.into_iter().map(|grant| SeenPage {
                    id: grant.id,
                    name: grant.name,
                    token_to_import: grant.token.filter(|_| discover),
                });
                self.pages = Some(seen.collect());
            }
            Err(error) => {
                self.order_stays = discover;
                let token = &self.before.name;
                tracing::warn!(token, "the pages of {token} could not be listed: {error}");
            }
        }
    }

    fn accept(&mut self, secret: Secret, facts: Facts, context: &SweepContext<'_>) {
        self.is_new_secret |= secret != self.secret;
        self.secret = secret;
        self.done.is_new = true;
        self.after = after(&self.after, &Ok(Inspection::Alive(facts)), context);
    }

    /// Keeps a token failing instead of dead, for a day at most, while it may still be derived.
    fn keep_failing(&mut self) {
        let Health::Dead { cause, .. } = self.after.health else {
            return;
        };
        if self.before.is_dead() || !policy::may_still_be_averted(&self.after, self.now) {
            return;
        }
        let (since, failures) = match self.before.health {
            Health::Failing {
                since, failures, ..
            } => (since, failures.saturating_add(1)),
            _ => (self.now, 1),
        };
        self.after.health = Health::Failing {
            since,
            failures,
            cause,
        };
    }
}

/// The token after Meta's answer, leaving out expiries while the clock cannot be trusted.
fn after(before: &Token, inspect: &InspectionResult, context: &SweepContext<'_>) -> Token {
    let after = policy::learn(before, inspect, context.rules, context.now);
    match context.clock_trust() {
        ClockTrust::Right => after,
        ClockTrust::Doubtful => policy::without_judging_ends(before, after, context.now),
    }
}

/// Meta's codes only: its texts may echo what was sent.
fn meta_code(inspect: &InspectionResult) -> Option<MetaCode> {
    match inspect {
        Ok(Inspection::Refused { rejection, .. }) => Some(rejection.meta.clone()),
        Ok(Inspection::Alive(_) | Inspection::Undecided(_)) | Err(_) => None,
    }
}
