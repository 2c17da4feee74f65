//! What the answers of one app say together: when everything fails alike, the app or Meta is suspected first.

use std::collections::HashSet;

use super::Look;
use crate::graph_api::{Bucket, Error, Inspection};
use crate::token::{Cause, Token};

/// What the looks of one pass mean for the app as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Each answer speaks for its own token.
    Sound,
    /// Meta refuses our app, limits it, or does not answer: no answer here says anything of a token.
    Troubled(Error),
    /// Tokens of several people died of the same at the same moment. Ask after the app itself, and look twice.
    Suspicious(Cause),
    /// Some answers blame the app. Ask after the app itself: if Meta accepts it, they are about their own tokens.
    Blamed(Cause),
}

/// From how many people on an equal fate is no coincidence.
const PEOPLE: usize = 3;

pub fn judge<'a>(looks: impl Iterator<Item = (&'a Token, &'a Look)> + Clone) -> Verdict {
    let answers = || looks.clone().map(|(_, look)| look);
    if let Some(limit) = answers().find_map(stops_app) {
        return Verdict::Troubled(limit.clone());
    }
    if let Some(failure) = common_failure(answers()) {
        return Verdict::Troubled(failure.clone());
    }
    if let Some(cause) = answers().find_map(blame) {
        return Verdict::Blamed(cause);
    }
    common_refusal(looks).map_or(Verdict::Sound, Verdict::Suspicious)
}

/// Limits of the app, whatever else was answered.
fn stops_app(look: &Look) -> Option<&Error> {
    let Err(error) = look else { return None };
    match error {
        Error::Blocked { .. }
        | Error::Busy {
            bucket: Bucket::App,
            ..
        } => Some(error),
        Error::Busy {
            bucket: Bucket::Token,
            ..
        }
        | Error::App { .. }
        | Error::Refused(_)
        | Error::Unreachable(_)
        | Error::Transient { .. }
        | Error::Unexpected { .. } => None,
    }
}

/// What an answer says is wrong with the app. Others came through, so it may be wrong.
pub fn blame(look: &Look) -> Option<Cause> {
    match look {
        Err(Error::App { cause, .. }) => Some(*cause),
        Ok(Inspection::Refused { refusal, .. }) if refusal.cause == Cause::AppUnavailable => {
            Some(refusal.cause)
        }
        Ok(_) | Err(_) => None,
    }
}

/// Not one usable answer.
fn common_failure<'a>(mut looks: impl Iterator<Item = &'a Look>) -> Option<&'a Error> {
    let first = looks.next()?.as_ref().err()?;
    let fails = |look: &Look| matches!(look, Err(error) if !matches!(error, Error::Refused(_)));
    (!matches!(first, Error::Refused(_)) && looks.all(fails)).then_some(first)
}

/// Every answer refuses, all for one reason that we did not see coming, and several people are hit.
fn common_refusal<'a>(looks: impl Iterator<Item = (&'a Token, &'a Look)>) -> Option<Cause> {
    let mut people = HashSet::new();
    let mut common = None;
    for (token, look) in looks {
        let Ok(Inspection::Refused { refusal, .. }) = look else {
            return None;
        };
        if *common.get_or_insert(refusal.cause) != refusal.cause || refusal.cause == Cause::Expired
        {
            return None;
        }
        // What Meta never described may be anybody's.
        let person = token
            .facts
            .as_ref()
            .map_or(token.name.as_str(), |facts| &facts.person);
        people.insert(person);
    }
    common.filter(|_| people.len() >= PEOPLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::policy::fixtures::*;

    fn of(person: &str) -> Token {
        let mut facts = facts(None, None);
        facts.person = person.to_owned();
        token(Some(facts))
    }

    fn judged(looks: &[(Token, Look)]) -> Verdict {
        judge(looks.iter().map(|(token, look)| (token, look)))
    }

    fn alive() -> Look {
        Ok(Inspection::Alive(facts(None, None)))
    }

    fn limit(bucket: Bucket) -> Error {
        Error::Busy {
            bucket,
            code: 4,
            regain: None,
            trace: None,
        }
    }

    #[test]
    fn a_verdict_on_one_token_stops_no_app() {
        let blocked = Error::Blocked {
            code: 368,
            subcode: None,
            trace: None,
        };
        let silent = Error::Unreachable("reset".into());
        for error in [
            limit(Bucket::Token),
            limit(Bucket::App),
            blocked,
            silent,
            Error::Unexpected {
                code: 7,
                subcode: None,
                trace: None,
                status: 200,
            },
        ] {
            let undecided = || Ok(Inspection::Undecided(error.clone()));
            assert_eq!(judged(&[(of("1"), undecided())]), Verdict::Sound);
            let looks = [(of("1"), undecided()), (of("2"), alive())];
            assert_eq!(judged(&looks), Verdict::Sound);
        }
    }

    #[test]
    fn an_app_that_only_some_answers_blame_is_asked_after_first() {
        let unavailable = Cause::AppUnavailable;
        let secret = Error::App {
            cause: Cause::AppSecretWrong,
            code: 190,
            subcode: None,
            trace: None,
        };
        for (blaming, cause) in [
            (Err(secret), Cause::AppSecretWrong),
            (doubtful(unavailable), unavailable),
        ] {
            let looks = [(of("1"), alive()), (of("2"), blaming)];
            assert_eq!(judged(&looks), Verdict::Blamed(cause));
        }
        assert_eq!(
            judged(&[(of("1"), doubtful(unavailable))]),
            Verdict::Blamed(unavailable)
        );
    }

    #[test]
    fn one_person_may_die_alone() {
        let died = |person| (of(person), refused(Cause::PasswordChanged));
        assert_eq!(
            judged(&[died("1"), died("1"), died("1"), died("1")]),
            Verdict::Sound
        );
        assert_eq!(judged(&[died("1"), died("2")]), Verdict::Sound);
        assert_eq!(
            judged(&[died("1"), died("2"), died("3"), (of("4"), alive())]),
            Verdict::Sound
        );
    }

    #[test]
    fn a_common_fate_is_suspicious_unless_it_was_foreseen() {
        let all = |cause| ["1", "2", "3"].map(|person| (of(person), refused(cause)));
        assert_eq!(
            judged(&all(Cause::SessionEnded)),
            Verdict::Suspicious(Cause::SessionEnded)
        );
        assert_eq!(judged(&all(Cause::Expired)), Verdict::Sound);
    }

    #[test]
    fn what_concerns_the_app_speaks_of_no_token() {
        let secret = Error::App {
            cause: Cause::AppSecretWrong,
            code: 190,
            subcode: None,
            trace: None,
        };
        let all = [
            (of("1"), Err(secret.clone())),
            (of("2"), Err(secret.clone())),
        ];
        assert_eq!(judged(&all), Verdict::Troubled(secret));
        let looks = [(of("1"), alive()), (of("2"), Err(limit(Bucket::App)))];
        assert_eq!(judged(&looks), Verdict::Troubled(limit(Bucket::App)));
        let silent = Error::Unreachable("reset".into());
        let looks = [
            (of("1"), Err(silent.clone())),
            (of("2"), Err(silent.clone())),
        ];
        assert_eq!(judged(&looks), Verdict::Troubled(silent.clone()));
        assert_eq!(
            judged(&[(of("1"), alive()), (of("2"), Err(silent))]),
            Verdict::Sound
        );
        assert_eq!(judged(&[]), Verdict::Sound);
    }
}
