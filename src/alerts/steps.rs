//! What to do, in at most three steps. Pure. The words stand in `language`, commands and links here.

use serde::Serialize;

use super::facts::{self, LetterFacts};
use super::language::Saying;
use super::phrases;
use super::policy::Occasion;
use crate::token::{Cause, Kind};

/// One step as the letter shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Step {
    say: String,
    /// To be typed on the machine that runs Perennial.
    command: Option<String>,
    /// To be opened in a browser.
    link: Option<String>,
    /// What stands on the link, where it is the one thing to press.
    button: Option<&'static str>,
}

struct Form {
    say: Saying,
    command: Option<&'static str>,
    link: Option<&'static str>,
}

const fn say(say: Saying) -> Form {
    Form {
        say,
        command: None,
        link: None,
    }
}

const fn run(say: Saying, command: &'static str) -> Form {
    Form {
        say,
        command: Some(command),
        link: None,
    }
}

const fn open(say: Saying, link: &'static str) -> Form {
    Form {
        say,
        command: None,
        link: Some(link),
    }
}

const LOG_IN: Form = say(Saying::LogIn);
const HAND_OVER: Form = say(Saying::HandOver);
const PUT_IN: Form = run(Saying::PutIn, "perennial import --replace {name}");
const PUT_IN_WITH_PAGES: Form = run(Saying::PutInWithPages, "perennial import --replace {name}");
const PUT_IN_EACH: Form = run(Saying::PutInEach, "perennial import --replace NAME");

const MAKE_A_SYSTEM_TOKEN: Form = open(
    Saying::MakeASystemToken,
    "https://business.facebook.com/settings/system-users",
);
const GRANT: Form = say(Saying::Grant);

const CHECKPOINT: &[Form] = &[
    open(Saying::PassTheCheck, "https://www.facebook.com/"),
    say(Saying::NothingElse),
];
const PAGE_ROLE: &[Form] = &[say(Saying::GiveTheRoleBack), say(Saying::NothingElse)];
const PAGE_GONE: &[Form] = &[
    say(Saying::LookForThePage),
    run(Saying::ForgetThePage, "perennial forget {only}"),
];
const UNREADABLE: &[Form] = &[say(Saying::FetchAgain), PUT_IN];
const UNREADABLE_MANY: &[Form] = &[
    say(Saying::FetchAllAgain),
    run(Saying::PutEachIn, "perennial import --replace NAME"),
];
const WRONG_APP: &[Form] = &[
    run(Saying::RemoveFromWrongApp, "perennial forget {only}"),
    run(
        Saying::PutUnderRightApp,
        "perennial import --app APP --name {only}",
    ),
];
const APP_SECRET: &[Form] = &[
    open(
        Saying::CopyTheAppSecret,
        "https://developers.facebook.com/apps/",
    ),
    say(Saying::StoreTheAppSecret),
    run(Saying::Restart, "systemctl restart perennial"),
];
const APP_UNAVAILABLE: &[Form] = &[
    open(
        Saying::LookAfterTheApp,
        "https://developers.facebook.com/apps/",
    ),
    say(Saying::CompareTheId),
];
const BLOCKED: &[Form] = &[open(
    Saying::LookForAWarning,
    "https://developers.facebook.com/apps/",
)];
const THROTTLED: &[Form] = &[run(Saying::LookAtTheCalls, "perennial status")];
const OUTAGE: &[Form] = &[open(Saying::WaitForMeta, "https://metastatus.com/")];
const UNEXPLAINED: &[Form] = &[run(Saying::LookAtTheAnswers, "journalctl --unit perennial")];

pub(super) fn steps(facts: &LetterFacts<'_>) -> Vec<Step> {
    match facts.occasion {
        Occasion::Recovered | Occasion::Withdrawn => Vec::new(),
        Occasion::First
        | Occasion::Grown
        | Occasion::Nearer
        | Occasion::Ended
        | Occasion::Reminder
        | Occasion::Flapping
        | Occasion::Escalated => of_cause(facts),
    }
}

fn of_cause(facts: &LetterFacts<'_>) -> Vec<Step> {
    let fixed = match facts.cause() {
        Cause::ExpiresSoon
        | Cause::Expired
        | Cause::DataAccessExpiresSoon
        | Cause::DataAccessExpired
        | Cause::PasswordChanged
        | Cause::AppRemoved
        | Cause::SessionEnded
        | Cause::ReplacedElsewhere => return with_new_token(LOG_IN, facts),
        Cause::PermissionMissing => return with_new_token(GRANT, facts),
        Cause::Checkpoint => CHECKPOINT,
        Cause::PageRoleLost => PAGE_ROLE,
        Cause::PageGone => PAGE_GONE,
        Cause::Unreadable if facts.count == 1 => UNREADABLE,
        Cause::Unreadable => UNREADABLE_MANY,
        Cause::WrongApp => WRONG_APP,
        Cause::AppSecretWrong => APP_SECRET,
        Cause::AppUnavailable => APP_UNAVAILABLE,
        Cause::Blocked => BLOCKED,
        Cause::Throttled => THROTTLED,
        Cause::Outage => OUTAGE,
        Cause::Unexplained => UNEXPLAINED,
    };
    fixed.iter().map(|form| form.filled(facts)).collect()
}

/// A person gets a new token, which has to come here.
fn with_new_token(first: Form, facts: &LetterFacts<'_>) -> Vec<Step> {
    if facts.is_of_a_system_user() {
        return [MAKE_A_SYSTEM_TOKEN, HAND_OVER, put_in(facts)]
            .map(|form| form.filled(facts))
            .to_vec();
    }
    match facts.login_link {
        Some(link) => vec![Step {
            link: Some(link.to_owned()),
            button: Some(facts.phrases().log_in_button),
            ..first.filled(facts)
        }],
        None => [first, HAND_OVER, put_in(facts)]
            .map(|form| form.filled(facts))
            .to_vec(),
    }
}

/// Dead page tokens are derived anew from the token of the person whom they hang on; living ones are left alone.
fn put_in(facts: &LetterFacts<'_>) -> Form {
    let kinds = facts.tokens.iter().filter_map(facts::kind);
    match kinds.filter(|kind| *kind == Kind::User).count() {
        _ if facts.count == 1 => PUT_IN,
        1 if facts.broken_since.is_some() => PUT_IN_WITH_PAGES,
        1 => PUT_IN,
        _ => PUT_IN_EACH,
    }
}

impl Form {
    fn filled(&self, facts: &LetterFacts<'_>) -> Step {
        Step {
            say: phrases::filled((facts.language.catalogue().saying)(self.say), facts),
            command: self.command.map(|command| command_line(command, facts)),
            link: self.link.map(str::to_owned),
            button: None,
        }
    }
}

/// Names of tokens are plain, so nothing in the line needs quoting.
fn command_line(command: &str, facts: &LetterFacts<'_>) -> String {
    command
        .replace("{name}", &facts.name_to_replace())
        .replace("{only}", &facts.only_name())
}
