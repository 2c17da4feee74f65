//! The page with the result of a login: what works again, what does not, and why.

use super::token_rows::{all_of, list};
use super::{PlatformTitle, person, short};
use crate::email::text::fill;
use crate::login::Account;
use crate::model::{Ending, Granted, Login, LoginError, Token};
use crate::web::page::{Button, List, Mood, Page};
use crate::web::reader::Reader;

/// The page after a login that gave tokens: what works again, what does not, and why.
pub(in crate::web) fn account(
    reader: &Reader,
    account: &Account,
    platform: PlatformTitle,
    again: Option<Button>,
) -> Page {
    let mut paragraphs = remarks(reader, account, platform);
    if is_all_well(account) {
        paragraphs.push(good_until(reader, &account.tokens));
    }
    Page {
        mood: mood(account),
        label: match mood(account) {
            Mood::Good => reader.texts().result.done,
            _ => reader.texts().result.unfinished,
        }
        .to_owned(),
        headline: headline(reader, account),
        about: account.granted.name.clone().unwrap_or_default(),
        paragraphs,
        footer: vec![footer(reader, account, again.as_ref()).to_owned()],
        button: again.filter(|_| is_known_incomplete(account)),
        lists: lists(reader, account),
        again_after: (!account.is_over()).then_some(3),
        ..Page::default()
    }
}

fn lists(reader: &Reader, account: &Account) -> Vec<List> {
    let (texts, counts) = (&reader.texts().result, account.token_counts);
    let tokens = account.tokens.iter().cloned();
    let (working, broken): (Vec<Token>, Vec<Token>) = tokens.partition(Token::works);
    let missing = match account.is_over() {
        true => texts.still_missing,
        false => texts.not_confirmed,
    };
    let lists = [
        list(reader, missing, &broken, counts.broken),
        list(reader, texts.works, &working, counts.working),
    ];
    lists.into_iter().flatten().collect()
}

/// Until when all of it works, if nothing happens.
fn good_until(reader: &Reader, working: &[Token]) -> String {
    let texts = &reader.texts().result;
    match working.iter().filter_map(Token::deadline).min() {
        Some(end) => fill(texts.good_until, &[("at", &reader.date(end))]),
        None => texts.good_without_end.to_owned(),
    }
}

fn is_all_well(account: &Account) -> bool {
    account.is_whole()
        && account.granted.declined.is_empty()
        && account.granted.left_out_in_all == 0
}

/// Something is missing, and waiting does not bring it.
fn is_known_incomplete(account: &Account) -> bool {
    let granted = &account.granted;
    account.fewer.is_some()
        || account.mismatch.is_some()
        || !granted.declined.is_empty()
        || granted.left_out_in_all > 0
        || account.is_over() && !account.is_whole()
}

fn footer(reader: &Reader, account: &Account, again: Option<&Button>) -> &'static str {
    let texts = &reader.texts().result;
    match (is_known_incomplete(account), again) {
        (false, _) => texts.close,
        (true, Some(_)) => texts.keep_open,
        (true, None) => texts.link_over,
    }
}

fn mood(account: &Account) -> Mood {
    if !account.is_over() {
        Mood::Waiting
    } else if is_all_well(account) {
        Mood::Good
    } else if account.is_whole() {
        // Everything works; the login only left something out.
        Mood::Waiting
    } else {
        Mood::Error
    }
}

fn headline(reader: &Reader, account: &Account) -> String {
    let texts = &reader.texts().result;
    let token_counts = account.token_counts;
    let counted = |count: u64, one: &str, many| match count {
        1 => one.to_owned(),
        _ => fill(many, &[("count", &reader.language.count(count))]),
    };
    if !account.is_over() {
        return counted(
            token_counts.unfinished,
            texts.waiting_one,
            texts.waiting_many,
        );
    }
    if is_all_well(account) {
        return texts.all_works.to_owned();
    }
    match token_counts.broken {
        _ if account.fewer.is_some() || account.mismatch.is_some() => {
            texts.fewer_headline.to_owned()
        }
        0 => texts.left_out_headline.to_owned(),
        broken => counted(broken, texts.missing_one, texts.missing_many),
    }
}

