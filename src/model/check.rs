//! The check of one token: what it starts from, and what it found.

use jiff::{SignedDuration, Timestamp};

use super::{
    Action, Event, EventId, MetaCode, Next, OrderKind, PageList, Refusal, Token, TokenId,
    WebhookSubscription,
};
use crate::secret::Secret;

/// A token whose check is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub token: TokenId,
    pub due_at: Timestamp,
    pub deadline: Option<Timestamp>,
}

/// A digest of what Meta answered about a living token. Equal digests mean the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerDigest(pub i64);

/// An answer that was judged before. Until that time, the same answer has the same consequence: the next routine check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownAnswer {
    pub digest: AnswerDigest,
    pub until: Timestamp,
}

/// A healthy token whose check is due, as far as the check needs it if Meta's answer is the known one.
#[derive(Clone, Debug)]
pub struct KnownToken {
    pub id: TokenId,
    pub secret: Secret,
    pub due_at: Timestamp,
    pub answer: KnownAnswer,
}

/// A token that only this sweep works on until its claim ends.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub token: Token,
    pub secret: Secret,
    /// When the secret ends, as far as only the answer that gave it said so.
    pub ends_at: Option<Timestamp>,
    /// Of Meta's answer in this check, if the token lives.
    pub answer: Option<AnswerDigest>,
    /// When an exchange was last begun, whether or not its outcome is known.
    pub rotation_tried_at: Option<Timestamp>,
    /// Of a page token: the app's webhook subscription, as Meta reported it last.
    pub subscription: Option<WebhookSubscription>,
    pub pending_order: Option<PendingOrder>,
    /// A secret that waits to be confirmed and swapped in.
    pub candidate: Option<Candidate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingOrder {
    pub order: OrderKind,
    /// The event that the caller follows.
    pub event: EventId,
}

/// The number of an exchange of a token, in the order in which they were begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeId(pub i64);

/// A secret kept beside the current one until Meta has confirmed it.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub number: u32,
    pub secret: Secret,
    /// An operator accepts fewer permissions.
    pub accepts_fewer: bool,
    /// Its exchange for one that lasts longer was begun.
    pub is_exchanged: bool,
    /// Of one that Meta gave for the secret in use: the exchange that it came from.
    pub exchange: Option<ExchangeId>,
    pub obtained_at: Timestamp,
    /// When it ends, as far as only the answer that gave it said so.
    pub ends_at: Option<Timestamp>,
}

/// What Meta gave for a token's secret, or for its candidate. It exists nowhere else until it is stored.
#[derive(Clone, Debug)]
pub struct Exchanged {
    pub token: TokenId,
    pub app: String,
    pub name: String,
    pub exchange: ExchangeId,
    pub secret: Secret,
    /// When it ends, if the answer said so.
    pub ends_at: Option<Timestamp>,
}

/// A candidate that Meta was asked about. It is removed, accepted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedCandidate {
    pub number: u32,
    /// Why it does not replace the secret in use.
    pub refusal: Option<Refusal>,
}

/// What one check found, and what became of the token's candidate and order.
#[derive(Clone, Debug)]
pub struct CheckResult {
    /// What the check started from.
    pub claimed: Claimed,
    pub after: Token,
    pub checked_at: Timestamp,
    /// A secret that Meta has just confirmed, to be put in use.
    pub secret: Option<Secret>,
    /// The exchange whose secret was measured. It is no candidate any more.
    pub measured_exchange: Option<ExchangeId>,
    pub checked_candidate: Option<CheckedCandidate>,
    /// The order that was carried out.
    pub order_done: Option<EventId>,
    pub rotation_tried_at: Option<Timestamp>,
    /// The wait until the next check, if that must come sooner than scheduled.
    pub retry_after: Option<SignedDuration>,
    pub asked: Asked,
    /// Meta's numbers for a refusal.
    pub meta: Option<MetaCode>,
    pub events: Vec<Event>,
    /// The user's pages, if they were fetched. Those with a token are to be imported.
    pub pages: Option<PageList>,
    /// The page's webhook subscription, if it was checked.
    pub subscription: Option<WebhookSubscription>,
    /// Meta's answer, if the same one needs no judgement next time.
    pub known_answer: Option<KnownAnswer>,
}

