//! Diagnoses the app from all answers together: when everything fails alike, the app or Meta is suspected first.

use std::collections::HashSet;

use super::InspectionResult;
use crate::graph_api::{Bucket, Error, Inspection};
use crate::model::{Cause, Token};

/// What the inspections of one slice mean for the app as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppDiagnosis {
    /// Each answer is about its own token.
    Sound,
    /// Meta refuses the app, throttles it, or does not answer: no error here is about a token.
    Failing(Error),
    /// Tokens of several people are refused for the same cause at once. Check the app, and confirm the refusals later.
    Suspicious(Cause),
    /// Some answers blame the app or its version. Check the app: if Meta accepts it, these answers are about their own calls.
    Blamed(Cause),
}

/// With this many people the same refusal is no coincidence.
const PEOPLE: usize = 3;

/// `others_work`: Meta has just described other tokens of the app as before, so there is nothing that all answers share.
pub fn diagnose_app<'a>(
    inspections: impl Iterator<Item = (&'a Token, &'a InspectionResult)> + Clone,
    others_work: bool,
) -> AppDiagnosis {
    let answers = || inspections.clone().map(|(_, inspect)| inspect);
    if let Some(limit) = answers().find_map(stops_app) {
        return AppDiagnosis::Failing(limit.clone());
    }
    let shared = shared_error(answers()).filter(|_| !others_work);
    if let Some(failure) = shared.filter(|error| !error.is_about_version()) {
        return AppDiagnosis::Failing(failure.clone());
    }
    if let Some(cause) = answers().find_map(blame) {
        return AppDiagnosis::Blamed(cause);
    }
    let shared = shared_rejection(inspections).filter(|_| !others_work);
    shared.map_or(AppDiagnosis::Sound, AppDiagnosis::Suspicious)
}

/// The error of a limit on the app. It counts whatever else was answered.
fn stops_app(inspect: &InspectionResult) -> Option<&Error> {
    inspect
        .as_ref()
        .err()
        .filter(|error| is_limit_of_app(error))
}

const fn is_limit_of_app(error: &Error) -> bool {
    matches!(
        error,
        Error::Blocked { .. }
            | Error::Busy {
                bucket: Bucket::App,
                ..
            }
    )
}

/// The cause for which an answer blames the app. Other calls succeeded, so the answer may be wrong.
pub fn blame(inspect: &InspectionResult) -> Option<Cause> {
    match inspect {
        Err(Error::App { cause, .. }) => Some(*cause),
        Ok(Inspection::Refused { rejection, .. }) if rejection.cause == Cause::AppUnavailable => {
            Some(rejection.cause)
        }
        Ok(_) | Err(_) => None,
    }
}

/// The first error, if no answer is usable.
fn shared_error<'a>(
    mut inspections: impl Iterator<Item = &'a InspectionResult>,
) -> Option<&'a Error> {
    let first = inspections.next().filter(|first| is_unusable(first))?;
    inspections
        .all(is_unusable)
        .then_some(first.as_ref().err()?)
}

fn is_unusable<T>(inspect: &Result<T, Error>) -> bool {
    matches!(inspect, Err(error) if !matches!(error, Error::Refused(_)))
}

/// The shared cause, if every answer is a refusal for the same cause other than `expired`, and several people are
/// affected.
fn shared_rejection<'a>(
    inspections: impl Iterator<Item = (&'a Token, &'a InspectionResult)>,
) -> Option<Cause> {
    let mut people = HashSet::new();
    let mut common = None;
    for (token, inspect) in inspections {
        let Ok(Inspection::Refused { rejection, .. }) = inspect else {
            return None;
        };
        if *common.get_or_insert(rejection.cause) != rejection.cause
            || rejection.cause == Cause::Expired
        {
            return None;
        }
        // A token that Meta never described could belong to anyone, so it counts as a person of its own.
        let person = token
            .facts
            .as_ref()
            .map_or(token.name.as_str(), |facts| &facts.person);
        people.insert(person);
    }
    common.filter(|_| people.len() >= PEOPLE)
}

/// Whether further calls are pointless: the whole batch failed, or one answer is about the app.
pub fn is_hopeless<T>(inspections: &[Result<T, Error>]) -> bool {
    inspections.iter().all(is_unusable)
        || inspections
            .iter()
            .any(|inspection| inspection.as_ref().is_err_and(names_the_app))
}

