//! The texts of the pages. Pure. Their readers are in a hurry, on a phone, and have done nothing wrong.
//!
//! - here: the invitation of a link, and short answers · `deletion`: the status of a deletion · `login_result`: the
//!   result of a login · `token_rows`: a token in a row

mod deletion;
mod login_result;
mod token_rows;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::page::{Button, Mood, Page};
use crate::model::{Login, Remedy, Token};

pub(super) use deletion::deletion;
pub(super) use login_result::{account, failure_page};
use token_rows::list;

/// Where people log in, as they call it.
pub(super) type PlatformTitle = &'static str;

/// What a login link is for.
pub(super) struct Invitation<'a> {
    pub(super) login: &'a Login,
    pub(super) platform: PlatformTitle,
    pub(super) tokens: &'a [Token],
    pub(super) count: u64,
}

/// The page that a login link opens.
pub(super) fn invitation(invitation: &Invitation<'_>, link: String) -> Page {
    let Invitation {
        login,
        platform,
        tokens,
        count,
    } = *invitation;
    let app = &login.wanted.app;
    let headline = match person(login) {
        Some(person) => format!("Log in as {person}"),
        None => format!("Log in to {app}"),
    };
    Page {
        label: label(platform),
        headline,
        about: format!("For the app {app}"),
        paragraphs: vec![why(login, platform), how(login, platform)],
        button: Some(Button {
            action: link,
            text: format!("Continue with {platform}"),
        }),
        lists: list("What this login is for", tokens, count)
            .into_iter()
            .collect(),
        footer: vec![for_whom(login, platform), good_until(login)],
        ..Page::default()
    }
}

/// The person's name in the inventory; if it is unknown, their id.
pub(super) fn person(login: &Login) -> Option<String> {
    let name = login.person_name.clone().filter(|name| !name.is_empty());
    let number = login.wanted.person.as_ref();
    name.or_else(|| number.map(|id| format!("the person with ID {id}")))
}

fn label(platform: PlatformTitle) -> String {
    format!("{platform} login")
}

fn why(login: &Login, platform: PlatformTitle) -> String {
    match login.wanted.remedy {
        Remedy::Reauthorize => {
            format!(
                "{platform} asks you every 90 days to confirm what an app may read. This is due now or soon."
            )
        }
        Remedy::GrantPermissions => {
            format!(
                "A permission is missing. {platform} will ask you for it. Everything else stays as it is."
            )
        }
        Remedy::Login
        | Remedy::RestorePageRole
        | Remedy::ClearCheckpoint
        | Remedy::FixApp
        | Remedy::FixDelivery
        | Remedy::UpdateConsumer
        | Remedy::FixDatabase
        | Remedy::Wait => {
            format!("Log in with {platform} once so that the app can keep working.")
        }
    }
}

fn how(login: &Login, platform: PlatformTitle) -> String {
    let who = person(login).map_or_else(String::new, |person| format!(" as {person}"));
    format!(
        "Press the button, log in to {platform}{who}, and leave every page and every permission that you see selected. You then come \
         back here and see what works again."
    )
}

fn for_whom(login: &Login, platform: PlatformTitle) -> String {
    match person(login) {
        Some(person) => format!(
            "This link is only for {person}. If you log in with another {platform} account, nothing is changed."
        ),
        None => "This link is only for you. Do not pass it on.".to_owned(),
    }
}

fn good_until(login: &Login) -> String {
    format!("The link is valid until {}.", day(login.wanted.expires_at))
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%-d %B %Y, %H:%M UTC")
        .to_string()
}

pub(super) fn link_has_expired() -> Page {
    general(
        Mood::Waiting,
        "This link is no longer valid",
        "Use the link in the newest email. If you have none, ask the person who runs Perennial in your company for a \
         new one.",
    )
}

pub(super) fn nothing_left_to_do() -> Page {
    general(
        Mood::Good,
        "Nothing left to do",
        "Everything that this link was for works again.",
    )
}

/// The page for a callback that belongs to no pending click.
pub(super) fn login_is_not_known() -> Page {
    general(
        Mood::Waiting,
        "This login was started too long ago",
        "Nothing was changed. Open the link from the email again and press the button there.",
    )
}

/// The page while the daemon asks Meta.
pub(super) fn one_moment(waited_long: bool, platform: PlatformTitle) -> Page {
    let (text, again_after) = if waited_long {
        let text = format!(
            "{platform} is slow at the moment. You can close this page. Nothing is lost, and Perennial sends an email \
             when it works again."
        );
        (text, 10)
    } else {
        let text = format!(
            "Perennial is asking {platform} what this login allows. This page updates itself."
        );
        (text, 2)
    };
    Page {
        again_after: Some(again_after),
        ..short(Mood::Waiting, platform, "One moment", &text)
    }
}

/// A page that belongs to no login that is known.
fn general(mood: Mood, headline: &str, text: &str) -> Page {
    Page {
        label: "Login".to_owned(),
        ..short(mood, "", headline, text)
    }
}

fn short(mood: Mood, platform: PlatformTitle, headline: &str, text: &str) -> Page {
    Page {
        mood,
        label: label(platform),
        headline: headline.to_owned(),
        paragraphs: vec![text.to_owned()],
        ..Page::default()
    }
}