/// What this check has asked Meta besides the inspection. Nothing is asked twice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    pub exchanged: bool,
    pub derived: bool,
    pub fetched: bool,
    pub subscription_checked: bool,
    /// Meta described the token for the first time, or its secret is new.
    pub is_new: bool,
}

/// A check that changed nothing but the time of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextCheck {
    pub token: TokenId,
    /// When the check was due, as it was read. What makes the token due again changes this, so that the check cannot
    /// postpone what was asked for meanwhile.
    pub due_at: Option<Timestamp>,
    pub checked_at: Timestamp,
    pub next: Option<Next>,
    pub known_answer: Option<KnownAnswer>,
}

/// A result that concerns other tokens too.
#[derive(Clone, Debug)]
pub struct Related {
    pub concern: Concern,
    /// The token as the check left it.
    pub of: Token,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Concern {
    /// What killed it may concern all tokens of the person: their incident is then complete.
    Death,
    /// A permission was lost or restored.
    Permissions,
    /// It works again, so what it reaches may work again.
    Recovery,
}

impl Claimed {
    pub fn is_ordered(&self, order: OrderKind) -> bool {
        self.pending_order
            .is_some_and(|pending| pending.order == order)
    }
}

impl NextCheck {
    /// When and for what, as it is stored: without a time, no check is due.
    pub fn next(&self) -> (Option<Timestamp>, Action) {
        let action = self.next.map_or(Action::Check, |next| next.action);
        (self.next.map(|next| next.at), action)
    }
}

impl CheckResult {
    /// A check that has found nothing yet.
    pub fn new(claimed: Claimed, checked_at: Timestamp) -> Self {
        Self {
            after: claimed.token.clone(),
            checked_at,
            secret: None,
            measured_exchange: None,
            checked_candidate: None,
            order_done: claimed.pending_order.map(|pending| pending.event),
            rotation_tried_at: claimed.rotation_tried_at,
            retry_after: None,
            asked: Asked::default(),
            meta: None,
            events: Vec::new(),
            pages: None,
            subscription: None,
            known_answer: None,
            claimed,
        }
    }

    pub const fn before(&self) -> &Token {
        &self.claimed.token
    }

    /// The secret to go on with: the new one, if there is one.
    pub fn secret(&self) -> &Secret {
        self.secret.as_ref().unwrap_or(&self.claimed.secret)
    }

    pub fn next_check(&self) -> NextCheck {
        NextCheck {
            token: self.after.id,
            due_at: self.before().next.map(|next| next.at),
            checked_at: self.checked_at,
            next: self.after.next,
            known_answer: self.known_answer,
        }
    }

    /// Whether only the time of the next check has to be written.
    pub fn is_routine(&self) -> bool {
        let (before, after) = (self.before(), &self.after);
        let same = before.facts == after.facts
            && before.health == after.health
            && before.permissions == after.permissions
            && before.refused == after.refused
            && before.parent == after.parent
            && before.subject_name == after.subject_name
            && before.last_rotation == after.last_rotation;
        same && self.secret.is_none()
            && self.measured_exchange.is_none()
            && self.checked_candidate.is_none()
            && self.order_done.is_none()
            && self.events.is_empty()
            && self.pages.is_none()
            && self.subscription.is_none()
    }

    /// Whether the token died in this check, for a cause that related tokens may share.
    pub const fn died(&self) -> bool {
        self.after.is_dead() && !self.before().is_dead()
    }

    /// Whether the token works again, or has a new secret from a candidate: related tokens may recover too. The exchange
    /// of a living token brings back no related token.
    pub const fn revived(&self) -> bool {
        let by_candidate = self.checked_candidate.is_some() && self.secret.is_some();
        self.after.is_alive() && (by_candidate || self.before().is_dead())
    }

    /// Whether a permission was lost or restored in this check, which may affect related tokens.
    pub fn permissions_changed(&self) -> bool {
        self.before().permissions.lost != self.after.permissions.lost
    }
}
