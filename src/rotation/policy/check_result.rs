//! What a check found: made from Meta's first answer, completed by each further answer, and concluded once.

use jiff::{SignedDuration, Timestamp};

use super::basis::Basis;
use super::decide::Situation;
use super::exchange::may_exchange;
use super::known_answer::known_answer;
use super::learn::{failing_on, learn, may_still_be_averted, without_longer_back_off};
use super::permissions::changed_permissions;
use super::schedule::{Spread, next_check};
use super::{ClockTrust, InspectionResult, clock_trust, without_judging_ends};
use crate::graph_api::Inspection;
use crate::model::{
    Action, Asked, CheckResult, Checked, Claimed, Event, Expiry, Facts, Health, Next, OrderKind,
    Token,
};
use crate::secret::Secret;

/// A candidate that could not be examined is tried again after this long.
const CANDIDATE_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// A new token whose end Meta did not say is asked about again after this long, a quarter of the shortest life.
const END_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// A token about which Meta said nothing, because it refuses the version, is asked about again after this long.
const VERSION_AGAIN: SignedDuration = SignedDuration::from_hours(1);

impl Basis<'_> {
    /// The token after Meta's answer, leaving out expiries while the clock cannot be trusted.
    fn learned(&self, before: &Token, inspection: &InspectionResult) -> Token {
        let after = learn(before, inspection, self.rules, self.now);
        match clock_trust(self.skew) {
            ClockTrust::Right => after,
            ClockTrust::Doubtful => {
                let by_metas_clock = learn(before, inspection, self.rules, self.metas_now());
                without_judging_ends(before, after, by_metas_clock.health, self.now)
            }
        }
    }
}

/// Meta's description of the secret that a check asks about, with what Meta said only when it gave that.
pub fn completed_by_grant(claimed: &Claimed, inspection: Inspection) -> Inspection {
    let Inspection::Alive(facts) = inspection else {
        return inspection;
    };
    Inspection::Alive(match (&claimed.candidate, claimed.ends_at) {
        (Some(candidate), _) => facts.completed_by_grant(candidate.obtained_at, candidate.ends_at),
        (None, Some(ends_at)) if claimed.token.facts.is_none() => {
            facts.completed_by_grant(claimed.token.imported_at, Some(ends_at))
        }
        (None, _) => facts,
    })
}

/// What Meta's answer about the secret in use says.
pub fn check_result(
    claimed: Claimed,
    inspection: &InspectionResult,
    basis: &Basis<'_>,
) -> CheckResult {
    let before = &claimed.token;
    let mut after = basis.learned(before, inspection);
    if claimed.pending_order.is_some() {
        after.health = without_longer_back_off(before, after.health);
    }
    let meta = match inspection {
        Ok(Inspection::Refused { rejection, .. }) => Some(rejection.meta.clone()),
        Ok(Inspection::Alive(_) | Inspection::Undecided(_)) | Err(_) => None,
    };
    let asked = Asked {
        is_new: before.facts.is_none() && after.facts.is_some(),
        ..Asked::default()
    };
    CheckResult {
        after,
        asked,
        meta,
        retry_after: refuses_version(inspection).then_some(VERSION_AGAIN),
        ..CheckResult::new(claimed, basis.now)
    }
}

fn refuses_version(inspection: &InspectionResult) -> bool {
    match inspection {
        Ok(Inspection::Undecided(error)) | Err(error) => error.is_about_version(),
        Ok(Inspection::Alive(_) | Inspection::Refused { .. }) => false,
    }
}

/// The check with a new secret, as Meta has just described it.
pub(super) fn with_secret(
    mut result: CheckResult,
    secret: Secret,
    facts: Facts,
    basis: &Basis<'_>,
) -> CheckResult {
    if secret != *result.secret() {
        result.secret = Some(secret);
        result.after.facts = result.after.facts.map(Facts::for_another_secret);
    }
    result.asked.is_new = true;
    result.after = basis.learned(&result.after, &Ok(Inspection::Alive(facts)));
    result
}

/// The candidate stays, and is examined again soon.
pub fn candidate_later(result: CheckResult) -> CheckResult {
    CheckResult {
        retry_after: Some(CANDIDATE_AGAIN),
        ..result
    }
}

/// Keeps a token failing instead of dead, for a day at most, while it may still be derived.
pub fn kept_failing(mut result: CheckResult, now: Timestamp) -> CheckResult {
    if let Health::Dead { cause, .. } = result.after.health
        && !result.before().is_dead()
        && may_still_be_averted(&result.after, now)
    {
        result.after.health = failing_on(result.before().health, cause, now);
    }
    result
}

