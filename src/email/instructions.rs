//! What to do, in at most three steps. Pure. The texts are in `text`, commands and links are here.

use super::context::{self, EmailContext, Readers};
use super::model::{ButtonLine, InstructionLine};
use super::sentences;
use super::text::Instruction;
use crate::model::{Cause, Remedy};

impl Instruction {
    const fn command(self) -> Option<&'static str> {
        Some(match self {
            Self::PutIn | Self::PutInWithPages => "perennial import --replace {name}",
            Self::PutInEach | Self::PutEachIn => "perennial import --replace NAME",
            Self::ForgetThePage | Self::RemoveFromWrongApp => "perennial forget {only}",
            Self::PutUnderRightApp => "perennial import --app APP --name {only}",
            Self::Restart => "systemctl restart perennial",
            Self::Reload => "perennial reload",
            Self::LookAtTheCalls => "perennial status",
            Self::LookAtTheAnswers => "journalctl --unit perennial",
            Self::LookAtTheDeliveries => "perennial deliveries",
            Self::DeliverAgain => "perennial deliveries --retry {sink}",
            Self::LookAtTheConsumers => "perennial consumers {only}",
            Self::ConfirmTheVersion => "perennial in-use {only} --consumer CONSUMER",
            Self::RetireTheConsumer => "perennial consumers {only} --remove CONSUMER",
            Self::RepeatWhatIsMissing => "perennial events",
            Self::AcknowledgeTheLoss => "perennial acknowledge {id}",
            _ => return None,
        })
    }

    const fn link(self) -> Option<&'static str> {
        Some(match self {
            Self::MakeASystemToken => "https://business.facebook.com/settings/system-users",
            Self::PassTheCheck => "https://www.facebook.com/",
            Self::CopyTheAppSecret | Self::LookAfterTheApp | Self::LookForAWarning => {
                "https://developers.facebook.com/apps/"
            }
            Self::SetANewerVersion => {
                "https://developers.facebook.com/docs/graph-api/changelog/versions/"
            }
            Self::WaitForMeta => "https://metastatus.com/",
            _ => return None,
        })
    }

    fn line(self, context: &EmailContext<'_>) -> InstructionLine {
        let text = context.language.catalog().instructions[&self];
        // Token names are plain, so the command line needs no quoting.
        let command = self.command().map(|command| {
            command
                .replace("{name}", &context.name_to_replace())
                .replace("{only}", &context.only_name())
                .replace("{sink}", context.sink_name().unwrap_or_default())
                .replace("{id}", &context.incident.id.0.to_string())
        });
        InstructionLine {
            text: sentences::filled(text, context),
            command,
            link: self.link().map(str::to_owned),
        }
    }
}

pub(crate) fn steps(context: &EmailContext<'_>) -> Vec<InstructionLine> {
    use Instruction as I;
    let steps: &[Instruction] = match context.cause() {
        _ if context.reason.is_over() => &[],
        Cause::ExpiresSoon
        | Cause::Expired
        | Cause::DataAccessExpiresSoon
        | Cause::DataAccessExpired
        | Cause::PasswordChanged
        | Cause::AppRemoved
        | Cause::SessionEnded
        | Cause::ReplacedElsewhere => return with_new_token(I::LogIn, context),
        Cause::PermissionMissing => return with_new_token(I::Grant, context),
        Cause::Checkpoint => return with_check(&[I::PassTheCheck], context),
        Cause::PageRoleLost => return with_check(&[I::GiveTheRoleBack], context),
        Cause::PageGone => return with_check(&[I::LookForThePage, I::ForgetThePage], context),
        Cause::Unreadable if context.count == 1 => &[I::FetchAgain, I::PutIn],
        Cause::Unreadable => &[I::FetchAllAgain, I::PutEachIn],
        Cause::WrongApp => &[I::RemoveFromWrongApp, I::PutUnderRightApp],
        Cause::AppSecretWrong => &[I::CopyTheAppSecret, I::StoreTheAppSecret, I::Restart],
        Cause::AppUnavailable => &[I::LookAfterTheApp, I::CompareTheId],
        Cause::VersionEnded => &[I::SetANewerVersion, I::Reload],
        Cause::Blocked => &[I::LookForAWarning],
        Cause::Throttled => &[I::LookAtTheCalls],
        Cause::Outage => &[I::WaitForMeta],
        Cause::Unexplained => &[I::LookAtTheAnswers],
        Cause::DeliveryFailing => &[I::LookAtTheDeliveries, I::DeliverAgain],
        Cause::ConsumerBehind => &[
            I::LookAtTheConsumers,
            I::ConfirmTheVersion,
            I::RetireTheConsumer,
        ],
        Cause::CommitsLost => &[
            I::RepeatWhatIsMissing,
            I::LetCommitsWait,
            I::AcknowledgeTheLoss,
        ],
    };
    lines(steps, context)
}

