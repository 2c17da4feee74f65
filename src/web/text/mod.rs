//! What the pages say, from the texts of the reader's language. Pure. Their readers are in a hurry, on a phone, and have
//! done nothing wrong.
//!
//! - here: the invitation of a link, and short answers · `check`: the check after a repair at Meta · `deletion`: the
//!   status of a deletion · `login_result`: the result of a login · `token_rows`: a token in a row

mod check;
mod deletion;
mod login_result;
mod token_rows;

use super::page::{Button, Genuine, Mood, Page};
use super::reader::{Reader, host};
use crate::email::text::fill;
use crate::model::{Login, Remedy, Token};

pub(super) use check::{CheckPage, check_page};
pub(super) use deletion::deletion;
pub(super) use login_result::{account, failure_page};
use token_rows::{list, unticked};

/// Where people log in, as they call it.
pub(super) type PlatformTitle = &'static str;

/// What a login link is for.
pub(super) struct Invitation<'a> {
    pub(super) login: &'a Login,
    pub(super) platform: PlatformTitle,
    /// Where the person will log in, as a URL.
    pub(super) dialog_url: &'a str,
    /// What the app asks for in the dialog; empty if Meta's own configuration says it.
    pub(super) scopes: Vec<String>,
    pub(super) tokens: &'a [Token],
    pub(super) count: u64,
}

/// The page that a login link opens.
pub(super) fn invitation(reader: &Reader, invitation: &Invitation<'_>, link: String) -> Page {
    let Invitation {
        login, platform, ..
    } = *invitation;
    let texts = &reader.texts().invitation;
    let person = person(reader, login);
    let with = |form: &str| {
        let person = person.as_deref().unwrap_or_default();
        let values = [
            ("platform", platform),
            ("person", person),
            ("app", &login.wanted.app),
        ];
        fill(form, &values)
    };
    let of = |known: &'static str, unknown| if person.is_some() { known } else { unknown };
    let scopes = invitation.scopes.join(", ");
    let scopes = (!scopes.is_empty()).then(|| fill(texts.scopes, &[("scopes", &scopes)]));
    let why = with(match login.wanted.remedy {
        Remedy::Reauthorize => texts.reauthorize,
        Remedy::GrantPermissions => texts.grant_permissions,
        _ => texts.log_in,
    });
    let how = with(of(texts.how_as, texts.how));
    Page {
        label: label(reader, platform),
        headline: with(of(texts.log_in_as, texts.log_in_to)),
        about: with(texts.for_app),
        paragraphs: vec![why],
        details: [Some(how), scopes].into_iter().flatten().collect(),
        button: Some(Button {
            action: link,
            text: with(texts.button),
        }),
        genuine: Some(genuine(reader, Some(invitation.dialog_url))),
        lists: list(reader, texts.what_for, invitation.tokens, invitation.count)
            .into_iter()
            .map(unticked)
            .collect(),
        footer: vec![
            with(of(texts.only_for, texts.only_for_you)),
            link_until(reader, login),
        ],
        ..Page::default()
    }
}

/// Why this is no phishing: whose address this is, and where the password goes.
fn genuine(reader: &Reader, dialog_url: Option<&str>) -> Genuine {
    let texts = &reader.texts().common;
    let company = reader.sender.company.as_str();
    let form = match company {
        "" => texts.safe_address,
        _ => texts.safe_address_of,
    };
    let address = fill(form, &[("host", &reader.host), ("company", company)]);
    let login = match dialog_url {
        Some(url) => fill(texts.safe_login, &[("login_host", host(url))]),
        None => texts.safe_nothing_else.to_owned(),
    };
    Genuine {
        title: texts.safe_title,
        reasons: vec![address, login],
    }
}

/// The person's name in the inventory; if it is unknown, their id.
pub(super) fn person(reader: &Reader, login: &Login) -> Option<String> {
    let name = login.person_name.clone().filter(|name| !name.is_empty());
    let number = login.wanted.person.as_ref();
    let by_id = |id: &String| fill(reader.texts().common.person_by_id, &[("id", id)]);
    name.or_else(|| number.map(by_id))
}

fn label(reader: &Reader, platform: PlatformTitle) -> String {
    fill(reader.texts().common.of_platform, &[("platform", platform)])
}

fn link_until(reader: &Reader, login: &Login) -> String {
    let at = reader.moment(login.wanted.expires_at);
    fill(reader.texts().common.link_until, &[("at", &at)])
}

pub(super) fn link_has_expired(reader: &Reader) -> Page {
    let texts = &reader.texts().common;
    general(reader, Mood::Neutral, texts.expired_headline, texts.expired)
}

/// The page for a link that belongs to no login.
pub(super) fn link_is_not_known(reader: &Reader) -> Page {
    let texts = &reader.texts().common;
    general(reader, Mood::Neutral, texts.unknown_headline, texts.unknown)
}

pub(super) fn nothing_left_to_do(reader: &Reader, tokens: &[Token], count: u64) -> Page {
    let texts = reader.texts();
    let common = &texts.common;
    Page {
        lists: list(reader, texts.result.works, tokens, count)
            .into_iter()
            .collect(),
        ..general(
            reader,
            Mood::Good,
            common.nothing_left_headline,
            common.nothing_left,
        )
    }
}

/// The page for a callback that belongs to no pending click.
pub(super) fn login_is_not_known(reader: &Reader) -> Page {
    let texts = &reader.texts().common;
    general(
        reader,
        Mood::Neutral,
        texts.too_late_headline,
        texts.too_late,
    )
}

/// The page while the daemon asks Meta.
pub(super) fn one_moment(reader: &Reader, waited_long: bool, platform: PlatformTitle) -> Page {
    let texts = &reader.texts().common;
    let (text, again_after) = match waited_long {
        true => (texts.slow, 10),
        false => (texts.asking, 2),
    };
    let text = fill(text, &[("platform", platform)]);
    Page {
        again_after: Some(again_after),
        ..short(reader, Mood::Waiting, platform, texts.one_moment, &text)
    }
}

/// A page that belongs to no login that is known.
fn general(reader: &Reader, mood: Mood, headline: &str, text: &str) -> Page {
    Page {
        label: match mood {
            Mood::Good => reader.texts().result.done.to_owned(),
            _ => reader.texts().common.login.to_owned(),
        },
        ..short(reader, mood, "", headline, text)
    }
}

fn short(reader: &Reader, mood: Mood, platform: PlatformTitle, headline: &str, text: &str) -> Page {
    Page {
        mood,
        label: label(reader, platform),
        headline: headline.to_owned(),
        paragraphs: vec![text.to_owned()],
        ..Page::default()
    }
}
