//! Reads what Meta's debugger says of one token.

use jiff::Timestamp;

use crate::token::{Cause, Clock, Facts, Kind, Scopes};

use super::classify::{self, Role};
use super::wire::{self, DebugData, Id, Whole};
use super::{Certainty, Error, Inspection, Refusal};

/// A token that Meta refuses is an answer, not an error: errors here say nothing about the token.
pub(super) fn read(status: u16, body: &str, app_id: &str) -> Result<Inspection, Error> {
    match wire::parse(body) {
        Ok(wire::Debug { data: Some(data) }) if status == 200 => judge(data, app_id),
        Ok(_) | Err(_) => match classify::judge(status, body, Role::App) {
            Err(Error::Refused(refusal)) => Ok(Inspection::Refused {
                refusal,
                facts: None,
            }),
            Err(error) => Err(error),
            Ok(()) => Err(Error::senseless(status)),
        },
    }
}

/// Is this the debugger's word on the app's own credentials, and a good one?
pub(super) fn confirms_app(status: u16, body: &str) -> Result<(), Error> {
    classify::judge(status, body, Role::App)?;
    let wire::Debug { data } = wire::parse(body)?;
    let data = data.ok_or_else(|| Error::senseless(status))?;
    match (&data.error, data.is_valid) {
        (Some(fault), _) => Err(classify::classify(fault, Role::App, status)),
        (None, Some(true)) => Ok(()),
        (None, Some(false) | None) => Err(Error::senseless(status)),
    }
}

fn judge(data: DebugData<'_>, app_id: &str) -> Result<Inspection, Error> {
    let is_ours = data.app_id.as_ref().is_none_or(|id| id.0 == app_id);
    match (&data.error, data.is_valid) {
        (Some(fault), is_valid) => {
            let Error::Refused(mut refusal) = classify::classify(fault, Role::Inspected, 200)
            else {
                return Err(classify::classify(fault, Role::Inspected, 200));
            };
            // Meta contradicts itself: believe the worse, but not at once.
            if is_valid == Some(true) {
                refusal.certainty = Certainty::Doubtful;
            }
            let facts = facts(data).filter(|_| is_ours);
            Ok(Inspection::Refused { refusal, facts })
        }
        (None, Some(true)) if !is_ours => Ok(foreign()),
        (None, Some(true)) => facts(data)
            .map(Inspection::Alive)
            .ok_or_else(|| Error::senseless(200)),
        (None, Some(false)) => Ok(unexplained(facts(data).filter(|_| is_ours))),
        (None, None) => Err(Error::senseless(200)),
    }
}

fn foreign() -> Inspection {
    let refusal = Refusal {
        cause: Cause::WrongApp,
        certainty: Certainty::Certain,
        ..Refusal::unreadable()
    };
    Inspection::Refused {
        refusal,
        facts: None,
    }
}

/// Not valid, and Meta does not say why.
fn unexplained(facts: Option<Facts>) -> Inspection {
    let refusal = Refusal {
        cause: Cause::SessionEnded,
        ..Refusal::unreadable()
    };
    Inspection::Refused { refusal, facts }
}

/// `None` where kind or ids are missing: without them nobody can tell what the token is.
fn facts(data: DebugData<'_>) -> Option<Facts> {
    let kind = kind(&data.kind?.0)?;
    let owned = |id: Option<Id<'_>>| id.map(|id| id.0.into_owned());
    let user = owned(data.user_id);
    let (subject, person) = match kind {
        Kind::User | Kind::SystemUser => (user.clone()?, user?),
        Kind::Page => {
            let page = owned(data.profile_id)?;
            let person = user.unwrap_or_else(|| page.clone());
            (page, person)
        }
        Kind::App => {
            let app = owned(data.app_id)?;
            (app.clone(), app)
        }
    };
    let absent = match kind {
        Kind::App => Clock::Never,
        Kind::User | Kind::Page | Kind::SystemUser => Clock::Unknown,
    };
    let scopes = data.scopes.unwrap_or_default();
    Some(Facts {
        kind,
        subject,
        person,
        issued_at: data.issued_at.and_then(|at| clock(at).at()),
        expires_at: data.expires_at.map_or(absent, clock),
        data_access_expires_at: data.data_access_expires_at.map_or(absent, clock),
        scopes: scopes.iter().map(|scope| &*scope.0).collect::<Scopes>(),
    })
}

fn kind(word: &str) -> Option<Kind> {
    match word {
        "USER" => Some(Kind::User),
        "PAGE" => Some(Kind::Page),
        "SYSTEM_USER" => Some(Kind::SystemUser),
        "APP" => Some(Kind::App),
        _ => None,
    }
}

/// Zero means never. What no calendar holds tells us nothing.
fn clock(seconds: Whole) -> Clock {
    match seconds.0 {
        0 => Clock::Never,
        ..0 => Clock::Unknown,
        end => Timestamp::from_second(end).map_or(Clock::Unknown, Clock::At),
    }
}