/// The finished result: with its events, and the time of the next check.
pub fn concluded(mut result: CheckResult, basis: &Basis<'_>) -> CheckResult {
    let events = [
        permissions_lost(&result),
        permissions_restored(&result),
        state_changed(&result),
        order_completed(&result, basis),
    ];
    result.events.extend(events.into_iter().flatten());
    let spread = Spread::of(result.after.id, basis.now);
    let tried_at = result.rotation_tried_at;
    let scheduled = next_check(&result.after, tried_at, basis.rules, spread, basis.now);
    let retry_after = result.retry_after.or_else(|| look_again_after(&result));
    let retry = retry_after.map(|wait| Next {
        action: Action::Check,
        at: basis.now + wait,
    });
    result.after.next = retry.or(scheduled);
    let subscription = result.subscription.as_ref();
    let subscription = subscription.or(result.claimed.subscription.as_ref());
    let known = known_answer(Situation::of(&result), subscription, basis);
    result.known_answer = known.filter(|_| retry.is_none());
    result
}

/// A new token may be a short-lived one if Meta has not said when it ends.
fn look_again_after(result: &CheckResult) -> Option<SignedDuration> {
    let facts = result.after.facts.as_ref()?;
    let is_silent = facts.expires_at == Expiry::Unknown && !facts.kind.is_described_once();
    let is_new = result.asked.is_new && result.after.is_alive();
    (is_new && is_silent).then_some(END_AGAIN)
}

fn permissions_lost(result: &CheckResult) -> Option<Event> {
    let (permissions, _) = changed_permissions(result.before(), &result.after);
    (!permissions.is_empty()).then_some(Event::PermissionsLost { permissions })
}

fn permissions_restored(result: &CheckResult) -> Option<Event> {
    let (_, permissions) = changed_permissions(result.before(), &result.after);
    (!permissions.is_empty()).then_some(Event::PermissionsRestored { permissions })
}

fn state_changed(result: &CheckResult) -> Option<Event> {
    let (was, is) = (result.before(), &result.after);
    ((was.state(), was.cause()) != (is.state(), is.cause())).then(|| Event::Changed {
        from: was.state(),
        to: is.state(),
        cause: is.cause(),
        meta: result.meta.clone(),
    })
}

