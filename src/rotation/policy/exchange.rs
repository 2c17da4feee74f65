//! Decides when an exchange is worth trying, and measures before and after what it really did.

use jiff::{SignedDuration, Timestamp};

use super::InspectionResult;
use super::replacement::check_replacement;
use crate::graph_api::{Error, Inspection};
use crate::model::{Expiry, Facts, Kind, Outcome, RejectReason, Renewal, Rotation, Token};
use crate::rotation::Rules;

/// Meta extends a token at most once a day, and a call that may have taken effect is not repeated sooner.
const AT_MOST_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// A token that is renewed as long as it lives must be a day old by Meta's clock, which may differ from ours.
const A_DAY_OLD: SignedDuration = SignedDuration::from_mins(24 * 60 + 10);

/// A new expiry counts as later from this difference on; Meta's values vary by seconds.
const MEASURABLE: SignedDuration = SignedDuration::from_hours(24);

impl RejectReason {
    /// When it no longer holds; `None` where waiting changes nothing.
    pub(super) fn until(self, token: &Token, tried_at: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::TriedToday => Some(repeatable_at(token.facts.as_ref()?, tried_at?)),
            Self::NeverExpires | Self::EndUnknown | Self::WrongKind => None,
        }
    }
}

/// From when on an exchange may be repeated that may have taken effect. For a short-lived token, a day is too late. Its
/// exchange extends nothing, but gives another token, so it may be repeated while the token lives.
fn repeatable_at(facts: &Facts, tried_at: Timestamp) -> Timestamp {
    let in_a_day = tried_at + AT_MOST_EVERY;
    match facts.expires_at {
        Expiry::At(end) if facts.is_made_for_hours() && end < in_a_day => {
            tried_at + wait_before(Some(end), tried_at)
        }
        Expiry::At(_) | Expiry::Never | Expiry::Unknown => in_a_day,
    }
}

/// When the next exchange is due. `None` for a token that must never be exchanged.
pub fn rotation_due(
    token: &Token,
    tried_at: Option<Timestamp>,
    rules: &Rules,
) -> Option<Timestamp> {
    let facts = token.facts.as_ref()?;
    let end = renewable_end(facts, rules).ok()?;
    if is_refused_for_good(token, rules) {
        return None;
    }
    let wanted = wanted_at(token, end, rules);
    let Some(tried_at) = tried_at else {
        return Some(wanted);
    };
    let again = match rules.renewal {
        Renewal::Sometimes => again_after(token, facts, end?, tried_at),
        // The renewal may have taken effect without an answer.
        Renewal::Always(_) => tried_at + A_DAY_OLD,
    };
    Some(wanted.max(again))
}

/// Whether Meta has refused to renew a token that every renewal would renew, so that only a login helps.
pub(super) fn is_refused_for_good(token: &Token, rules: &Rules) -> bool {
    let last = token.last_rotation.map(|rotation| rotation.outcome);
    matches!(rules.renewal, Renewal::Always(_)) && last == Some(Outcome::Refused)
}

/// A token that every renewal gives another life is renewed when half of it is over; one whose end is unknown, as soon as
/// Meta renews it.
fn wanted_at(token: &Token, end: Option<Timestamp>, rules: &Rules) -> Timestamp {
    match rules.renewal {
        Renewal::Sometimes => end.map_or(Timestamp::MAX, |end| end - rules.rotate_before_expiry),
        Renewal::Always(life) => {
            let before = rules.rotate_before_expiry.max(life / 2);
            let half_over = end.map_or(Timestamp::MIN, |end| end - before);
            half_over.max(grown_up_at(token))
        }
    }
}

/// From when on Meta renews a token. The age of an imported one is unknown, so it counts from its import.
pub(super) fn grown_up_at(token: &Token) -> Timestamp {
    let issued_at = token.facts.as_ref().and_then(|facts| facts.issued_at);
    issued_at.unwrap_or(token.imported_at) + A_DAY_OLD
}

pub fn is_too_soon(facts: &Facts, tried_at: Option<Timestamp>, now: Timestamp) -> bool {
    tried_at.is_some_and(|tried_at| now < repeatable_at(facts, tried_at))
}

