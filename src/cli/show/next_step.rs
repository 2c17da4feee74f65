//! Who must do what about a token, in words.

use jiff::Timestamp;

use crate::cli::screen::Look;
use crate::cli::text::all_of;
use crate::cli::when;
use crate::status::snapshot::{TokenDetail, TokenView};
use crate::token::{Cause, Kind, Remedy, State};

pub(super) fn of(detail: &TokenDetail, now: Timestamp, look: &Look) -> String {
    let token = &detail.token;
    match token.remedy {
        Some(Remedy::Login) => login(token),
        Some(Remedy::Reauthorize) => format!(
            "{} must confirm the app's access to their data once more, in Meta's login dialog. {}",
            person(token),
            hand_in(token)
        ),
        Some(Remedy::GrantPermissions) => format!(
            "{} must grant {} in Meta's login dialog. {}",
            person(token),
            missing(token),
            hand_in(token)
        ),
        Some(Remedy::RestorePageRole) => format!(
            "Somebody who administers the page must give {} a role on it again. It is looked at again \
             by itself.",
            lower(&person(token))
        ),
        Some(Remedy::ClearCheckpoint) => format!(
            "{} must log in at facebook.com and pass the security check there. It is looked at again by \
             itself.",
            person(token)
        ),
        Some(Remedy::FixApp) => fix_app(token),
        Some(Remedy::Wait) => format!(
            "Nobody needs to act; it is tried again {}.",
            next(token, now, look)
        ),
        None => nothing(token, now, look),
    }
}

fn login(token: &TokenView) -> String {
    match (token.kind, &token.parent) {
        (Some(Kind::Page), Some(parent)) => format!(
            "The person behind {parent} must log in to the app again. Once that token is replaced \
             (perennial import --replace {parent}), this one comes back by itself."
        ),
        (Some(Kind::SystemUser), _) => format!(
            "An administrator of the business must make a new token for {}, in Meta's business settings. {}",
            lower(&person(token)),
            hand_in(token)
        ),
        (Some(Kind::Page | Kind::User | Kind::App) | None, _) => {
            format!(
                "{} must log in to the app again. {}",
                person(token),
                hand_in(token)
            )
        }
    }
}

fn hand_in(token: &TokenView) -> String {
    format!(
        "Then hand in the new token: perennial import --replace {}",
        token.name
    )
}

fn fix_app(token: &TokenView) -> String {
    let app = &token.app;
    if token.cause == Some(Cause::AppSecretWrong) {
        return format!(
            "The operator must put the current secret of the app {app} in place (Meta's app dashboard: App \
             settings, Basic), then: systemctl reload perennial"
        );
    }
    if token.cause == Some(Cause::WrongApp) {
        return format!(
            "The operator must file it under its own app: perennial forget {}, then perennial import \
             --app APP",
            token.name
        );
    }
    format!("The operator must see in Meta's app dashboard what is wrong with the app {app}.")
}

fn nothing(token: &TokenView, now: Timestamp, look: &Look) -> String {
    match token.state {
        State::Unverified => format!("Nothing; Meta is asked {}.", next(token, now, look)),
        State::Healthy | State::Expiring | State::Failing | State::Dead => "Nothing.".to_owned(),
    }
}

fn next(token: &TokenView, now: Timestamp, look: &Look) -> String {
    match token.next {
        Some(next) if next.at > now => when::told(next.at, now, look),
        Some(_) | None => "with the next pass".to_owned(),
    }
}

fn missing(token: &TokenView) -> String {
    if token.missing_scopes.is_empty() {
        "the missing permission".to_owned()
    } else {
        all_of(&token.missing_scopes)
    }
}

/// Whom Meta will listen to; for a page that is whoever granted the app its token.
fn person(token: &TokenView) -> String {
    let named = token
        .subject
        .as_ref()
        .and_then(|subject| subject.name.as_deref());
    let id = token
        .subject
        .as_ref()
        .map_or("unknown", |subject| subject.id.as_str());
    match (token.kind, &token.parent, named) {
        (Some(Kind::Page), Some(parent), _) => format!("The person behind {parent}"),
        (Some(Kind::Page), None, _) => "The person who granted it".to_owned(),
        (Some(Kind::User), _, Some(name)) => name.to_owned(),
        (Some(Kind::User), _, None) => format!("The person with Facebook's id {id}"),
        (Some(Kind::SystemUser), _, Some(name)) => format!("The system user {name}"),
        (Some(Kind::SystemUser), _, None) => format!("The system user {id}"),
        (Some(Kind::App) | None, ..) => "The person whose token it is".to_owned(),
    }
}

/// For the middle of a sentence; names stay as they are.
fn lower(person: &str) -> String {
    match person.strip_prefix("The ") {
        Some(rest) => format!("the {rest}"),
        None => person.to_owned(),
    }
}
