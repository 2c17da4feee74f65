//! One token, one visit: from Meta's first word on it to what is written down. Trouble with a token is knowledge;
//! only trouble with the inventory is an error.

use jiff::Timestamp;
use serde_json::Value;

use super::desk::Desk;
use super::policy::{self, Done, Look, Objection, SameSecret, Situation, Spread, Step};
use crate::graph_api::{Error as GraphError, Inspection};
use crate::inventory::{
    self, Candidate, Claimed, Errand, EventKind, Learned, Lease, NewEvent, Order, PageSeen,
    Visit as Routine,
};
use crate::secret::Secret;
use crate::token::{Cause, Facts, Health, Outcome, Rotation, Token, TokenId};

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
    done: Done,
    events: Vec<NewEvent>,
    pages: Option<Vec<PageSeen>>,
    /// What Meta said of it, in numbers.
    words: Vec<(&'static str, Value)>,
    now: Timestamp,
}

/// What a visit leaves to be written.
pub(super) struct Visited {
    pub(super) learned: Learned,
    /// The user's pages, if they were asked for.
    pub(super) pages: Option<Vec<PageSeen>>,
    /// It works again, or with a secret that somebody handed in: others may follow.
    pub(super) revived: bool,
    /// It died just now, of something that others may share.
    pub(super) died: bool,
}

impl Visited {
    pub(super) fn is_routine(&self) -> bool {
        self.pages.is_none() && !self.revived && !self.died && self.learned.is_routine()
    }