/// An exchange without effect makes the next one less promising, so the wait grows with the time left. What is recorded of
/// an earlier exchange says nothing about this one.
fn again_after(token: &Token, facts: &Facts, end: Timestamp, tried_at: Timestamp) -> Timestamp {
    let of_this = |rotation: &Rotation| rotation.at >= tried_at;
    match token.last_rotation.filter(of_this).map(|of| of.outcome) {
        Some(Outcome::SameExpiry | Outcome::Unchanged | Outcome::Refused) => {
            tried_at + (tried_at.duration_until(end) / 4).max(AT_MOST_EVERY)
        }
        Some(Outcome::Renewed | Outcome::TooYoung | Outcome::Failed) | None => {
            repeatable_at(facts, tried_at)
        }
    }
}

/// Whether an operator may order an exchange now.
pub(super) fn may_exchange(
    token: &Token,
    tried_at: Option<Timestamp>,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), RejectReason> {
    let facts = token.facts.as_ref().ok_or(RejectReason::EndUnknown)?;
    renewable_end(facts, rules)?;
    if is_too_soon(facts, tried_at, now) {
        return Err(RejectReason::TriedToday);
    }
    Ok(())
}

/// The end that a renewal may move. It is unknown only where every renewal moves it.
fn renewable_end(facts: &Facts, rules: &Rules) -> Result<Option<Timestamp>, RejectReason> {
    match facts.kind {
        Kind::User | Kind::SystemUser | Kind::InstagramUser | Kind::ThreadsUser => {}
        Kind::Page | Kind::App => return Err(RejectReason::WrongKind),
    }
    match (facts.expires_at, rules.renewal) {
        (Expiry::At(end), _) => Ok(Some(end)),
        (Expiry::Never, _) => Err(RejectReason::NeverExpires),
        (Expiry::Unknown, Renewal::Always(_)) => Ok(None),
        (Expiry::Unknown, Renewal::Sometimes) => Err(RejectReason::EndUnknown),
    }
}

/// How soon to retry an exchange that was not made: late enough for most temporary errors to pass, far sooner than
/// after an exchange that may have taken effect, and before the token expires.
pub(super) fn wait_for_next_try(token: &Token, now: Timestamp) -> SignedDuration {
    wait_before(token.deadline(), now)
}

fn wait_before(end: Option<Timestamp>, now: Timestamp) -> SignedDuration {
    const WAIT: SignedDuration = SignedDuration::from_mins(30);
    const SHORTEST: SignedDuration = SignedDuration::from_mins(1);
    match end.map(|end| now.duration_until(end)) {
        Some(left) if left.is_positive() => WAIT.min((left / 4).max(SHORTEST)),
        Some(_) | None => WAIT,
    }
}

/// Whether Meta certainly exchanged nothing: the call was never sent, or Meta says why it did not process it. A call
/// with no answer, or with one that we do not understand, may have taken effect.
pub const fn was_not_made(error: &Error, calls: u32) -> bool {
    match error {
        Error::Busy { .. } | Error::Blocked { .. } | Error::App { .. } => true,
        Error::Unreachable(_) => calls == 0,
        Error::Refused(_) | Error::Transient { .. } | Error::Unexpected { .. } => false,
    }
}

/// Whether Meta refuses to exchange the token. Where every renewal gives another life, any explained error says that:
/// its codes are not documented, and only a login helps.
pub fn is_refusal(error: &Error, rules: &Rules) -> bool {
    match error {
        Error::Refused(_) => true,
        Error::Unexpected { meta, .. } => {
            matches!(rules.renewal, Renewal::Always(_)) && meta.code != 0
        }
        Error::Busy { .. }
        | Error::Blocked { .. }
        | Error::App { .. }
        | Error::Unreachable(_)
        | Error::Transient { .. } => false,
    }
}

/// The outcome of an exchange. `after` is Meta's description of the new secret.
pub(super) fn measure(
    before: &Token,
    same_secret: SameSecret,
    after: &InspectionResult,
) -> Outcome {
    let (Some(old), Ok(Inspection::Alive(new))) = (&before.facts, after) else {
        return Outcome::Failed;
    };
    if check_replacement(before, new).is_some() {
        return Outcome::Failed;
    }
    match (old.expires_at, new.expires_at) {
        (Expiry::At(_), Expiry::Never) => Outcome::Renewed,
        // Of a token that Meta describes only when it renews it.
        (Expiry::Unknown, Expiry::At(_)) if new.kind.is_described_once() => Outcome::Renewed,
        (Expiry::At(old), Expiry::At(new)) if new > old + MEASURABLE => Outcome::Renewed,
        _ if same_secret == SameSecret::Yes => Outcome::Unchanged,
        _ => Outcome::SameExpiry,
    }
}

