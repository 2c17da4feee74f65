//! Adds the next step to the daemon's problems, as a command.

use crate::api::types::{Problem, ProblemType};
use crate::model::book;

/// Returns the daemon's message; its last line says what to do next.
pub(super) fn with_next_step(problem: &Problem) -> String {
    let known = ProblemType::ALL.iter().find(|kind| problem.is(**kind));
    match known.map_or(Some(SAME_VERSION), |kind| next_step(*kind)) {
        Some(step) => format!("{problem}\n{step}"),
        None if problem.is(ProblemType::TokenDead) => {
            format!("{problem}\nWhat each cause means: {}", book::causes())
        }
        None => problem.to_string(),
    }
}

const SAME_VERSION: &str =
    "The command and the daemon may have different versions. Compare: perennial version";

const REPLACE: &str = "To give an existing token a new secret: perennial import --replace NAME";
const CORRECT: &str = "Correct this and repeat the command. Its --help says what it takes";
const TRY_AGAIN: &str = "Try again in a moment. If that does not help: systemctl status perennial";

const fn next_step(kind: ProblemType) -> Option<&'static str> {
    match kind {
        ProblemType::NotPermitted
        | ProblemType::NoSuchToken
        | ProblemType::NoSuchIncident
        | ProblemType::NoSuchLogin
        | ProblemType::NoSuchSink
        | ProblemType::NoSuchConsumer
        | ProblemType::NoSuchChannel
        | ProblemType::NoSuchPerson
        | ProblemType::PersonUnknown
        | ProblemType::LoginOver
        | ProblemType::OtherLogin
        | ProblemType::NoScriptLogin
        | ProblemType::Ambiguous
        | ProblemType::NoPublicPart
        | ProblemType::UnknownApp
        | ProblemType::HeldByAnother
        | ProblemType::TokenDead
        | ProblemType::TooManyConnections
        | ProblemType::TooManyLogins
        | ProblemType::TooManyFollowers => None,
        ProblemType::AlreadyResolved => Some("See what is left to do: perennial incidents"),
        ProblemType::NameTaken | ProblemType::NoPreviousVersion => Some(REPLACE),
        ProblemType::NoSuchVersion => {
            Some("See which versions are in use: perennial consumers NAME")
        }
        ProblemType::SinkFailed => Some(
            "Correct this and try again. The settings are under [[delivery]]: perennial check-config",
        ),
        ProblemType::TooLittleLife => {
            Some("Ask for less with --min-remaining, or see what happens next: perennial show NAME")
        }
        ProblemType::ExpiryUnknown => {
            Some("Ask Meta now: perennial check NAME; or leave --min-remaining out")
        }
        ProblemType::Invalid
        | ProblemType::Malformed
        | ProblemType::TooLarge
        | ProblemType::InThePast
        | ProblemType::NoSuchPage => Some(CORRECT),
        ProblemType::ReloadRefused => {
            Some("See every problem with its line: perennial check-config")
        }
        ProblemType::MailRefused => Some("See what is wrong with [alerts]: perennial check-config"),
        ProblemType::TooSlow
        | ProblemType::NotReady
        | ProblemType::InventoryUnavailable
        | ProblemType::Stopping
        | ProblemType::Busy => Some(TRY_AGAIN),
        ProblemType::NoSuchRoute | ProblemType::MethodNotAllowed | ProblemType::NotJson => {
            Some(SAME_VERSION)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_is_the_last_line() {
        let reload = Problem::new(ProblemType::ReloadRefused, "it cannot be used")
            .with_problems(vec!["perennial.toml:3: no".to_owned()]);
        assert_eq!(
            with_next_step(&reload),
            "it cannot be used\n  perennial.toml:3: no\n\
             See every problem with its line: perennial check-config"
        );
        let missing = Problem::new(
            ProblemType::NoSuchToken,
            "List the tokens: perennial tokens",
        );
        assert_eq!(with_next_step(&missing), missing.detail);
        let dead = Problem::new(ProblemType::TokenDead, "Meta refuses it");
        assert!(with_next_step(&dead).ends_with("/docs/src/causes.md"));
        let mut unknown = Problem::new(ProblemType::TooSlow, "no");
        unknown.kind = "urn:perennial:problem:from-the-future".to_owned();
        assert_eq!(with_next_step(&unknown), format!("no\n{SAME_VERSION}"));
    }
}