    /// The same, as the little that a routine visit leaves to write.
    pub(super) fn routine(&self) -> Option<Routine> {
        let Learned {
            after,
            lease,
            checked_at,
            ..
        } = &self.learned;
        let (token, lease, checked_at) = (after.id, *lease, *checked_at);
        after.next.map(|next| Routine {
            token,
            lease,
            checked_at,
            next,
        })
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
            done: Done {
                is_news,
                ..Done::default()
            },
            events: Vec::new(),
            pages: None,
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
                self.hold_back(Cause::Throttled);
                return Ok(self);
            }
            match step {
                Step::Settle => return Ok(self),
                Step::TryCandidate => self.try_candidate(desk).await?,
                Step::Exchange => self.exchange(desk).await?,
                Step::Derive => self.derive(desk).await?,
                Step::Survey => self.survey(desk).await,
            }
        }
    }

    /// A secret that somebody handed in is asked about, lengthened if it is short-lived, and swapped in if it is at
    /// least as good as the one in use.
    async fn try_candidate(&mut self, desk: &Desk<'_>) -> Result<(), inventory::Error> {
        let Some(Candidate { number, secret }) = self.candidate.take() else {
            return Ok(());
        };
        let facts = match desk.look(&secret).await {
            Ok(Inspection::Alive(facts)) => facts,
            Ok(Inspection::Refused { refusal, .. }) => {
                self.refuse_candidate(number, &[("cause", refusal.cause.word().into())]);
                return Ok(());
            }
            // It waits where it is; the next visit asks again.
            Err(_) => return Ok(()),
        };
        let (secret, facts) = lengthened(secret, facts, desk).await;
        match self.objection(&facts) {
            Some(objection) => self.refuse_candidate(number, &objection),
            None => {
                self.judged_candidate = Some(number);
                self.tell(EventKind::CandidateAccepted, &end_of(&facts));
                self.adopt(secret, facts, desk);
            }
        }
        Ok(())
    }

    fn objection(&self, facts: &Facts) -> Option<Vec<(&'static str, Value)>> {
        if let Some(objection) = policy::object(&self.after, facts) {
            return Some(in_words(&objection));
        }
        // A rollback is an operator's word, whatever the ends.
        let rollback = self
            .errand
            .is_some_and(|errand| errand.order == Order::Rollback);
        let earlier = !rollback && policy::ends_earlier(&self.after, facts);
        earlier.then(|| vec![("objection", "it ends before the one in use".into())])
    }

    fn refuse_candidate(&mut self, number: u32, why: &[(&'static str, Value)]) {
        self.judged_candidate = Some(number);
        self.tell(EventKind::CandidateRefused, why);
    }

    /// Exchange, verify, swap; measured by what Meta says before and after.
    async fn exchange(&mut self, desk: &Desk<'_>) -> Result<(), inventory::Error> {
        self.done.exchanged = true;
        self.rotation_tried_at = Some(self.now);
        let Some(kind) = self.after.facts.as_ref().map(|facts| facts.kind) else {
            return Ok(());
        };
        desk.begin_rotation(&self.after).await?;
        let outcome = match desk.exchange(kind, &self.secret).await {
            Ok(renewed) => self.measure(renewed, desk).await,
            Err(GraphError::Refused(_)) => Outcome::Refused,
            Err(_) => Outcome::Failed,
        };
        self.after.last_rotation = Some(Rotation {
            outcome,
            at: self.now,
        });
        let mut detail = vec![("outcome", outcome.word().into())];
        if let Some(facts) = &self.after.facts {
            detail.extend(end_of(facts));
        }
        self.tell(EventKind::Rotated, &detail);
        Ok(())
    }

    async fn measure(&mut self, renewed: Secret, desk: &Desk<'_>) -> Outcome {
        let same = if renewed == self.secret {
            SameSecret::Yes
        } else {
            SameSecret::No
        };
        let look = desk.look(&renewed).await;
        let outcome = policy::measure(&self.after, same, &look);
        if let (Outcome::Renewed, Ok(Inspection::Alive(facts))) = (outcome, look) {
            self.after.rotated_at = Some(self.now);
            self.adopt(renewed, facts, desk);
        }
        outcome
    }

    /// Reads a page's token through somebody who administers the page, before anybody is told that it is lost.
    async fn derive(&mut self, desk: &Desk<'_>) -> Result<(), inventory::Error> {
        self.done.derived = true;
        let Some(page) = self.after.facts.as_ref().map(|f| f.subject.clone()) else {
            return Ok(());
        };
        for (parent, name, through) in desk.parents_of(&self.after).await? {
            match desk.derive(parent, &through, &page).await {
                Ok(Some(derived)) => {
                    if self.try_derived(derived, parent, name, desk).await {
                        return Ok(());
                    }
                }
                Ok(None) | Err(GraphError::Refused(_)) => {}
                // Perhaps it can be had; until that is known nobody is told that it is lost.
                Err(error) => self.hold_back(error.cause()),
            }
        }
        Ok(())
    }

    async fn try_derived(
        &mut self,
        derived: Secret,
        parent: TokenId,
        parent_name: String,
        desk: &Desk<'_>,
    ) -> bool {
        let Ok(Inspection::Alive(facts)) = desk.look(&derived).await else {
            return false;
        };
        if let Some(objection) = policy::object(&self.after, &facts) {
            self.tell(EventKind::CandidateRefused, &in_words(&objection));
            return false;
        }
        if policy::ends_earlier(&self.after, &facts) {
            return false;
        }
        self.after.parent = Some(parent);
        self.after.rotated_at = Some(self.now);
        self.tell(EventKind::Derived, &[("through", parent_name.into())]);
        self.adopt(derived, facts, desk);
        true
    }

    async fn survey(&mut self, desk: &Desk<'_>) {
        self.done.surveyed = true;
        let discover = self
            .errand
            .is_some_and(|errand| errand.order == Order::Discover);
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
                tracing::warn!(token = self.before.name, %error, "the pages could not be listed; they are asked for again");
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

    /// A death that may yet be averted is not told: the token is failing until that is known.
    fn hold_back(&mut self, cause: Cause) {
        if matches!(self.after.health, Health::Dead { .. }) && !is_dead(&self.before) {
            let (since, failures) = match self.before.health {
                Health::Failing {
                    since, failures, ..
                } => (since, failures + 1),
                _ => (self.now, 1),
            };
            self.after.health = Health::Failing {
                since,
                failures,
                cause,
            };
        }
    }

    fn tell(&mut self, kind: EventKind, detail: &[(&'static str, Value)]) {
        let mut event = NewEvent::about(&self.before, kind);
        if let Some(errand) = self.errand {
            event = event.with("order", errand.event.0.to_string());
        }
        let event = detail
            .iter()
            .fold(event, |event, (key, value)| event.with(key, value.clone()));
        self.events.push(event);
    }

    fn tell_what_changed(&mut self) {
        let (was, is) = (&self.before, &self.after);
        if (was.state(), was.cause()) == (is.state(), is.cause()) {
            return;
        }
        let word = |token: &Token| {
            token
                .cause()
                .map_or(Value::Null, |cause| cause.word().into())
        };
        let mut detail = vec![
            ("from", was.state().word().into()),
            ("to", is.state().word().into()),
            ("cause", word(is)),
        ];
        detail.append(&mut self.words);
        self.tell(EventKind::Changed, &detail);
    }

    pub(super) fn settle(mut self, desk: &Desk<'_>) -> Visited {
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
        let lives =
            |token: &Token| matches!(token.health, Health::Healthy | Health::Expiring { .. });
        // A living token that was exchanged helps nobody who was not helped before.
        let is_news_to_kin = self.judged_candidate.is_some() && self.is_new_secret;
        Visited {
            revived: lives(&self.after) && (is_news_to_kin || is_dead(&self.before)),
            died: is_dead(&self.after) && !is_dead(&self.before),
            pages: self.pages,
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

    /// Whoever asked is told at least how the token is.
    fn answer_errand(&mut self) {
        let Some(errand) = self.errand else { return };
        let mut detail = vec![("state", self.after.state().word().into())];
        if errand.order == Order::Rotate && !self.done.exchanged && !self.done.derived {
            let why = policy::may_exchange(&self.after, self.rotation_tried_at, self.now);
            detail.extend(why.err().map(|why| ("not_rotated", why.word().into())));
        }
        self.tell(EventKind::Checked, &detail);
    }
}

/// A short-lived user token is exchanged for a long-lived one before it is stored; if that fails it is judged as it is.
async fn lengthened(secret: Secret, facts: Facts, desk: &Desk<'_>) -> (Secret, Facts) {
    if !policy::is_short_lived(&facts, desk.now) {
        return (secret, facts);
    }
    let Ok(longer) = desk.exchange(facts.kind, &secret).await else {
        return (secret, facts);
    };
    match desk.look(&longer).await {
        Ok(Inspection::Alive(longer_facts)) => (longer, longer_facts),
        Ok(Inspection::Refused { .. }) | Err(_) => (secret, facts),
    }
}

const fn is_dead(token: &Token) -> bool {
    matches!(token.health, Health::Dead { .. })
}

fn end_of(facts: &Facts) -> Vec<(&'static str, Value)> {
    facts
        .expires_at
        .at()
        .map(|end| ("expires_at", end.to_string().into()))
        .into_iter()
        .collect()
}

fn in_words(objection: &Objection) -> Vec<(&'static str, Value)> {
    match objection {
        Objection::OtherKind { is, expected } => vec![
            ("objection", "it is of another kind".into()),
            ("kind", is.word().into()),
            ("expected", expected.word().into()),
        ],
        Objection::OtherSubject { is, expected } => vec![
            ("objection", "it belongs to another person or page".into()),
            ("subject", is.as_str().into()),
            ("expected", expected.as_str().into()),
        ],
        Objection::FewerScopes { missing } => vec![
            (
                "objection",
                "it lacks permissions that the one in use has".into(),
            ),
            ("missing", missing.as_str().into()),
        ],
    }
}

/// Numbers only: Meta's texts may echo what was sent.
fn meta_s_own_words(look: &Look) -> Vec<(&'static str, Value)> {
    let Ok(Inspection::Refused { refusal, .. }) = look else {
        return Vec::new();
    };
    let mut words = vec![("code", refusal.code.into())];
    words.extend(refusal.subcode.map(|subcode| ("subcode", subcode.into())));
    words.extend(
        refusal
            .trace
            .clone()
            .map(|trace| ("fbtrace_id", trace.into())),
    );
    words
}
