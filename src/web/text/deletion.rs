//! The status page of a data deletion, for the person who requested it.

use crate::email::text::fill;
use crate::inventory::Deletion;
use crate::web::page::{Mood, Page};
use crate::web::reader::Reader;

/// In seconds; a deletion takes a few.
const LOOK_AGAIN: u32 = 3;

pub(in crate::web) fn deletion(reader: &Reader, request: &Deletion) -> Page {
    let texts = &reader.texts().deletion;
    let at = |form, at| fill(form, &[("at", &reader.moment(at))]);
    let page = Page {
        label: fill(texts.label, &[("app", &request.app)]),
        footer: vec![
            fill(texts.code, &[("code", &request.code)]),
            at(texts.requested, request.asked_at),
        ],
        ..Page::default()
    };
    match request.finished_at {
        None => Page {
            mood: Mood::Waiting,
            headline: texts.running_headline.to_owned(),
            paragraphs: vec![texts.running.to_owned()],
            again_after: Some(LOOK_AGAIN),
            ..page
        },
        Some(finished_at) => Page {
            mood: Mood::Good,
            headline: texts.done_headline.to_owned(),
            about: at(texts.on, finished_at),
            paragraphs: vec![what_is_gone(reader, request.tokens), texts.kept.to_owned()],
            ..page
        },
    }
}

fn what_is_gone(reader: &Reader, tokens: u64) -> String {
    let texts = &reader.texts().deletion;
    let access = match tokens {
        0 => return texts.no_access.to_owned(),
        1 => texts.access_one.to_owned(),
        n => fill(texts.access_many, &[("count", &reader.language.count(n))]),
    };
    fill(texts.gone, &[("access", &access)])
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::email::Sender;
    use crate::email::text::Language;

    #[test]
    fn a_number_and_what_it_counts_agree() {
        let reader = Reader {
            language: Language::English,
            timezone: TimeZone::UTC,
            sender: Sender::default(),
            host: String::new(),
        };
        let what_is_gone = |tokens| what_is_gone(&reader, tokens);
        assert!(what_is_gone(0).starts_with("This app had stored no access"));
        assert!(what_is_gone(1).starts_with("The access token for your"));
        assert!(what_is_gone(2).starts_with("All 2 access tokens for your"));
    }
}