/// Whether Meta returned the same secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SameSecret {
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph_api::{Bucket, Error};
    use crate::model::{Cause, MetaCode, Scopes};
    use crate::rotation::policy::fixtures::*;

    #[test]
    fn an_exchange_is_measured_not_believed() {
        let before = token(Some(facts(Some(20), Some(50))));
        let inspect = |facts: Facts| -> InspectionResult { Ok(Inspection::Alive(facts)) };
        let ends = |days: i64| inspect(facts(Some(days), None));
        let other = |change: fn(&mut Facts)| {
            let mut facts = facts(Some(60), Some(50));
            change(&mut facts);
            inspect(facts)
        };
        let no_answer = || Err(Error::Unreachable("reset".into()));
        let of_somebody_else = other(|facts| facts.subject = "8".to_owned());
        let of_another_kind = other(|facts| facts.kind = Kind::SystemUser);
        let with_fewer_scopes = other(|facts| facts.scopes = Some(Scopes::parse("email")));
        use Outcome::{Failed, Renewed, SameExpiry, Unchanged};
        use SameSecret::{No, Yes};
        for (what, same, after, expected) in [
            ("later", No, ends(60), Renewed),
            ("never", No, inspect(facts(None, None)), Renewed),
            ("same string, later end", Yes, ends(60), Renewed),
            ("new string, same end", No, ends(20), SameExpiry),
            ("a day is no gain", No, ends(21), SameExpiry),
            ("earlier", No, ends(2), SameExpiry),
            ("same string", Yes, ends(20), Unchanged),
            ("other person", No, of_somebody_else, Failed),
            ("other kind", No, of_another_kind, Failed),
            ("fewer scopes", No, with_fewer_scopes, Failed),
            ("dead", No, refused(Cause::SessionEnded), Failed),
            ("no answer", No, no_answer(), Failed),
        ] {
            assert_eq!(measure(&before, same, &after), expected, "{what}");
        }
    }

    #[test]
    fn what_never_expires_is_never_exchanged() {
        let permanent = token(Some(facts(None, Some(3))));
        assert_eq!(rotation_due(&permanent, None, &rules()), None);
        assert_eq!(
            may_exchange(&permanent, None, &rules(), now()),
            Err(RejectReason::NeverExpires)
        );
        let mut page = facts(Some(2), None);
        page.kind = Kind::Page;
        assert_eq!(
            may_exchange(&token(Some(page)), None, &rules(), now()),
            Err(RejectReason::WrongKind)
        );
        let mut unknown = facts(None, None);
        unknown.expires_at = Expiry::Unknown;
        assert_eq!(
            may_exchange(&token(Some(unknown)), None, &rules(), now()),
            Err(RejectReason::EndUnknown)
        );
        assert_eq!(
            may_exchange(&token(None), None, &rules(), now()),
            Err(RejectReason::EndUnknown)
        );
    }

    #[test]
    fn the_first_attempt_comes_with_a_month_of_retries_left() {
        let due = rotation_due(&token(Some(facts(Some(50), None))), None, &rules());
        assert_eq!(due, Some(now() + days(20)));
    }

    #[test]
    fn at_most_one_attempt_in_a_day() {
        let token = token(Some(facts(Some(10), None)));
        let tried = now() - SignedDuration::from_hours(23);
        assert_eq!(
            may_exchange(&token, Some(tried), &rules(), now()),
            Err(RejectReason::TriedToday)
        );
        assert_eq!(
            may_exchange(
                &token,
                Some(tried),
                &rules(),
                now() + SignedDuration::from_hours(2)
            ),
            Ok(())
        );
        let due = rotation_due(&token, Some(tried), &rules()).unwrap();
        assert_eq!(due, now() + SignedDuration::from_hours(1));
    }

    #[test]
    fn an_exchange_that_moved_nothing_widens_the_waits() {
        let mut token = token(Some(facts(Some(28), None)));
        token.last_rotation = Some(Rotation {
            outcome: Outcome::SameExpiry,
            at: now(),
        });
        assert_eq!(
            rotation_due(&token, Some(now()), &rules()),
            Some(now() + days(7))
        );
        token.last_rotation = Some(Rotation {
            outcome: Outcome::Failed,
            at: now(),
        });
        assert_eq!(
            rotation_due(&token, Some(now()), &rules()),
            Some(now() + days(1))
        );
    }

    #[test]
    fn a_day_after_an_attempt_the_next_may_be_ordered() {
        let token = token(Some(facts(Some(10), None)));
        let second = SignedDuration::from_secs(1);
        let may_at = |now| may_exchange(&token, Some(self::now()), &rules(), now);
        assert_eq!(may_at(now() + days(1)), Ok(()));
        let why = may_at(now() + days(1) - second).unwrap_err();
        assert_eq!(why, RejectReason::TriedToday);
        assert_eq!(why.until(&token, Some(now())), Some(now() + days(1)));
        assert_eq!(why.until(&token, None), None);
        assert_eq!(RejectReason::NeverExpires.until(&token, Some(now())), None);
    }

    #[test]
    fn a_short_lived_token_whose_exchange_has_no_answer_is_exchanged_again_while_it_lives() {
        let (hours, minutes) = (SignedDuration::from_hours, SignedDuration::from_mins);
        let ending_in = |left: SignedDuration| Facts {
            expires_at: Expiry::At(now() + left),
            ..facts(None, None)
        };
        let issued = |days_ago: i64, left: SignedDuration| Facts {
            issued_at: Some(now() - days(days_ago)),
            ..ending_in(left)
        };
        let of_a_page = Facts {
            kind: Kind::Page,
            ..ending_in(hours(2))
        };
        for (what, facts, wait) in [
            ("two hours", ending_in(hours(2)), minutes(30)),
            ("forty minutes", ending_in(minutes(40)), minutes(10)),
            ("of today", issued(0, hours(2)), minutes(30)),
            (
                "the last hours of sixty days",
                issued(60, hours(2)),
                hours(24),
            ),
            ("a day", ending_in(hours(24)), hours(24)),
            ("no date", facts(None, None), hours(24)),
            ("of a page", of_a_page, hours(24)),
        ] {
            let again = now() + wait;
            assert_eq!(repeatable_at(&facts, now()), again, "{what}");
            assert!(!is_too_soon(&facts, None, now()), "{what}");
            let second = SignedDuration::from_secs(1);
            assert!(is_too_soon(&facts, Some(now()), again - second), "{what}");
            assert!(!is_too_soon(&facts, Some(now()), again), "{what}");
        }

        let mut token = token(Some(ending_in(hours(2))));
        let due = |token: &Token| rotation_due(token, Some(now()), &rules());
        assert_eq!(due(&token), Some(now() + minutes(30)));
        let may = |at| may_exchange(&token, Some(now()), &rules(), at);
        assert_eq!(may(now() + minutes(29)), Err(RejectReason::TriedToday));
        assert_eq!(may(now() + minutes(30)), Ok(()));
        // The outcome of an exchange of the secret before says nothing about this one.
        let (outcome, second) = (Outcome::SameExpiry, SignedDuration::from_secs(1));
        let measured = |at| Some(Rotation { outcome, at });
        token.last_rotation = measured(now() - second);
        assert_eq!(due(&token), Some(now() + minutes(30)));
        token.last_rotation = measured(now());
        assert_eq!(due(&token), Some(now() + hours(24)));
    }

    #[test]
    fn what_was_not_made_is_tried_again_soon_and_before_the_end() {
        let ending_in = |seconds: i64| {
            token(Some(Facts {
                expires_at: Expiry::At(now() + SignedDuration::from_secs(seconds)),
                ..facts(None, None)
            }))
        };
        for (what, token, seconds) in [
            ("no end", token(Some(facts(None, None))), 1800),
            ("a far end", ending_in(100_000), 1800),
            ("two hours", ending_in(7200), 1800),
            ("forty minutes", ending_in(2400), 600),
            ("two minutes", ending_in(120), 60),
            ("over", ending_in(0), 1800),
            ("long over", ending_in(-9000), 1800),
        ] {
            let wait = wait_for_next_try(&token, now());
            assert_eq!(wait, SignedDuration::from_secs(seconds), "{what}");
        }
    }

    #[test]
    fn a_call_may_have_taken_effect_unless_meta_says_otherwise_or_never_got_it() {
        let meta = MetaCode::default;
        let busy = Error::Busy {
            bucket: Bucket::App,
            regain: None,
            meta: meta(),
        };
        let app = Error::App {
            cause: Cause::AppSecretWrong,
            meta: meta(),
        };
        let silent = || Error::Unreachable("reset".into());
        let unexpected = Error::Unexpected {
            meta: meta(),
            status: 500,
        };
        for (error, calls, expected) in [
            (busy, 1, true),
            (Error::Blocked(meta()), 1, true),
            (app, 1, true),
            (silent(), 0, true),
            (silent(), 1, false),
            (unexpected, 1, false),
        ] {
            assert_eq!(was_not_made(&error, calls), expected, "{error}");
        }
    }
}
