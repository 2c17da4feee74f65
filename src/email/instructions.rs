//! What to do, in at most three steps. Pure. The texts are in `text`, commands and links are here.

use serde::Serialize;

use super::context::{self, EmailContext};
use super::sentences;
use super::text::Instruction;
use crate::email::EmailReason;
use crate::model::{Cause, Kind};

/// One step as shown in the email.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct InstructionLine {
    text: String,
    /// A command to run on Perennial's machine.
    command: Option<String>,
    /// A link to open in a browser.
    link: Option<String>,
    /// The label of the link, if it is shown as a button.
    button: Option<&'static str>,
}

struct Form {
    text: Instruction,
    command: Option<&'static str>,
    link: Option<&'static str>,
}

const fn text(text: Instruction) -> Form {
    Form {
        text,
        command: None,
        link: None,
    }
}

const fn run(text: Instruction, command: &'static str) -> Form {
    Form {
        text,
        command: Some(command),
        link: None,
    }
}

const fn open(text: Instruction, link: &'static str) -> Form {
    Form {
        text,
        command: None,
        link: Some(link),
    }
}

const LOG_IN: Form = text(Instruction::LogIn);
const HAND_OVER: Form = text(Instruction::HandOver);
const PUT_IN: Form = run(Instruction::PutIn, "perennial import --replace {name}");
const PUT_IN_WITH_PAGES: Form = run(
    Instruction::PutInWithPages,
    "perennial import --replace {name}",
);
const PUT_IN_EACH: Form = run(Instruction::PutInEach, "perennial import --replace NAME");

const MAKE_A_SYSTEM_TOKEN: Form = open(
    Instruction::MakeASystemToken,
    "https://business.facebook.com/settings/system-users",
);
const GRANT: Form = text(Instruction::Grant);

const CHECKPOINT: &[Form] = &[
    open(Instruction::PassTheCheck, "https://www.facebook.com/"),
    text(Instruction::NothingElse),
];
const PAGE_ROLE: &[Form] = &[
    text(Instruction::GiveTheRoleBack),
    text(Instruction::NothingElse),
];
const PAGE_GONE: &[Form] = &[
    text(Instruction::LookForThePage),
    run(Instruction::ForgetThePage, "perennial forget {only}"),
];
const UNREADABLE: &[Form] = &[text(Instruction::FetchAgain), PUT_IN];
const UNREADABLE_MANY: &[Form] = &[
    text(Instruction::FetchAllAgain),
    run(Instruction::PutEachIn, "perennial import --replace NAME"),
];
const WRONG_APP: &[Form] = &[
    run(Instruction::RemoveFromWrongApp, "perennial forget {only}"),
    run(
        Instruction::PutUnderRightApp,
        "perennial import --app APP --name {only}",
    ),
];
const APP_SECRET: &[Form] = &[
    open(
        Instruction::CopyTheAppSecret,
        "https://developers.facebook.com/apps/",
    ),
    text(Instruction::StoreTheAppSecret),
    run(Instruction::Restart, "systemctl restart perennial"),
];
const APP_UNAVAILABLE: &[Form] = &[
    open(
        Instruction::LookAfterTheApp,
        "https://developers.facebook.com/apps/",
    ),
    text(Instruction::CompareTheId),
];
const BLOCKED: &[Form] = &[open(
    Instruction::LookForAWarning,
    "https://developers.facebook.com/apps/",
)];
const THROTTLED: &[Form] = &[run(Instruction::LookAtTheCalls, "perennial status")];
const OUTAGE: &[Form] = &[open(Instruction::WaitForMeta, "https://metastatus.com/")];
const UNEXPLAINED: &[Form] = &[run(
    Instruction::LookAtTheAnswers,
    "journalctl --unit perennial",
)];

pub(crate) fn steps(context: &EmailContext<'_>) -> Vec<InstructionLine> {
    match context.reason {
        EmailReason::Recovered | EmailReason::Withdrawn => Vec::new(),
        EmailReason::First
        | EmailReason::Grown
        | EmailReason::Nearer
        | EmailReason::Ended
        | EmailReason::Reminder
        | EmailReason::Flapping
        | EmailReason::Escalated => of_cause(context),
    }
}

fn of_cause(context: &EmailContext<'_>) -> Vec<InstructionLine> {
    let fixed = match context.cause() {
        Cause::ExpiresSoon
        | Cause::Expired
        | Cause::DataAccessExpiresSoon
        | Cause::DataAccessExpired
        | Cause::PasswordChanged
        | Cause::AppRemoved
        | Cause::SessionEnded
        | Cause::ReplacedElsewhere => return with_new_token(LOG_IN, context),
        Cause::PermissionMissing => return with_new_token(GRANT, context),
        Cause::Checkpoint => CHECKPOINT,
        Cause::PageRoleLost => PAGE_ROLE,
        Cause::PageGone => PAGE_GONE,
        Cause::Unreadable if context.count == 1 => UNREADABLE,
        Cause::Unreadable => UNREADABLE_MANY,
        Cause::WrongApp => WRONG_APP,
        Cause::AppSecretWrong => APP_SECRET,
        Cause::AppUnavailable => APP_UNAVAILABLE,
        Cause::Blocked => BLOCKED,
        Cause::Throttled => THROTTLED,
        Cause::Outage => OUTAGE,
        Cause::Unexplained => UNEXPLAINED,
    };
    fixed.iter().map(|form| form.filled(context)).collect()
}

/// The steps for a person who gets a new token, up to its import.
fn with_new_token(first: Form, context: &EmailContext<'_>) -> Vec<InstructionLine> {
    if context.is_of_a_system_user() {
        return [MAKE_A_SYSTEM_TOKEN, HAND_OVER, put_in(context)]
            .map(|form| form.filled(context))
            .to_vec();
    }
    match context.login_link {
        Some(link) => vec![InstructionLine {
            link: Some(link.to_owned()),
            button: Some(context.catalog().log_in_button),
            ..first.filled(context)
        }],
        None => [first, HAND_OVER, put_in(context)]
            .map(|form| form.filled(context))
            .to_vec(),
    }
}

/// The import step. Dead page tokens are derived from the person's new token; living ones stay unchanged.
fn put_in(context: &EmailContext<'_>) -> Form {
    let kinds = context.tokens.iter().filter_map(context::kind);
    match kinds.filter(|kind| *kind == Kind::User).count() {
        _ if context.count == 1 => PUT_IN,
        1 if context.broken_since.is_some() => PUT_IN_WITH_PAGES,
        1 => PUT_IN,
        _ => PUT_IN_EACH,
    }
}

impl Form {
    fn filled(&self, context: &EmailContext<'_>) -> InstructionLine {
        InstructionLine {
            text: sentences::filled(
                (context.language.catalogue().instruction)(self.text),
                context,
            ),
            command: self.command.map(|command| command_line(command, context)),
            link: self.link.map(str::to_owned),
            button: None,
        }
    }
}

/// Token names are plain, so the command line needs no quoting.
fn command_line(command: &str, context: &EmailContext<'_>) -> String {
    command
        .replace("{name}", &context.name_to_replace())
        .replace("{only}", &context.only_name())
}