/// Says at least the token's state to the order's author, unless an exchange must be measured first.
fn order_completed(result: &CheckResult, basis: &Basis<'_>) -> Option<Event> {
    result.claimed.pending_order?;
    if result.order_done.is_none() && result.retry_after.is_some() {
        return None;
    }
    let tried_at = result.rotation_tried_at;
    let was_renewed = result.asked.exchanged || result.asked.derived;
    let not_rotated = if result.claimed.is_ordered(OrderKind::Rotate) && !was_renewed {
        may_exchange(&result.after, tried_at, basis.rules, basis.now).err()
    } else {
        None
    };
    Some(Event::Checked(Checked {
        state: result.after.state(),
        not_rotated,
        may_rotate_at: not_rotated.and_then(|why| why.until(&result.after, tried_at)),
    }))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::graph_api::Error;
    use crate::model::{
        Cause, EventId, Kind, MetaCode, PendingOrder, Permissions, Refused, RejectReason, Scopes,
    };
    use crate::rotation::policy::fixtures::*;

    fn checked(token: Token, inspection: &InspectionResult) -> CheckResult {
        let rules = rules();
        let basis = basis(&rules);
        concluded(check_result(claimed(token), inspection, &basis), &basis)
    }

    fn alive(scopes: &str) -> InspectionResult {
        Ok(Inspection::Alive(Facts {
            scopes: Some(Scopes::parse(scopes)),
            ..facts(None, None)
        }))
    }

    #[test]
    fn the_first_description_makes_a_token_new() {
        let described = alive("email");
        assert!(checked(token(None), &described).asked.is_new);
        let known = token(Some(facts(None, None)));
        assert!(!checked(known, &described).asked.is_new);
        assert!(!checked(token(None), &refused(Cause::Expired)).asked.is_new);
    }

    #[test]
    fn a_new_token_is_asked_about_again_soon_if_meta_does_not_say_when_it_ends() {
        let next = |before: Token, answer: Facts| {
            let result = checked(before, &Ok(Inspection::Alive(answer)));
            result.after.next.map(|next| now().duration_until(next.at))
        };
        let with = |kind, expires_at| Facts {
            kind,
            expires_at,
            ..facts(None, None)
        };
        let routine = next(token(None), with(Kind::User, Expiry::Never));
        assert!(routine > Some(SignedDuration::from_hours(1)), "{routine:?}");
        for kind in [Kind::User, Kind::Page, Kind::SystemUser] {
            let silent = with(kind, Expiry::Unknown);
            assert_eq!(next(token(None), silent.clone()), Some(END_AGAIN));
            let known = token(Some(silent.clone()));
            assert_eq!(next(known, silent), routine, "only once");
        }
        let described_once = with(Kind::ThreadsUser, Expiry::Unknown);
        assert_eq!(next(token(None), described_once), routine);
    }

    #[test]
    fn a_refusal_shows_metas_code_in_the_event() {
        let result = checked(token(Some(facts(None, None))), &refused(Cause::Expired));
        let codes = result.events.iter().filter_map(|event| match event {
            Event::Changed { meta, .. } => meta.as_ref().map(|meta| meta.code),
            _ => None,
        });
        assert_eq!(codes.collect::<Vec<_>>(), [190]);
    }

    #[test]
    fn where_meta_refuses_the_version_the_token_is_asked_about_in_an_hour() {
        let error = |cause| Error::App {
            cause,
            meta: MetaCode::default(),
        };
        let ended = error(Cause::VersionEnded);
        for (inspection, waits) in [
            (Err(ended.clone()), true),
            (Ok(Inspection::Undecided(ended)), true),
            (Err(error(Cause::AppSecretWrong)), false),
            (alive("email"), false),
        ] {
            let result = checked(token(Some(facts(None, None))), &inspection);
            assert_eq!(result.retry_after, waits.then_some(VERSION_AGAIN));
            let at = result.after.next.map(|next| next.at);
            assert!(!waits || at == Some(now() + VERSION_AGAIN), "{at:?}");
        }
    }

    #[test]
    fn permissions_that_go_and_come_are_events() {
        let lost = checked(token(Some(facts(None, None))), &alive("email"));
        let gone = Scopes::parse("pages_show_list");
        let is_lost = |event: &Event| {
            *event
                == Event::PermissionsLost {
                    permissions: gone.clone(),
                }
        };
        assert!(lost.events.iter().any(is_lost), "{:?}", lost.events);
        let back = checked(lost.after, &alive("email pages_show_list"));
        let is_back = |event: &Event| {
            *event
                == Event::PermissionsRestored {
                    permissions: gone.clone(),
                }
        };
        assert!(back.events.iter().any(is_back), "{:?}", back.events);
        assert_eq!(back.after.permissions, Permissions::default());
    }

    #[test]
    fn a_page_token_that_just_died_fails_for_a_day_while_it_may_be_derived() {
        let kept = |before: Health, refused_days_ago: i64| {
            let token = Token {
                health: before,
                ..token(Some(facts(None, None)))
            };
            let mut result = CheckResult::new(claimed(token), now());
            result.after.health = Health::Dead {
                since: now(),
                cause: Cause::SessionEnded,
            };
            result.after.refused = Some(Refused {
                since: now() - days(refused_days_ago) - SignedDuration::from_secs(1),
                cause: Cause::SessionEnded,
            });
            kept_failing(result, now()).after.is_dead()
        };
        let dead = Health::Dead {
            since: now() - days(3),
            cause: Cause::SessionEnded,
        };
        assert!(!kept(Health::Healthy, 0));
        assert!(kept(Health::Healthy, 1), "a day is over");
        assert!(kept(dead, 0), "it was dead before");
    }

    #[test]
    fn who_ordered_something_is_told_how_the_token_is_and_why_it_was_not_renewed() {
        let rules = rules();
        let told = |order: Option<OrderKind>, change: fn(&mut CheckResult)| {
            let mut claimed = claimed(token(Some(facts(None, None))));
            claimed.pending_order = order.map(|order| PendingOrder {
                order,
                event: EventId(1),
            });
            let mut result = CheckResult::new(claimed, now());
            change(&mut result);
            let result = concluded(result, &basis(&rules));
            let mut told = result.events.into_iter().filter_map(|event| match event {
                Event::Checked(checked) => Some(checked.not_rotated),
                _ => None,
            });
            told.next()
        };
        let never = Some(Some(RejectReason::NeverExpires));
        assert_eq!(told(None, |_| ()), None);
        assert_eq!(told(Some(OrderKind::Check), |_| ()), Some(None));
        assert_eq!(told(Some(OrderKind::Rotate), |_| ()), never);
        let renewals: [fn(&mut CheckResult); 2] = [
            |result| result.asked.exchanged = true,
            |result| result.asked.derived = true,
        ];
        for renewed in renewals {
            assert_eq!(told(Some(OrderKind::Rotate), renewed), Some(None));
        }
        // What an exchange brought must be measured before anything can be said.
        let rotate = Some(OrderKind::Rotate);
        let unfinished = |result: &mut CheckResult| {
            result.order_done = None;
            result.retry_after = Some(CANDIDATE_AGAIN);
        };
        assert_eq!(told(rotate, unfinished), None);
        assert_eq!(told(rotate, |result| result.order_done = None), never);
        let later = |result: &mut CheckResult| result.retry_after = Some(CANDIDATE_AGAIN);
        assert_eq!(told(rotate, later), never);
    }
}