fn remarks(reader: &Reader, account: &Account, platform: PlatformTitle) -> Vec<String> {
    let texts = &reader.texts().result;
    let granted = &account.granted;
    let mut remarks = Vec::new();
    if !account.is_over() {
        remarks.push(fill(texts.confirming, &[("platform", platform)]));
    }
    if let Some(fewer) = &account.fewer {
        let missing = all_of(reader, fewer.iter());
        remarks.push(fill(texts.fewer, &[("missing", &missing)]));
    }
    if let Some(mismatch) = &account.mismatch {
        let reason = mismatch.replace('_', " ");
        remarks.push(fill(texts.mismatch, &[("reason", &reason)]));
    }
    if !granted.declined.is_empty() {
        let missing = all_of(reader, granted.declined.iter().map(String::as_str));
        let values = [("missing", missing.as_str()), ("platform", platform)];
        remarks.push(fill(texts.declined, &values));
    }
    if granted.left_out_in_all > 0 {
        let pages = left_out(reader, granted);
        let values = [("pages", pages.as_str()), ("platform", platform)];
        remarks.push(fill(texts.left_out, &values));
    }
    remarks
}

fn left_out(reader: &Reader, granted: &Granted) -> String {
    let named = granted.left_out.join(", ");
    match granted.left_out_in_all - granted.left_out.len() as u64 {
        0 => named,
        more => {
            let values = [
                ("named", named.as_str()),
                ("count", &reader.language.count(more)),
            ];
            fill(reader.texts().result.and_more, &values)
        }
    }
}

/// The page after a login that gave nothing.
pub(in crate::web) fn failure_page(
    reader: &Reader,
    login: &Login,
    platform: PlatformTitle,
    ending: &Ending,
    again: Option<Button>,
) -> Page {
    let page = match ending {
        Ending::WrongPerson { name } => wrong_person(reader, login, platform, name.as_deref()),
        Ending::Failed { why, code } => failed(reader, *why, platform, *code),
        Ending::Granted(_) => Page::default(),
    };
    Page {
        button: again.filter(|_| can_be_tried_again(ending)),
        ..page
    }
}

/// Whether another login of the same person may end better.
const fn can_be_tried_again(ending: &Ending) -> bool {
    !matches!(
        ending,
        Ending::Failed {
            why: LoginError::AppRefused | LoginError::RedirectRefused,
            ..
        }
    )
}

fn wrong_person(
    reader: &Reader,
    login: &Login,
    platform: PlatformTitle,
    was: Option<&str>,
) -> Page {
    let texts = &reader.texts().failure;
    let expected = person(reader, login);
    let expected = expected.unwrap_or_else(|| reader.texts().common.right_person.to_owned());
    let with = |form: &str| {
        let values = [
            ("platform", platform),
            ("person", expected.as_str()),
            ("name", was.unwrap_or_default()),
        ];
        fill(form, &values)
    };
    let was = with(match was {
        Some(_) => texts.wrong_person_named,
        None => texts.wrong_person,
    });
    Page {
        label: reader.texts().result.unfinished.to_owned(),
        paragraphs: vec![
            format!("{was} {}", texts.nothing_kept),
            with(texts.log_out_first),
        ],
        ..short(
            reader,
            Mood::Waiting,
            platform,
            &with(texts.wrong_person_headline),
            "",
        )
    }
}

fn failed(reader: &Reader, why: LoginError, platform: PlatformTitle, code: Option<i64>) -> Page {
    let texts = &reader.texts().failure;
    let (headline, text) = match why {
        LoginError::NotAllowed => (texts.not_allowed_headline, texts.not_allowed),
        LoginError::AppRefused => (texts.app_refused_headline, texts.app_refused),
        LoginError::CodeUsed | LoginError::CodeExpired => (texts.too_long_headline, texts.too_long),
        LoginError::RedirectRefused => (texts.redirect_refused_headline, texts.redirect_refused),
        LoginError::Busy | LoginError::Lost => (texts.no_answer_headline, texts.no_answer),
        LoginError::Unusable => (texts.unusable_headline, texts.no_answer),
    };
    let with = |form: &str| fill(form, &[("platform", platform)]);
    // Red asks the reader to act, which does not help where the app refuses everyone.
    let (mood, label) = match why {
        LoginError::AppRefused | LoginError::RedirectRefused => {
            (Mood::Neutral, reader.texts().result.not_possible)
        }
        _ => (Mood::Error, reader.texts().result.failed),
    };
    let page = short(reader, mood, platform, &with(headline), &with(text));
    let code = code.map(|code| {
        let values = [("platform", platform), ("code", &code.to_string())];
        fill(texts.error_code, &values)
    });
    Page {
        label: label.to_owned(),
        footer: code.into_iter().collect(),
        ..page
    }
}