/// Owners get no steps that need a shell on Perennial's machine.
fn lines(steps: &[Instruction], context: &EmailContext<'_>) -> Vec<InstructionLine> {
    let all = steps.iter().map(|step| step.line(context));
    all.filter(|line| context.readers == Readers::Operators || line.command.is_none())
        .collect()
}

/// What the person does at Meta. Without a button for it, the next check finds out.
fn with_check(steps: &[Instruction], context: &EmailContext<'_>) -> Vec<InstructionLine> {
    match button(context) {
        Some(_) => lines(steps, context),
        None => lines(&[steps, &[Instruction::NothingElse]].concat(), context),
    }
}

/// The login, if one click on a link is all that it takes; or the check after a repair at Meta.
pub(crate) fn button(context: &EmailContext<'_>) -> Option<ButtonLine> {
    let link = context.login_link.filter(|_| !context.reason.is_over())?;
    if context.cause().remedy().is_lifted_elsewhere() {
        return Some(check_button(link, context));
    }
    let first = first_step(context.cause())?;
    if context.is_of_a_system_user() {
        return None;
    }
    let phrases = context.phrases();
    Some(ButtonLine {
        label: sentences::filled(phrases.log_in_button, context),
        link: link.to_owned(),
        notes: [
            sentences::besides(context),
            vec![
                first.line(context).text,
                sentences::filled(phrases.button_is_safe, context),
            ],
        ]
        .concat(),
    })
}

fn check_button(link: &str, context: &EmailContext<'_>) -> ButtonLine {
    let phrases = context.phrases();
    let note = sentences::filled(phrases.check_button_note, context);
    ButtonLine {
        label: phrases.check_button.to_owned(),
        link: link.to_owned(),
        notes: [sentences::besides(context), vec![note]].concat(),
    }
}

/// The first step to a new token, if the person's login gives one.
const fn first_step(cause: Cause) -> Option<Instruction> {
    match cause.remedy() {
        _ if cause.concerns_operator() => None,
        Remedy::Login | Remedy::Reauthorize => Some(Instruction::LogIn),
        Remedy::GrantPermissions => Some(Instruction::Grant),
        _ => None,
    }
}

/// The steps for a person who gets a new token, up to its import.
fn with_new_token(first: Instruction, context: &EmailContext<'_>) -> Vec<InstructionLine> {
    let is_of_a_system_user = context.is_of_a_system_user();
    if button(context).is_some() {
        return Vec::new();
    }
    let first = match is_of_a_system_user {
        true => Instruction::MakeASystemToken,
        false => first,
    };
    lines(&[first, Instruction::HandOver, put_in(context)], context)
}

/// The import step. Dead page tokens are derived from the person's new token; living ones stay unchanged.
fn put_in(context: &EmailContext<'_>) -> Instruction {
    let kinds = context.tokens.iter().filter_map(context::kind);
    match kinds.filter(|kind| kind.is_persons_own()).count() {
        _ if context.count == 1 => Instruction::PutIn,
        1 if context.broken_since.is_some() => Instruction::PutInWithPages,
        1 => Instruction::PutIn,
        _ => Instruction::PutInEach,
    }
}
