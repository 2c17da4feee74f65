//! Says who must do what about a token.

use jiff::Timestamp;

use crate::api::types::{LoginMethod, TokenDetail, TokenView};
use crate::cli::terminal::output::TerminalFormat;
use crate::cli::terminal::text::all_of;
use crate::cli::terminal::time;
use crate::model::{Cause, Kind, Remedy, State};

/// What to do, and the command for it, ready to be copied.
#[derive(Debug)]
pub(in crate::cli) struct Step {
    pub(in crate::cli) text: String,
    pub(in crate::cli) command: Option<String>,
}

impl Step {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            command: None,
        }
    }

    fn with(text: impl Into<String>, command: impl Into<String>) -> Self {
        Self {
            command: Some(command.into()),
            ..Self::new(text)
        }
    }
}

pub(in crate::cli) fn of(detail: &TokenDetail, now: Timestamp, format: &TerminalFormat) -> Step {
    let token = &detail.token;
    match (token.remedy, token.kind) {
        (None, _) => nothing(token, now, format),
        (Some(Remedy::Wait), _) => Step::new(format!(
            "Nobody needs to act; Perennial tries again {}.",
            next(token, now, format)
        )),
        (Some(Remedy::FixApp), _) | (Some(_), Some(Kind::App)) => fix_app(token),
        (Some(remedy), Some(Kind::SystemUser)) => administrator(token, remedy),
        (
            Some(remedy),
            Some(Kind::User | Kind::Page | Kind::InstagramUser | Kind::ThreadsUser) | None,
        ) => person(detail, remedy),
    }
}

fn nothing(token: &TokenView, now: Timestamp, format: &TerminalFormat) -> Step {
    match token.state {
        State::Unverified => Step::new(format!(
            "Nothing; Perennial checks it {}.",
            next(token, now, format)
        )),
        State::Healthy if !token.missing_scopes.is_empty() => Step::with(
            format!(
                "Nothing, unless the programs that use it need {}. To ask for it:",
                missing(token)
            ),
            format!("perennial login --token {}", token.name),
        ),
        State::Healthy | State::Expiring | State::Failing | State::Dead => Step::new("Nothing."),
    }
}

fn fix_app(token: &TokenView) -> Step {
    let app = &token.app;
    if token.cause == Some(Cause::AppSecretWrong) {
        let text = format!(
            "The operator must put the current secret of the app {app} in place (Meta's app dashboard: App \
             settings, Basic). Then:"
        );
        return Step::with(text, "systemctl reload perennial");
    }
    if token.cause == Some(Cause::VersionEnded) {
        let text = format!("The operator must set a newer graph_version for the app {app}. Then:");
        return Step::with(text, "perennial reload");
    }
    if token.cause == Some(Cause::WrongApp) {
        let text = "The operator must import it under its own app, and remove it here:";
        return Step::with(text, format!("perennial forget {}", token.name));
    }
    Step::new(format!(
        "The operator must find out in Meta's app dashboard what is wrong with the app {app}."
    ))
}

fn administrator(token: &TokenView, remedy: Remedy) -> Step {
    let name = named(token).map_or_else(String::new, |name| format!(" {name}"));
    match remedy {
        Remedy::RestorePageRole => Step::new(format!(
            "An administrator of the business must give the system user{name} its role on the page again, \
             in Meta's business settings. Perennial then checks it by itself."
        )),
        Remedy::Login
        | Remedy::Reauthorize
        | Remedy::GrantPermissions
        | Remedy::ClearCheckpoint
        | Remedy::FixApp
        | Remedy::FixDelivery
        | Remedy::UpdateConsumer
        | Remedy::FixDatabase
        | Remedy::Wait => upload(
            &format!(
                "An administrator of the business must make a new token for the system user{name}, in \
                 Meta's business settings."
            ),
            token,
        ),
    }
}

fn person(detail: &TokenDetail, remedy: Remedy) -> Step {
    let token = &detail.token;
    let who = who(token);
    match remedy {
        Remedy::Login => log_in(detail),
        Remedy::Reauthorize => login_or_upload(
            &format!(
                "{who} must confirm the app's access to their data once more, in Meta's login dialog."
            ),
            detail,
        ),
        Remedy::GrantPermissions => login_or_upload(
            &format!(
                "{who} must grant {} in Meta's login dialog.",
                missing(token)
            ),
            detail,
        ),
        Remedy::RestorePageRole => Step::new(format!(
            "An admin of the page must give {} a role on it again. Perennial then checks it by itself.",
            within(&who)
        )),
        Remedy::ClearCheckpoint => Step::new(format!(
            "{who} must log in at {} and pass the security check there. Perennial then checks it by itself.",
            site(token)
        )),
        Remedy::FixApp
        | Remedy::FixDelivery
        | Remedy::UpdateConsumer
        | Remedy::FixDatabase
        | Remedy::Wait => Step::new("Nothing."),
    }
}

