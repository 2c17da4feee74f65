//! One token, one visit: from Meta's first word on it to what is written down. Trouble with a token is knowledge;
//! only trouble with the inventory is an error.

mod candidate;
mod listening;
mod renewal;
mod telling;
mod words;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::desk::Desk;
use super::policy::{self, Done, Look, Situation, Spread, Step};
use crate::graph_api::Inspection;
use crate::inventory::{
    self, Candidate, Claimed, Errand, Learned, Lease, Listening, NewEvent, Order, PageSeen,
};
use crate::secret::Secret;
use crate::token::{Action, Facts, Health, Next, Token};
use words::meta_s_own_words;

pub(super) struct Visit {
    before: Token,
    after: Token,
    /// The secret as it is, or as it will be once this visit is written down.
    secret: Secret,
    is_new_secret: bool,
    lease: Lease,
    rotation_tried_at: Option<Timestamp>,
    errand: Option<Errand>,
    errand_stays: bool,
    candidate: Option<Candidate>,
    judged_candidate: Option<u32>,
    /// Meta could not be asked about it.
    candidate_waits: bool,
    done: Done,
    events: Vec<NewEvent>,
    pages: Option<Vec<PageSeen>>,
    /// What Meta said last of the page's subscriptions, and what it says now.
    listened: Option<Listening>,
    listens: Option<Listening>,
    /// What Meta said of it, in numbers.
    words: Vec<(&'static str, Value)>,
    now: Timestamp,
}

/// What a visit leaves to be written.
pub(super) struct Visited {
    pub(super) learned: Learned,
    /// The user's pages, if they were asked for.
    pub(super) pages: Option<Vec<PageSeen>>,
    /// Whether the page tells the app of what happens on it, if that was asked.
    pub(super) listens: Option<Listening>,
    /// It works again, or with a secret that somebody handed in: others may follow.
    pub(super) revived: bool,
    /// It died just now, of something that others may share.
    pub(super) died: bool,
    /// A permission came or went just now, and with it perhaps those of others.
    pub(super) permissions_changed: bool,
}

/// A secret that could not be asked about is not left waiting for a day.
const CANDIDATE_AGAIN: SignedDuration = SignedDuration::from_mins(5);

impl Visited {
    pub(super) fn is_routine(&self) -> bool {
        self.pages.is_none()
            && self.listens.is_none()
            && !self.revived
            && !self.died
            && !self.permissions_changed
            && self.learned.is_routine()
    }
}

impl Visit {
    pub(super) fn begin(claimed: Claimed, look: &Look, desk: &Desk<'_>) -> Self {
        let after = policy::learn(&claimed.token, look, desk.rules, desk.now);
        let is_news = claimed.token.facts.is_none() && after.facts.is_some();
        Self {
            before: claimed.token,
            after,
            secret: claimed.secret,
            is_new_secret: false,
            lease: claimed.lease,
            rotation_tried_at: claimed.rotation_tried_at,
            errand: claimed.errand,
            errand_stays: false,
            candidate: claimed.candidate,
            judged_candidate: None,
            candidate_waits: false,
            done: Done {
                is_news,
                ..Done::default()
            },
            events: Vec::new(),
            pages: None,
            listened: claimed.listening,
            listens: None,
            words: meta_s_own_words(look),
            now: desk.now,
        }
    }

    /// What would be done next, if anything.
    pub(super) fn next_step(&self, desk: &Desk<'_>) -> Step {
        let situation = Situation {
            token: &self.after,
            rotation_tried_at: self.rotation_tried_at,
            order: self.errand.map(|errand| errand.order),
            listening: self.listened.as_ref(),
            candidate_waits: self.candidate.is_some(),
            done: self.done,
        };
        policy::decide(&situation, desk.rules, desk.now)
    }

    /// Takes step after step until nothing is left to do.
    pub(super) async fn proceed(mut self, desk: &Desk<'_>) -> Result<Self, inventory::Error> {
        loop {
            let step = self.next_step(desk);
            if step != Step::Settle && !desk.may_call() {
                self.hold_back();
                return Ok(self);
            }
            match step {
                Step::Settle => return Ok(self),
                Step::TryCandidate => self.try_candidate(desk).await?,
                Step::Exchange => self.exchange(desk).await?,
                Step::Derive => self.derive(desk).await?,
                Step::Survey => self.survey(desk).await,
                Step::Listen => self.listen(desk).await,
            }
        }
    }

    /// Learns a person's name and pages. Nothing depends on it, so trouble with it is only told.
    async fn survey(&mut self, desk: &Desk<'_>) {
        self.done.surveyed = true;
        if self.after.subject_name.is_none() {
            self.after.subject_name = desk.me(&self.secret).await.ok().map(|profile| profile.name);
        }
        let discover = self
            .errand
            .is_some_and(|errand| errand.order == Order::Discover);
        if !policy::may_list_pages(&self.after) {
            return;
        }
        match desk.accounts(&self.secret).await {
            Ok(grants) => {
                let seen = grants.into_iter().map(|grant| PageSeen {
                    id: grant.id,
                    name: grant.name,
                    take_in: grant.token.filter(|_| discover),
                });
                self.pages = Some(seen.collect());
            }
            Err(error) => {
                self.errand_stays = discover;
                let token = &self.before.name;
                tracing::warn!(token, "the pages of {token} could not be listed: {error}");
            }
        }
    }

    fn adopt(&mut self, secret: Secret, facts: Facts, desk: &Desk<'_>) {
        self.is_new_secret |= secret != self.secret;
        self.secret = secret;
        self.done.is_news = true;
        self.after = policy::learn(
            &self.after,
            &Ok(Inspection::Alive(facts)),
            desk.rules,
            desk.now,
        );
    }

    /// A death that may yet be averted is not told: the token is failing until that is known, for a day at most.
    fn hold_back(&mut self) {
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

    pub(super) fn settle(mut self, desk: &Desk<'_>) -> Visited {
        self.candidate_waits |= self.candidate.is_some();
        let permissions_changed = self.tell_permissions();
        self.tell_what_changed();
        self.answer_errand();
        let spread = Spread::of(self.before.id, self.now);
        self.after.next = policy::next_visit(
            &self.after,
            self.rotation_tried_at,
            desk.rules,
            spread,
            self.now,
        );
        if self.candidate_waits {
            let soon = Next {
                action: Action::Check,
                at: self.now + CANDIDATE_AGAIN,
            };
            self.after.next = Some(
                self.after
                    .next
                    .filter(|next| next.at < soon.at)
                    .unwrap_or(soon),
            );
        }
        let lives = self.after.health.is_alive();
        // A living token that was exchanged helps nobody who was not helped before.
        let is_news_to_kin = self.judged_candidate.is_some() && self.is_new_secret;
        Visited {
            revived: lives && (is_news_to_kin || is_dead(&self.before)),
            died: is_dead(&self.after) && !is_dead(&self.before),
            permissions_changed,
            pages: self.pages,
            listens: self.listens,
            learned: Learned {
                secret: self.is_new_secret.then_some(self.secret),
                judged_candidate: self.judged_candidate,
                errand_done: self.errand.filter(|_| !self.errand_stays).map(|e| e.event),
                checked_at: self.now,
                lease: self.lease,
                events: self.events,
                before: self.before,
                after: self.after,
            },
        }
    }
}

const fn is_dead(token: &Token) -> bool {
    matches!(token.health, Health::Dead { .. })
}
