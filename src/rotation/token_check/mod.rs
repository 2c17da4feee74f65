//! One token, one visit: from Meta's first word on it to what is written down. Trouble with a token is knowledge;
//! only trouble with the inventory is an error.

mod candidate;
mod check_events;
mod finish;
mod journal_entries;
mod renewal;
mod subscription_check;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::policy::{self, ClockTrust, Done, InspectionResult, Situation, Step};
use super::sweep_context::SweepContext;
use crate::graph_api::Inspection;
use crate::inventory::{
    self, Candidate, CheckResult, Claimed, Lease, NewEvent, OrderKind, PendingOrder, SeenPage,
    WebhookSubscription,
};
use crate::model::{Facts, Health, Token};
use crate::secret::Secret;
use check_events::meta_message;

pub(super) struct TokenCheck {
    before: Token,
    after: Token,
    /// The secret as it is, or as it will be once this visit is written down.
    secret: Secret,
    is_new_secret: bool,
    /// The new secret exists nowhere but here: it is written down at once.
    is_irreplaceable: bool,
    lease: Lease,
    rotation_tried_at: Option<Timestamp>,
    pending_order: Option<PendingOrder>,
    order_stays: bool,
    candidate: Option<CandidateId>,
    checked_candidate: Option<u32>,
    /// There is something that is not left waiting for a day.
    confirm_after: Option<SignedDuration>,
    done: Done,
    events: Vec<NewEvent>,
    pages: Option<Vec<SeenPage>>,
    /// What Meta said last of the page's subscriptions, and what it says now.
    subscription_checked: Option<WebhookSubscription>,
    is_subscribed: Option<WebhookSubscription>,
    /// What Meta said of it, in numbers.
    words: Vec<(&'static str, Value)>,
    now: Timestamp,
}

/// A secret that waits to be confirmed, and what Meta says of it.
struct CandidateId {
    candidate: Candidate,
    inspect: InspectionResult,
}

/// What a visit leaves to be written.
pub(super) struct CheckOutcome {
    pub(super) after: CheckResult,
    /// The user's pages, if they were asked for.
    pub(super) pages: Option<Vec<SeenPage>>,
    /// Whether the page tells the app of what happens on it, if that was asked.
    pub(super) is_subscribed: Option<WebhookSubscription>,
    /// It works again, or with a secret that somebody handed in: others may follow.
    pub(super) revived: bool,
    /// It died just now, of something that others may share.
    pub(super) died: bool,
    /// A permission came or went just now, and with it perhaps those of others.
    pub(super) permissions_changed: bool,
    /// Its new secret exists nowhere else.
    pub(super) is_irreplaceable: bool,
    /// It is written down already, or kept until it can be.
    pub(super) is_saved: bool,
}

/// A secret that could not be asked about is not left waiting for a day.
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
    /// Begins with what Meta says of the candidate, where one waits, else of the secret in use.
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
            subscription_checked: claimed.listening,
            is_subscribed: None,
            words: Vec::new(),
            now: context.now,
        };
        match claimed.candidate {
            Some(candidate) => token_check.candidate = Some(CandidateId { candidate, inspect }),
            None => token_check.learn(&inspect, context),
        }
        token_check
    }

    /// What Meta says of the secret in use.
    fn learn(&mut self, inspect: &InspectionResult, context: &SweepContext<'_>) {
        self.after = after(&self.before, inspect, context);
        if self.pending_order.is_some() {
            self.after.health = policy::without_longer_back_off(&self.before, self.after.health);
        }
        self.done.is_later = self.before.facts.is_none() && self.after.facts.is_some();
        self.words = meta_message(inspect);
    }

    /// What would be done next, if anything.
    pub(super) fn next_step(&self, context: &SweepContext<'_>) -> Step {
        let situation = Situation {
            token: &self.after,
            rotation_tried_at: self.rotation_tried_at,
            order: self.pending_order.map(|pending_order| pending_order.order),
            listening: self.subscription_checked.as_ref(),
            candidate_waits: self.candidate.is_some(),
            done: self.done,
        };
        policy::decide(&situation, context.rules, context.now_for_ends())
    }

    /// Takes step after step until nothing is left to do. Trouble with the inventory ends it early; a new secret that
    /// it has by then is not lost.
    pub(super) async fn proceed(
        mut self,
        context: &SweepContext<'_>,
    ) -> Result<Self, (Option<Self>, inventory::Error)> {
        loop {
            let step = self.next_step(context);
            // Meta has described a candidate already.
            let is_free = matches!(step, Step::Finish | Step::TryCandidate);
            if !is_free && !context.may_call() {
                self.keep_failing();
                return Ok(self);
            }
            let taken = match step {
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
            if let Err(error) = taken {
                return Err((
                    Some(self).filter(|token_check| token_check.is_new_secret),
                    error,
                ));
            }
        }
    }

    /// Learns a person's name and pages. Nothing depends on it, so trouble with it is only told.
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
        if !policy::may_list_pages(&self.after) {
            return;
        }
        match context.accounts(&self.secret).await {
            Ok(grants) => {
                let seen = grants.into_iter().map(|grant| SeenPage {
                    id: grant.id,
                    name: grant.name,
                    import_token: grant.token.filter(|_| discover),
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
        self.done.is_later = true;
        self.after = after(&self.after, &Ok(Inspection::Alive(facts)), context);
    }

    /// A death that may yet be averted is not told: the token is failing until that is known, for a day at most.
    fn keep_failing(&mut self) {
        let Health::Dead { cause, .. } = self.after.health else {
            return;
        };
        if is_dead(&self.before) || !policy::may_still_be_averted(&self.after, self.now) {
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

/// What is known once Meta has answered, as far as the clock can be believed.
fn after(before: &Token, inspect: &InspectionResult, context: &SweepContext<'_>) -> Token {
    let after = policy::learn(before, inspect, context.rules, context.now);
    match context.clock_trust() {
        ClockTrust::Right => after,
        ClockTrust::Doubtful => policy::without_judging_ends(before, after, context.now),
    }
}

const fn is_dead(token: &Token) -> bool {
    matches!(token.health, Health::Dead { .. })
}