/// One login of the person restores all their pages.
fn log_in(detail: &TokenDetail) -> Step {
    let token = &detail.token;
    if token.cause == Some(Cause::ReplacedElsewhere) {
        let text = "Someone probably generated a new token for the page by hand, for example in the app's Messenger \
                    settings. Import that one:";
        return Step::with(text, format!("perennial import --replace {}", token.name));
    }
    if token.cause == Some(Cause::Unreadable) && token.kind.is_none() {
        return put_in_order(token);
    }
    let platform = token.kind.unwrap_or(Kind::User).platform();
    let text = match token.kind.is_some_and(Kind::is_described_once) {
        true => format!(
            "{} must log in to the app with {platform} again.",
            who(token)
        ),
        false => format!("{} must log in to the app again.", who(token)),
    };
    match (detail.login, token.kind, &token.parent) {
        (None, Some(Kind::Page), Some(parent)) => Step::with(
            format!("{text} Once that token is replaced, this one works again by itself:"),
            format!("perennial import --replace {parent}"),
        ),
        (Some(_) | None, ..) => login_or_upload(&text, detail),
    }
}

/// Meta has never described it, so nobody knows whose token it is.
fn put_in_order(token: &TokenView) -> Step {
    Step::with(
        format!(
            "The operator must check that it was copied whole and is a token of the app {}. If it belongs to another \
             app, such as one of Instagram or Threads, remove it here and import it there:",
            token.app
        ),
        format!("perennial forget {}", token.name),
    )
}

/// A login replaces the person's token and those of all pages at once. It needs to be known whose token it is.
fn login_or_upload(text: &str, detail: &TokenDetail) -> Step {
    let token = &detail.token;
    let of = token.parent.as_ref().unwrap_or(&token.name);
    match (detail.login, token.kind) {
        (Some(LoginMethod::Link), Some(_)) => Step::with(
            format!("{text} To get a link to send to that person:"),
            format!("perennial login --token {of}"),
        ),
        (Some(LoginMethod::Paste), Some(_)) => Step::with(
            format!(
                "{text} To get the address of the dialog, and paste the address that the browser ends at:"
            ),
            format!("perennial login --token {of} --paste"),
        ),
        (Some(_), None) | (None, _) => upload(text, token),
    }
}

fn upload(text: &str, token: &TokenView) -> Step {
    Step::with(
        format!("{text} Then import the new token:"),
        format!("perennial import --replace {}", token.name),
    )
}

fn next(token: &TokenView, now: Timestamp, format: &TerminalFormat) -> String {
    match token.next {
        Some(next) if next.at > now => time::describe(next.at, now, format),
        Some(_) | None => "with the next sweep".to_owned(),
    }
}

fn missing(token: &TokenView) -> String {
    if token.missing_scopes.is_empty() {
        "the missing permission".to_owned()
    } else {
        all_of(&token.missing_scopes)
    }
}

/// Where the person of the token logs in.
fn site(token: &TokenView) -> String {
    let platform = token.kind.unwrap_or(Kind::User).platform();
    format!("{}.com", platform.to_lowercase())
}

/// The person who can act at Meta; for a page, the one who granted its token to the app.
fn who(token: &TokenView) -> String {
    match (token.kind, &token.parent, named(token)) {
        (Some(Kind::Page), Some(parent), _) => format!("The person behind {parent}"),
        (Some(Kind::Page), None, _) => "The person who granted it".to_owned(),
        (Some(kind), _, Some(name)) if kind.is_persons_own() && !is_number(name) => name.to_owned(),
        (Some(kind), _, Some(id)) if kind.is_persons_own() => {
            format!("The person with the id {id}")
        }
        (Some(_) | None, ..) => "The person whose token it is".to_owned(),
    }
}

/// The subject's name at Meta, or its id.
fn named(token: &TokenView) -> Option<&str> {
    let subject = token.subject.as_ref()?;
    Some(subject.name.as_deref().unwrap_or(&subject.id))
}

fn is_number(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Adapts the text for the middle of a sentence; names do not change.
fn within(who: &str) -> String {
    match who.strip_prefix("The ") {
        Some(rest) => format!("the {rest}"),
        None => who.to_owned(),
    }
}
