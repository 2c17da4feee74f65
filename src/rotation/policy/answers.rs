//! What the answers to a check's further questions mean. No new secret is used before Meta has described it.

use super::InspectionResult;
use super::basis::Basis;
use super::check_result::{kept_failing, with_secret};
use super::exchange::{grown_up_at, wait_for_next_try};
use super::exchanged::{with_exchanged, with_outcome};
use super::learn::health_of_living;
use super::replacement::{check_replacement, ends_earlier};
use crate::graph_api::{Error, Inspection, PageFields};
use crate::model::{
    Cause, CheckResult, Event, ExchangeId, Health, OrderKind, Outcome, PageList, Refusal, Renewal,
    Scopes, Subscription, Token, TokenId, WebhookSubscription,
};
use crate::secret::Secret;

/// What Meta answered to a follow-up question.
#[derive(Debug)]
pub enum Answer {
    Exchanged(Exchange),
    Derived {
        /// Whether Meta ended this page token alone.
        is_only_ending: bool,
        derivations: Vec<Derivation>,
    },
    Profile {
        name: Option<String>,
        /// `None` if the token may not list pages.
        pages: Option<Result<PageList, Error>>,
    },
    /// The fields that the page should be subscribed to and is not.
    Unsubscribed(Result<Scopes, Error>),
}

#[derive(Debug)]
pub enum Exchange {
    /// A secret, which is stored as a candidate of this exchange, and Meta's description of it.
    Obtained(ExchangeId, Secret, Box<InspectionResult>),
    /// Meta certainly exchanged nothing.
    NotMade,
    Refused,
    Failed,
}

/// An attempt to derive a page's token through one parent.
#[derive(Debug)]
pub struct Derivation {
    pub parent: TokenId,
    pub parent_name: String,
    pub outcome: DerivedSecret,
}

#[derive(Debug)]
pub enum DerivedSecret {
    /// A secret, and Meta's description of it.
    Obtained(Secret, Box<InspectionResult>),
    /// The parent does not reach the page.
    None,
    /// It may work later.
    Failed,
}

/// The check after another answer.
pub fn with_answer(result: CheckResult, answer: Answer, basis: &Basis<'_>) -> CheckResult {
    match answer {
        Answer::Exchanged(exchange) => exchanged(result, exchange, basis),
        Answer::Derived {
            is_only_ending,
            derivations,
        } => derived(result, is_only_ending, derivations, basis),
        Answer::Profile { name, pages } => with_profile(result, name, pages),
        Answer::Unsubscribed(missing) => with_subscription(result, missing),
    }
}

fn exchanged(mut result: CheckResult, exchange: Exchange, basis: &Basis<'_>) -> CheckResult {
    result.asked.exchanged = true;
    if !matches!(exchange, Exchange::NotMade) {
        result.rotation_tried_at = Some(basis.now);
    }
    match exchange {
        Exchange::Obtained(id, secret, inspection) => {
            with_exchanged(result, id, secret, *inspection, basis)
        }
        Exchange::Refused if is_too_young(&result.after, basis) => {
            with_outcome(result, Outcome::TooYoung, basis)
        }
        Exchange::Refused => refused(result, basis),
        Exchange::Failed => with_outcome(result, Outcome::Failed, basis),
        Exchange::NotMade => {
            result.retry_after = Some(wait_for_next_try(&result.after, basis.now));
            with_outcome(result, Outcome::Failed, basis)
        }
    }
}

/// The token works as long as it did, and perhaps its owner must know at once.
fn refused(result: CheckResult, basis: &Basis<'_>) -> CheckResult {
    let mut result = with_outcome(result, Outcome::Refused, basis);
    if let Some(facts) = result.after.facts.clone() {
        result.after.health = health_of_living(&result.after, &facts, basis.rules, basis.now);
    }
    result
}

fn is_too_young(token: &Token, basis: &Basis<'_>) -> bool {
    matches!(basis.rules.renewal, Renewal::Always(_)) && basis.now < grown_up_at(token)
}

