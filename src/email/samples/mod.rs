//! Sample emails of every cause about fictional people, to preview emails and to test an operator's templates.

mod drafts;
pub(in crate::email) mod fixtures;
mod to_operators;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::model::EmailModel;
use super::templates::Templates;
use super::text::Language;
use crate::model::Cause;
use drafts::Draft;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A sample email.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its cause, or what else it is about; the copy of operators ends in `-operators`.
    pub name: String,
    pub language: Language,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Every kind of email in every language.
pub fn emails(templates: &Templates, zone: &TimeZone, now: Timestamp) -> Vec<Sample> {
    let pages = pages(zone, now).into_iter();
    pages
        .map(|(name, language, page)| {
            let rendered = templates.render_email(&page);
            Sample {
                name,
                language,
                subject: rendered.subject,
                text: rendered.text,
                html: rendered.html,
            }
        })
        .collect()
}

/// Tries the operator's templates on every kind of email. Returns each error once.
pub fn template_errors(templates: &Templates) -> Vec<String> {
    let mut template_errors = Vec::new();
    for (name, _, page) in pages(&TimeZone::UTC, Timestamp::UNIX_EPOCH + DAY * 20_000) {
        let Err(error) = templates.try_own(&page) else {
            continue;
        };
        templates.record_error(&error);
        let error = error.to_string();
        if !template_errors.iter().any(|(known, _)| *known == error) {
            template_errors.push((error, name));
        }
    }
    let template_errors = template_errors.into_iter();
    template_errors
        .map(|(error, name)| format!("{error} (in an email about {name})"))
        .collect()
}

fn pages(zone: &TimeZone, now: Timestamp) -> Vec<(String, Language, EmailModel)> {
    let mut pages = Vec::new();
    for &language in Language::ALL {
        let causes = Cause::ALL.iter().map(|&cause| Draft::of(cause, now));
        for draft in causes.chain(Draft::special(now)) {
            for (name, draft) in draft.copies() {
                pages.push((name, language, draft.page(language, zone, now)));
            }
        }
        let others = to_operators::pages(language, zone, now).into_iter();
        pages.extend(others.map(|(name, page)| (name.to_owned(), language, page)));
    }
    pages
}

#[cfg(test)]
mod tests;
