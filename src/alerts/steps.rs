//! What to do, in at most three steps. Pure. Words in braces are filled in by `phrases`.

use serde::Serialize;

use super::facts::{self, LetterFacts};
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
}

struct Form {
    say: &'static str,
    command: Option<&'static str>,
    link: Option<&'static str>,
}

const fn say(say: &'static str) -> Form {
    Form {
        say,
        command: None,
        link: None,
    }
}

const fn run(say: &'static str, command: &'static str) -> Form {
    Form {
        say,
        command: Some(command),
        link: None,
    }
}

const fn open(say: &'static str, link: &'static str) -> Form {
    Form {
        say,
        command: None,
        link: Some(link),
    }
}

const LOG_IN: Form = say(
    "{person} logs in to app {app} with Facebook, in the same way as the first time, and leaves every page \
     ticked.",
);
const HAND_OVER: Form =
    say("The new access token goes to the operator ({operators}) by a safe way, not by mail.");
const PUT_IN: Form = run(
    "The operator puts it in:",
    "perennial import --replace {name}",
);
const PUT_IN_WITH_PAGES: Form = run(
    "The operator puts it in; page tokens follow by themselves:",
    "perennial import --replace {name}",
);
const PUT_IN_EACH: Form = run(
    "The operator puts it in, once for each name in the list below:",
    "perennial import --replace NAME",
);

const MAKE_A_SYSTEM_TOKEN: Form = open(
    "An administrator of the business opens the system users in the business settings, picks {person} and makes a \
     new token for app {app} with the same permissions.",
    "https://business.facebook.com/settings/system-users",
);
const GRANT: Form = say(
    "{person} logs in to app {app} with Facebook, in the same way as the first time, and allows {missing}.",
);

const CHECKPOINT: &[Form] = &[
    open(
        "{person} logs in to Facebook in a browser and follows the security check.",
        "https://www.facebook.com/",
    ),
    say("Nothing else: Perennial asks Meta every day and writes as soon as it works."),
];
const PAGE_ROLE: &[Form] = &[
    say(
        "Somebody with full control of {page} gives {person} access again: page settings, page access.",
    ),
    say("Nothing else: Perennial asks Meta every day and writes as soon as it works."),
];
const PAGE_GONE: &[Form] = &[
    say(
        "{person} looks on Facebook whether {page} can still be seen, and has the access given back.",
    ),
    run(
        "If a page is gone for good, the operator removes its token:",
        "perennial forget {only}",
    ),
];
const UNREADABLE: &[Form] = &[
    say("Get the access token once more from where it was made, whole and for Facebook."),
    PUT_IN,
];
const UNREADABLE_MANY: &[Form] = &[
    say("Get the access tokens once more from where they were made, whole and for Facebook."),
    run("Put each of them in:", "perennial import --replace NAME"),
];
const WRONG_APP: &[Form] = &[
    run(
        "With the token itself at hand, remove what stands under the wrong app:",
        "perennial forget {only}",
    ),
    run(
        "Put it in again under the app that it came from:",
        "perennial import --app APP --name {only}",
    ),
];
const APP_SECRET: &[Form] = &[
    open(
        "Copy the app secret from the app's basic settings.",
        "https://developers.facebook.com/apps/",
    ),
    say("Put it where `secret` of app {app} points to in perennial.toml."),
    run(
        "Start Perennial anew, so that it reads the secret:",
        "systemctl restart perennial",
    ),
];
const APP_UNAVAILABLE: &[Form] = &[
    open(
        "Look whether the app is still there, switched on, and without a warning.",
        "https://developers.facebook.com/apps/",
    ),
    say("Compare its id with the one of app {app} in perennial.toml."),
];
const BLOCKED: &[Form] = &[open(
    "Look for a warning in the app's dashboard.",
    "https://developers.facebook.com/apps/",
)];
const THROTTLED: &[Form] = &[run(
    "Look at what uses up the calls; perhaps another program shares the app:",
    "perennial status",
)];
const OUTAGE: &[Form] = &[open(
    "Nothing now. Meta tells here about its own troubles:",
    "https://metastatus.com/",
)];
const UNEXPLAINED: &[Form] = &[run(
    "Look at what Meta said, and for a newer version of Perennial:",
    "journalctl --unit perennial",
)];

pub(super) fn steps(facts: &LetterFacts<'_>) -> Vec<Step> {
    match facts.occasion {
        Occasion::Recovered | Occasion::Withdrawn => Vec::new(),
        Occasion::First | Occasion::Nearer | Occasion::Ended | Occasion::Reminder => {
            of_cause(facts)
        }
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
        | Cause::SessionEnded => return with_new_token(LOG_IN, facts),
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
            say: phrases::filled(self.say, facts),
            command: self.command.map(|command| command_line(command, facts)),
            link: self.link.map(str::to_owned),
        }
    }
}

/// Names of tokens are plain, so nothing in the line needs quoting.
fn command_line(command: &str, facts: &LetterFacts<'_>) -> String {
    command
        .replace("{name}", &facts.name_to_replace())
        .replace("{only}", &facts.only_name())
}
