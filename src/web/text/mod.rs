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
use crate::inventory::Login;
use crate::model::{Remedy, Token};

pub(super) use deletion::deletion;
pub(super) use login_result::{account, failure_page};
use token_rows::list;

const LABEL: &str = "Login with Facebook";

/// The page that a login link opens.
pub(super) fn invitation(login: &Login, tokens: &[Token], count: u64, link: String) -> Page {
    let app = &login.wanted.app;
    let headline = match person(login) {
        Some(person) => format!("Log in as {person}"),
        None => format!("Log in to {app}"),
    };
    Page {
        label: LABEL.to_owned(),
        headline,
        about: format!("For the app {app}"),
        paragraphs: vec![why(login).to_owned(), how(login)],
        button: Some(Button {
            action: link,
            text: "Continue with Facebook".to_owned(),
        }),
        lists: list("What it is for", tokens, count).into_iter().collect(),
        footer: vec![for_whom(login), good_until(login)],
        ..Page::default()
    }
}

/// The person's name in the inventory; if it is unknown, their Facebook id.
pub(super) fn person(login: &Login) -> Option<String> {
    let name = login.person_name.clone().filter(|name| !name.is_empty());
    let number = login.wanted.person.as_ref();
    name.or_else(|| number.map(|id| format!("the person with Facebook id {id}")))
}

const fn why(login: &Login) -> &'static str {
    match login.wanted.remedy {
        Remedy::Reauthorize => {
            "Facebook asks everybody to confirm every 90 days what an app may read. That is due now, or soon."
        }
        Remedy::GrantPermissions => {
            "A permission is missing. Facebook will ask for it; everything else stays as it is."
        }
        Remedy::Login
        | Remedy::RestorePageRole
        | Remedy::ClearCheckpoint
        | Remedy::FixApp
        | Remedy::Wait => {
            "One login with Facebook gives the app what it needs to go on working for your pages."
        }
    }
}

fn how(login: &Login) -> String {
    let who = person(login).map_or_else(String::new, |person| format!(" as {person}"));
    format!(
        "Press the button, log in to Facebook{who}, and leave every page and every permission ticked. Then you come \
         back here and see what works again."
    )
}

fn for_whom(login: &Login) -> String {
    match person(login) {
        Some(person) => {
            format!(
                "This link is for {person} alone. With another Facebook login nothing is changed."
            )
        }
        None => "This link is for whoever was given it. Do not pass it on.".to_owned(),
    }
}

fn good_until(login: &Login) -> String {
    format!("It is good until {}.", day(login.wanted.expires_at))
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%-d %B %Y, %H:%M UTC")
        .to_string()
}

pub(super) fn link_has_expired() -> Page {
    Page {
        mood: Mood::Waiting,
        label: LABEL.to_owned(),
        headline: "This link is no longer good".to_owned(),
        paragraphs: vec![
            "Use the link in the newest email. If there is none, ask whoever runs Perennial in your company for a \
             new one."
                .to_owned(),
        ],
        ..Page::default()
    }
}

pub(super) fn nothing_left_to_do() -> Page {
    Page {
        mood: Mood::Good,
        label: LABEL.to_owned(),
        headline: "Nothing is left to do".to_owned(),
        paragraphs: vec!["What this link was made for works again.".to_owned()],
        ..Page::default()
    }
}

/// The page for a callback that belongs to no pending click.
pub(super) fn login_is_not_known() -> Page {
    Page {
        mood: Mood::Waiting,
        label: LABEL.to_owned(),
        headline: "This login was begun too long ago".to_owned(),
        paragraphs: vec![
            "Nothing was changed. Open the link from the email once more, and press the button there.".to_owned(),
        ],
        ..Page::default()
    }
}

/// The page while the daemon asks Meta.
pub(super) fn one_moment(waited_long: bool) -> Page {
    let text = if waited_long {
        "Facebook answers slowly just now. You may close this page: nothing gets lost, and an email comes when it \
         works again."
    } else {
        "Facebook is being asked what the login gives. This page looks again by itself."
    };
    Page {
        mood: Mood::Waiting,
        label: LABEL.to_owned(),
        headline: "One moment".to_owned(),
        paragraphs: vec![text.to_owned()],
        again_after: Some(if waited_long { 10 } else { 2 }),
        ..Page::default()
    }
}
