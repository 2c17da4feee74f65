//! One token, one visit: from Meta's first word on it to what is written down. Trouble with a token is knowledge;
//! only trouble with the inventory is an error.

mod candidate;
mod listening;
mod renewal;
mod settling;
mod telling;
mod words;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::desk::Desk;
use super::policy::{self, ClockTrust, Done, Look, Situation, Step};
use crate::graph_api::Inspection;
use crate::inventory::{
    self, Candidate, Claimed, Errand, Learned, Lease, Listening, NewEvent, Order, PageSeen,
};
use crate::secret::Secret;
use crate::token::{Facts, Health, Token};
use words::meta_s_own_words;

pub(super) struct Visit {
    before: Token,
    after: Token,
    /// The secret as it is, or as it will be once this visit is written down.
    secret: Secret,
    is_new_secret: bool,
    /// The new secret exists nowhere but here: it is written down at once.
    is_irreplaceable: bool,
    lease: Lease,
    rotation_tried_at: Option<Timestamp>,
    errand: Option<Errand>,
    errand_stays: bool,
    candidate: Option<Offered>,
    judged_candidate: Option<u32>,
    /// There is something that is not left waiting for a day.
    look_again_after: Option<SignedDuration>,
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

/// A secret that waits to be confirmed, and what Meta says of it.
struct Offered {
    candidate: Candidate,
    look: Look,
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
    /// Its new secret exists nowhere else.
    pub(super) is_irreplaceable: bool,
    /// It is written down already, or kept until it can be.
    pub(super) is_saved: bool,
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
    /// Begins with what Meta says of the candidate, where one waits, else of the secret in use.
    pub(super) fn begin(claimed: Claimed, look: Look, desk: &Desk<'_>) -> Self {
        let mut visit = Self {
            after: claimed.token.clone(),
            before: claimed.token,
            secret: claimed.secret,
            is_new_secret: false,
            is_irreplaceable: false,
            lease: claimed.lease,
            rotation_tried_at: claimed.rotation_tried_at,
            errand: claimed.errand,
            errand_stays: false,
            candidate: None,
            judged_candidate: None,
            look_again_after: None,
            done: Done::default(),
            events: Vec::new(),
            pages: None,
            listened: claimed.listening,
            listens: None,
            words: Vec::new(),
            now: desk.now,
        };
        match claimed.candidate {
            Some(candidate) => visit.candidate = Some(Offered { candidate, look }),
            None => visit.learn(&look, desk),
        }
        visit
    }

    /// What Meta says of the secret in use.
    fn learn(&mut self, look: &Look, desk: &Desk<'_>) {
        self.after = learned(&self.before, look, desk);
        self.done.is_news = self.before.facts.is_none() && self.after.facts.is_some();
        self.words = meta_s_own_words(look);
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
        policy::decide(&situation, desk.rules, desk.now_for_ends())
    }

    /// Takes step after step until nothing is left to do. Trouble with the inventory ends it early; a new secret that
    /// it has by then is not lost.
    pub(super) async fn proceed(
        mut self,
        desk: &Desk<'_>,
    ) -> Result<Self, (Option<Self>, inventory::Error)> {
        loop {
            let step = self.next_step(desk);
            // Meta has described a candidate already.
            let is_free = matches!(step, Step::Settle | Step::TryCandidate);
            if !is_free && !desk.may_call() {
                self.hold_back();
                return Ok(self);
            }
            let taken = match step {
                Step::Settle => return Ok(self),
                Step::TryCandidate => {
                    self.try_candidate(desk).await;
                    Ok(())
                }
                Step::Exchange => self.exchange(desk).await,
                Step::Derive => self.derive(desk).await,
                Step::Survey => {
                    self.survey(desk).await;
                    Ok(())
                }
                Step::Listen => {
                    self.listen(desk).await;
                    Ok(())
                }
            };
            if let Err(error) = taken {
                return Err((Some(self).filter(|visit| visit.is_new_secret), error));
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
        self.after = learned(&self.after, &Ok(Inspection::Alive(facts)), desk);
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
}

/// What is known once Meta has answered, as far as the clock can be believed.
fn learned(before: &Token, look: &Look, desk: &Desk<'_>) -> Token {
    let after = policy::learn(before, look, desk.rules, desk.now);
    match desk.clock_trust() {
        ClockTrust::Right => after,
        ClockTrust::Doubtful => policy::without_judging_ends(before, after, desk.now),
    }
}

const fn is_dead(token: &Token) -> bool {
    matches!(token.health, Health::Dead { .. })
}