/// Whether the error is about the app and not about the token that was inspected.
pub const fn names_the_app(error: &Error) -> bool {
    matches!(error, Error::App { .. }) || is_limit_of_app(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MetaCode;
    use crate::rotation::policy::fixtures::*;

    fn of(person: &str) -> Token {
        let mut facts = facts(None, None);
        facts.person = person.to_owned();
        token(Some(facts))
    }

    fn diagnosed(inspections: &[(Token, InspectionResult)]) -> AppDiagnosis {
        diagnose_app(
            inspections.iter().map(|(token, inspect)| (token, inspect)),
            false,
        )
    }

    fn alive() -> InspectionResult {
        Ok(Inspection::Alive(facts(None, None)))
    }

    fn limit(bucket: Bucket) -> Error {
        Error::Busy {
            bucket,
            regain: None,
            meta: MetaCode {
                code: 4,
                ..MetaCode::default()
            },
        }
    }

    #[test]
    fn a_rejection_of_one_token_stops_no_app() {
        let blocked = Error::Blocked(MetaCode {
            code: 368,
            ..MetaCode::default()
        });
        let silent = Error::Unreachable("reset".into());
        for error in [
            limit(Bucket::Token),
            limit(Bucket::App),
            blocked,
            silent,
            Error::Unexpected {
                meta: MetaCode {
                    code: 7,
                    ..MetaCode::default()
                },
                status: 200,
            },
        ] {
            let undecided = || Ok(Inspection::Undecided(error.clone()));
            assert_eq!(diagnosed(&[(of("1"), undecided())]), AppDiagnosis::Sound);
            let inspections = [(of("1"), undecided()), (of("2"), alive())];
            assert_eq!(diagnosed(&inspections), AppDiagnosis::Sound);
        }
    }

    #[test]
    fn an_app_that_only_some_answers_blame_is_asked_after_first() {
        let unavailable = Cause::AppUnavailable;
        let secret = Error::App {
            cause: Cause::AppSecretWrong,
            meta: MetaCode {
                code: 190,
                ..MetaCode::default()
            },
        };
        for (blaming, cause) in [
            (Err(secret), Cause::AppSecretWrong),
            (doubtful(unavailable), unavailable),
        ] {
            let inspections = [(of("1"), alive()), (of("2"), blaming)];
            assert_eq!(diagnosed(&inspections), AppDiagnosis::Blamed(cause));
        }
        assert_eq!(
            diagnosed(&[(of("1"), doubtful(unavailable))]),
            AppDiagnosis::Blamed(unavailable)
        );
    }

    #[test]
    fn a_version_that_meta_refuses_is_tried_on_the_app_itself_before_the_app_fails() {
        let ended = || Error::App {
            cause: Cause::VersionEnded,
            meta: MetaCode {
                code: 2635,
                ..MetaCode::default()
            },
        };
        let all = [(of("1"), Err(ended())), (of("2"), Err(ended()))];
        let blamed = AppDiagnosis::Blamed(Cause::VersionEnded);
        assert_eq!(diagnosed(&all), blamed);
        assert_eq!(
            diagnosed(&[(of("1"), alive()), (of("2"), Err(ended()))]),
            blamed
        );
        let undecided = (of("1"), Ok(Inspection::Undecided(ended())));
        assert_eq!(diagnosed(&[undecided]), AppDiagnosis::Sound);
    }

    #[test]
    fn one_person_may_die_alone() {
        let died = |person| (of(person), refused(Cause::PasswordChanged));
        assert_eq!(
            diagnosed(&[died("1"), died("1"), died("1"), died("1")]),
            AppDiagnosis::Sound
        );
        assert_eq!(diagnosed(&[died("1"), died("2")]), AppDiagnosis::Sound);
        assert_eq!(
            diagnosed(&[died("1"), died("2"), died("3"), (of("4"), alive())]),
            AppDiagnosis::Sound
        );
    }

    #[test]
    fn a_common_fate_is_suspicious_unless_it_was_foreseen() {
        let all = |cause| ["1", "2", "3"].map(|person| (of(person), refused(cause)));
        assert_eq!(
            diagnosed(&all(Cause::SessionEnded)),
            AppDiagnosis::Suspicious(Cause::SessionEnded)
        );
        assert_eq!(diagnosed(&all(Cause::Expired)), AppDiagnosis::Sound);
    }

    #[test]
    fn what_concerns_the_app_speaks_of_no_token() {
        let secret = Error::App {
            cause: Cause::AppSecretWrong,
            meta: MetaCode {
                code: 190,
                ..MetaCode::default()
            },
        };
        let all = [
            (of("1"), Err(secret.clone())),
            (of("2"), Err(secret.clone())),
        ];
        assert_eq!(diagnosed(&all), AppDiagnosis::Failing(secret));
        let inspections = [(of("1"), alive()), (of("2"), Err(limit(Bucket::App)))];
        assert_eq!(
            diagnosed(&inspections),
            AppDiagnosis::Failing(limit(Bucket::App))
        );
        let silent = Error::Unreachable("reset".into());
        let inspections = [
            (of("1"), Err(silent.clone())),
            (of("2"), Err(silent.clone())),
        ];
        assert_eq!(
            diagnosed(&inspections),
            AppDiagnosis::Failing(silent.clone())
        );
        assert_eq!(
            diagnosed(&[(of("1"), alive()), (of("2"), Err(silent))]),
            AppDiagnosis::Sound
        );
        assert_eq!(diagnosed(&[]), AppDiagnosis::Sound);
    }

    #[test]
    fn after_an_answer_about_the_app_no_other_is_worth_a_call() {
        let of_app = Error::App {
            cause: Cause::AppSecretWrong,
            meta: MetaCode::default(),
        };
        let silent = || Error::Unreachable("reset".into());
        for (error, names) in [
            (of_app.clone(), true),
            (limit(Bucket::App), true),
            (limit(Bucket::Token), false),
            (silent(), false),
        ] {
            assert_eq!(names_the_app(&error), names, "{error}");
        }
        let refusal = || {
            let Ok(Inspection::Refused { rejection, .. }) = refused(Cause::Expired) else {
                panic!("it is refused");
            };
            Error::Refused(rejection)
        };
        for (what, answers, expected) in [
            ("all fail", vec![Err(silent()), Err(silent())], true),
            ("one works", vec![Err(silent()), Ok(())], false),
            ("one is dead", vec![Err(silent()), Err(refusal())], false),
            ("one names the app", vec![Ok(()), Err(of_app)], true),
        ] {
            assert_eq!(is_hopeless(&answers), expected, "{what}");
        }
    }

    #[test]
    fn a_refused_token_among_failures_is_a_usable_answer() {
        let silent = || Err(Error::Unreachable("reset".into()));
        let Ok(Inspection::Refused { rejection, .. }) = refused(Cause::Expired) else {
            panic!("it is refused");
        };
        let dead = Err(Error::Refused(rejection));
        let inspections = [(of("1"), silent()), (of("2"), dead)];
        assert_eq!(diagnosed(&inspections), AppDiagnosis::Sound);
    }
}
