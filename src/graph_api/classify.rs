//! Meta's codes, and what they leave us to do. Text is read only where the code does not tell enough.

use crate::token::Cause;

use super::wire::{self, Fault};
use super::{Bucket, Certainty, Error, Refusal};

/// Which credentials an error speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The app's own, which made the call.
    App,
    /// A token that Meta's debugger was shown, and judged in an answer of its own.
    Inspected,
    /// A token handed in for another.
    Exchanged,
    /// A token that made the call.
    Caller,
}

/// Is this a usable answer?
pub(super) fn judge(status: u16, body: &str, role: Role) -> Result<(), Error> {
    match wire::fault(body) {
        Ok(Some(fault)) => Err(classify(&fault, role, status)),
        Ok(None) if (200..300).contains(&status) => Ok(()),
        Err(unreadable) if (200..300).contains(&status) => Err(unreadable),
        Ok(None) | Err(_) => Err(by_status(status)),
    }
}

/// An answer without an error that we could read, from Meta or from something in between.
pub(super) fn by_status(status: u16) -> Error {
    match status {
        300..400 => Error::unreachable("the call was redirected elsewhere, which is not followed"),
        429 => Error::Busy {
            bucket: Bucket::App,
            code: 0,
            regain: None,
            trace: None,
        },
        _ => Error::unreachable(format!("HTTP {status} without an explanation")),
    }
}

pub(super) fn classify(fault: &Fault<'_>, role: Role, status: u16) -> Error {
    let (code, subcode, trace) = (fault.code(), fault.subcode(), fault.trace());
    if let Some(bucket) = exhausted(code, role) {
        return Error::Busy {
            bucket,
            code,
            regain: None,
            trace,
        };
    }
    if code == 368 {
        return Error::Blocked {
            code,
            subcode,
            trace,
        };
    }
    if fault.is_transient == Some(true) {
        return Error::Transient {
            code,
            subcode,
            trace,
        };
    }
    if let Some(cause) = app_at_fault(fault, role) {
        return Error::App {
            cause,
            code,
            subcode,
            trace,
        };
    }
    if may_pass(fault) {
        return Error::Transient {
            code,
            subcode,
            trace,
        };
    }
    match refused(fault, role) {
        Some((cause, certainty)) => Error::Refused(Refusal {
            cause,
            code,
            subcode,
            trace,
            certainty,
        }),
        None => Error::Unexpected {
            code,
            subcode,
            trace,
            status,
        },
    }
}

/// Rate limits are known by their code, whatever else the error says of itself.
const fn exhausted(code: i64, role: Role) -> Option<Bucket> {
    match (code, role) {
        (4 | 9 | 341 | 613, _) => Some(Bucket::App),
        (17 | 32 | 80_000..=80_014, Role::Caller | Role::Exchanged) => Some(Bucket::Token),
        (17 | 32 | 80_000..=80_014, Role::App | Role::Inspected) => Some(Bucket::App),
        _ => None,
    }
}

/// Meta's faults, and code 1 unless it hides a real refusal behind a subcode.
fn may_pass(fault: &Fault<'_>) -> bool {
    let hides_refusal =
        fault.is_transient == Some(false) && !matches!(fault.subcode(), None | Some(99));
    match fault.code() {
        1 => !hides_refusal,
        2 => true,
        _ => false,
    }
}

/// Errors about the app, its secret or the proof made with it. The codes of these vary, the texts do not.
fn app_at_fault(fault: &Fault<'_>, role: Role) -> Option<Cause> {
    let code = fault.code();
    if role == Role::Inspected {
        return None;
    }
    let message = fault.message();
    if message.contains("error validating client secret") || message.contains("appsecret_proof") {
        return Some(Cause::AppSecretWrong);
    }
    if message.contains("error validating application") || matches!(code, 3 | 101) {
        return Some(Cause::AppUnavailable);
    }
    match (role, code) {
        (Role::App, 102 | 190 | 412 | 450 | 452) => Some(Cause::AppSecretWrong),
        (Role::App, 10 | 200..=299) => Some(Cause::AppUnavailable),
        // Also what a desktop app is told, whose app token Meta ignores.
        (Role::App, 100) if message.contains("must provide an app access token") => {
            Some(Cause::AppUnavailable)
        }
        _ => None,
    }
}

fn refused(fault: &Fault<'_>, role: Role) -> Option<(Cause, Certainty)> {
    let certain = |cause| Some((cause, Certainty::Certain));
    let (code, subcode) = (fault.code(), fault.subcode());
    if code == 100
        && fault
            .message()
            .contains("app_id in the input_token did not match")
    {
        return certain(Cause::WrongApp);
    }
    if role == Role::App {
        return None;
    }
    match (code, subcode) {
        (0 | 102 | 190 | 200..=299, Some(subcode)) if session(subcode).is_some() => {
            session(subcode)
        }
        (102 | 190, None) => Some((by_text(&fault.message()), Certainty::Doubtful)),
        (102 | 190, Some(_)) => Some((Cause::SessionEnded, Certainty::Doubtful)),
        (450 | 452, _) => certain(Cause::SessionEnded),
        (412, _) => certain(Cause::AppRemoved),
        (10 | 200..=299, _) => certain(Cause::PermissionMissing),
        // In an exchange it is our call that Meta does not know, not a page.
        (100, Some(33)) if role != Role::Exchanged => certain(Cause::PageGone),
        (100, None) if fault.message().contains("missing permissions") => {
            certain(Cause::PermissionMissing)
        }
        _ => None,
    }
}

/// Subcodes about a person's session; Meta sends them under several codes.
const fn session(subcode: i64) -> Option<(Cause, Certainty)> {
    Some(match subcode {
        458 => (Cause::AppRemoved, Certainty::Certain),
        459 | 464 => (Cause::Checkpoint, Certainty::Certain),
        460 => (Cause::PasswordChanged, Certainty::Certain),
        463 => (Cause::Expired, Certainty::Certain),
        466 | 493 => (Cause::SessionEnded, Certainty::Certain),
        // Also seen for a system error at Meta.
        467 => (Cause::SessionEnded, Certainty::Doubtful),
        492 => (Cause::PageRoleLost, Certainty::Certain),
        _ => return None,
    })
}

/// Code 190 without a subcode covers anything from a typing error to a missing page permission.
fn by_text(message: &str) -> Cause {
    const TEXTS: [(&str, Cause); 9] = [
        (
            "must be granted before impersonating",
            Cause::PermissionMissing,
        ),
        ("could not be decrypted", Cause::Unreadable),
        ("cannot parse", Cause::Unreadable),
        ("malformed", Cause::Unreadable),
        ("signature", Cause::Unreadable),
        // The debugger accepted our app, so it speaks of the app that the value names.
        ("error validating application", Cause::Unreadable),
        ("session has expired", Cause::Expired),
        ("invalidated explicitly", Cause::SessionEnded),
        ("has been invalidated", Cause::PasswordChanged),
    ];
    let known = TEXTS.iter().find(|(text, _)| message.contains(text));
    known.map_or(Cause::SessionEnded, |(_, cause)| *cause)
}