fn derived(
    mut result: CheckResult,
    is_only_ending: bool,
    derivations: Vec<Derivation>,
    basis: &Basis<'_>,
) -> CheckResult {
    result.asked.derived = true;
    if is_only_ending {
        result.after.health = replaced_elsewhere(result.before().health, result.after.health);
    }
    derivations.into_iter().fold(result, |result, derivation| {
        with_derivation(result, derivation, basis)
    })
}

/// Meta ended the session without a reason, and for this page token alone. Keeps the known time of death.
fn replaced_elsewhere(before: Health, after: Health) -> Health {
    let cause = Cause::ReplacedElsewhere;
    match (before, after) {
        (was @ Health::Dead { cause: known, .. }, _) if known == cause => was,
        (_, Health::Dead { since, .. }) => Health::Dead { since, cause },
        (_, other) => other,
    }
}

/// Whether the derivation ends the search for a parent.
pub fn is_good_enough(result: &CheckResult, derivation: &Derivation) -> bool {
    let DerivedSecret::Obtained(_, inspection) = &derivation.outcome else {
        return false;
    };
    let in_use = &result.after;
    matches!(&**inspection, Ok(Inspection::Alive(facts))
        if check_replacement(in_use, facts).is_none() && !ends_earlier(in_use, facts))
}

fn with_derivation(
    mut result: CheckResult,
    derivation: Derivation,
    basis: &Basis<'_>,
) -> CheckResult {
    let (secret, inspection) = match derivation.outcome {
        DerivedSecret::Obtained(secret, inspection) => (secret, *inspection),
        DerivedSecret::None => return result,
        // The token is not reported as dead until it is known whether this works.
        DerivedSecret::Failed => return kept_failing(result, basis.now),
    };
    let facts = match inspection {
        Ok(Inspection::Alive(facts)) => facts,
        Ok(Inspection::Refused { .. }) => return result,
        Ok(Inspection::Undecided(_)) | Err(_) => return kept_failing(result, basis.now),
    };
    if let Some(mismatch) = check_replacement(&result.after, &facts) {
        let why = Refusal::Mismatch(mismatch);
        result.events.push(Event::CandidateRefused { why });
        return result;
    }
    if ends_earlier(&result.after, &facts) {
        return result;
    }
    result.after.parent = Some(derivation.parent);
    result.after.rotated_at = Some(basis.now);
    result.events.push(Event::Derived {
        through: derivation.parent_name,
        because: result.after.cause().filter(|_| result.after.is_dead()),
    });
    with_secret(result, secret, facts, basis)
}

/// The tokens of a person's pages are imported only if that was asked for.
pub fn page_fields(result: &CheckResult) -> PageFields {
    if result.claimed.is_ordered(OrderKind::Discover) {
        PageFields::NamesAndTokens
    } else {
        PageFields::Names
    }
}

/// A person's name and pages. Nothing depends on them, so an error changes nothing.
fn with_profile(
    mut result: CheckResult,
    name: Option<String>,
    pages: Option<Result<PageList, Error>>,
) -> CheckResult {
    result.asked.fetched = true;
    result.after.subject_name = result.after.subject_name.or(name);
    let is_discovery = result.claimed.is_ordered(OrderKind::Discover);
    match pages {
        Some(Ok(pages)) if is_discovery => result.pages = Some(pages),
        Some(Ok(pages)) => result.pages = Some(pages.without_tokens()),
        // The order stays until the pages are known.
        Some(Err(_)) if is_discovery => result.order_done = None,
        Some(Err(_)) | None => {}
    }
    result
}

/// A missing subscription is a problem, but the token stays alive.
fn with_subscription(mut result: CheckResult, missing: Result<Scopes, Error>) -> CheckResult {
    result.asked.subscription_checked = true;
    let (subscription, missing) = match missing {
        Ok(missing) if missing.is_empty() => (Subscription::Subscribed, missing),
        Ok(missing) => (Subscription::Missing, missing),
        Err(Error::Refused(_)) => (Subscription::Unknown, Scopes::default()),
        // An error here is not recorded; the next check tries again.
        Err(_) => return result,
    };
    result.subscription = Some(WebhookSubscription {
        subscription,
        missing,
        asked_at: result.checked_at,
    });
    result
}
