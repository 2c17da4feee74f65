//! Who writes, and whom to ask: the company that runs Perennial, as emails and pages name it.

use serde::Serialize;

use super::text::{Language, fill};

/// Empty where the operator has set nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sender {
    pub company: String,
    /// An email address, a phone number, an address on the web, or a name.
    pub contact: String,
}

impl Sender {
    /// Who writes, and whom to ask, one sentence each.
    pub(crate) fn lines(&self, language: Language) -> Vec<String> {
        let phrases = language.phrases();
        let about = match self.company.as_str() {
            "" => phrases.about_perennial.to_owned(),
            company => fill(phrases.about_perennial_of, &[("company", company)]),
        };
        [Some(about), self.question(language)]
            .into_iter()
            .flatten()
            .collect()
    }

    pub(crate) fn question(&self, language: Language) -> Option<String> {
        let contact = self.contact.as_str();
        let form = language.phrases().contact;
        (!contact.is_empty()).then(|| fill(form, &[("contact", contact)]))
    }
}
