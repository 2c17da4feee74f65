//! The page of a link whose cause the person lifts at Meta: what to do there, and a button that has it checked.

use super::token_rows::list;
use super::{PlatformTitle, genuine, link_until, nothing_left_to_do, person};
use crate::email::text::fill;
use crate::model::{Login, Remedy, Token};
use crate::web::page::{Button, Mood, Page};
use crate::web::reader::Reader;

/// In seconds; a check takes a few.
const LOOK_AGAIN: u32 = 3;

pub(in crate::web) struct CheckPage<'a> {
    pub(in crate::web) login: &'a Login,
    pub(in crate::web) platform: PlatformTitle,
    pub(in crate::web) tokens: &'a [Token],
    pub(in crate::web) count: u64,
    /// A check was ordered and is not done.
    pub(in crate::web) is_checking: bool,
    /// A check was done because of this link, and the cause is still there.
    pub(in crate::web) was_in_vain: bool,
}

pub(in crate::web) fn check_page(reader: &Reader, check: &CheckPage<'_>, order: String) -> Page {
    if check.tokens.iter().all(Token::works) && !check.tokens.is_empty() {
        return nothing_left_to_do(reader, check.tokens, check.count);
    }
    let texts = &reader.texts().check;
    let person = person(reader, check.login).unwrap_or_default();
    let with = |form: &str| {
        let values = [("platform", check.platform), ("person", person.as_str())];
        fill(form, &values)
    };
    let (headline, how) = match check.login.wanted.remedy {
        Remedy::ClearCheckpoint => (texts.checkpoint_headline, texts.checkpoint),
        _ => (texts.role_headline, texts.role),
    };
    let page = Page {
        mood: Mood::Waiting,
        label: texts.label.to_owned(),
        headline: with(headline),
        about: person.clone(),
        paragraphs: vec![with(how)],
        lists: list(reader, texts.what_for, check.tokens, check.count)
            .into_iter()
            .collect(),
        ..Page::default()
    };
    if check.is_checking {
        return Page {
            headline: reader.texts().common.one_moment.to_owned(),
            paragraphs: vec![with(texts.checking)],
            again_after: Some(LOOK_AGAIN),
            ..page
        };
    }
    let page = Page {
        button: Some(Button {
            action: order,
            text: texts.button.to_owned(),
        }),
        genuine: Some(genuine(reader, None)),
        footer: vec![link_until(reader, check.login)],
        ..page
    };
    match check.was_in_vain {
        true => in_vain(reader, check.platform, page),
        false => page,
    }
}

/// What to do stands below the button then.
fn in_vain(reader: &Reader, platform: PlatformTitle, page: Page) -> Page {
    let texts = &reader.texts().check;
    Page {
        headline: texts.still_headline.to_owned(),
        paragraphs: vec![fill(texts.still, &[("platform", platform)])],
        details: page.paragraphs,
        ..page
    }
}
