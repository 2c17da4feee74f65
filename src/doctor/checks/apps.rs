//! Asks Meta once per app whether it accepts the app's id and secret.

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::timeout;

use super::LOCAL;
use crate::config::App;
use crate::doctor::{Check, Finding, LONGEST, Reach, Subject};
use crate::graph_api::{Client, Error};
use crate::model::Cause;

const CHECK: Check = Check::App;

/// More would wait for each other, and cost more calls than a look is worth.
const ASKED: usize = 50;

/// What Meta answered for one app.
#[derive(Debug)]
pub(in crate::doctor) struct AppAnswer {
    pub(super) name: String,
    /// The time by Meta's clock.
    pub(super) served_at: Option<Timestamp>,
    pub(super) answer: Result<(), Failure>,
}

#[derive(Debug)]
pub(super) enum Failure {
    Meta(Error),
    Settings(String),
    TooSlow,
}

pub(in crate::doctor) async fn ask(subject: &Subject<'_>) -> Vec<AppAnswer> {
    let apps = subject.known.config.as_ref().map(|config| &config.apps[..]);
    match subject.reach {
        Reach::Local => Vec::new(),
        Reach::Everywhere => {
            let apps = apps.unwrap_or_default().iter().take(ASKED);
            join_all(apps.map(ask_about)).await
        }
    }
}

async fn ask_about(app: &App) -> AppAnswer {
    let (answer, served_at) = match Client::new(app.graph.clone()) {
        Err(error) => (Err(Failure::Settings(error.to_string())), None),
        Ok(client) => match timeout(LONGEST, client.confirm_app()).await {
            Ok(reply) => (reply.answer.map_err(Failure::Meta), reply.usage.served_at),
            Err(_) => (Err(Failure::TooSlow), None),
        },
    };
    AppAnswer {
        name: app.name.clone(),
        served_at,
        answer,
    }
}

pub(in crate::doctor) fn findings(answers: &[AppAnswer], subject: &Subject<'_>) -> Vec<Finding> {
    if subject.reach == Reach::Local {
        return vec![Finding::not_checked(CHECK, format!("Meta was {LOCAL}"))];
    }
    if subject.known.config.is_none() {
        let why = "only root can read the apps' secrets, and only if the configuration is valid";
        return vec![Finding::only_root(CHECK, why)];
    }
    answers.iter().map(finding).collect()
}

fn finding(app: &AppAnswer) -> Finding {
    let name = &app.name;
    match &app.answer {
        Ok(()) => Finding::good(
            CHECK,
            format!("Meta accepts id and secret of {name} (this took one call)"),
        ),
        Err(Failure::Settings(why)) => Finding::problem(
            CHECK,
            format!("{name}: {why}"),
            "Correct it: sudo perennial check-config",
        ),
        Err(Failure::TooSlow) => unreachable(format!("{name}: Meta did not answer in time")),
        Err(Failure::Meta(error)) => of_error(name, error),
    }
}

fn of_error(name: &str, error: &Error) -> Finding {
    // Here it is not repeated.
    let why = error
        .to_string()
        .replace("; the call is repeated later", "");
    let says = format!("{name}: {why}");
    match error.cause() {
        Cause::AppSecretWrong => Finding::problem(CHECK, says, new_secret(name)),
        Cause::Throttled | Cause::Blocked => Finding::warning(
            CHECK,
            says,
            "Wait. No token is judged meanwhile, and everything keeps working by itself",
        ),
        Cause::Outage => unreachable(says),
        _ => Finding::problem(CHECK, says, "See the app's state in Meta's app dashboard"),
    }
}

fn new_secret(app: &str) -> String {
    format!(
        "Copy the secret from Meta's app dashboard (App settings, Basic) into /etc/perennial/credentials/{app}.secret, \
         then: sudo systemctl restart perennial"
    )
}

fn unreachable(says: String) -> Finding {
    Finding::problem(
        CHECK,
        says,
        "If this machine reaches other sites, it is Meta, and everything keeps working by itself. Otherwise look at its network, \
         its name server and its firewall",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;
    use crate::model::MetaCode;

    #[test]
    fn each_answer_says_what_to_do() {
        let meta = MetaCode::default;
        let app = |cause| {
            Failure::Meta(Error::App {
                cause,
                meta: meta(),
            })
        };
        for (failure, outcome, to_do) in [
            (app(Cause::AppSecretWrong), Outcome::Problem, "acme.secret"),
            (app(Cause::AppUnavailable), Outcome::Problem, "dashboard"),
            (
                Failure::Meta(Error::Blocked(meta())),
                Outcome::Warning,
                "Wait",
            ),
            (
                Failure::Meta(Error::Unreachable("no route".into())),
                Outcome::Problem,
                "its network",
            ),
            (Failure::TooSlow, Outcome::Problem, "its network"),
            (
                Failure::Settings("no URL".to_owned()),
                Outcome::Problem,
                "check-config",
            ),
        ] {
            let answer = AppAnswer {
                name: "acme".to_owned(),
                served_at: None,
                answer: Err(failure),
            };
            let found = finding(&answer);
            assert_eq!(found.outcome, outcome, "{found:?}");
            assert!(found.to_do.as_ref().unwrap().contains(to_do), "{found:?}");
        }
    }
}
