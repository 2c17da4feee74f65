//! The languages of emails. Each is a file that defines every text of `catalog`; a test proves that none is missing.

#[macro_use]
mod catalog;
mod page_texts;
mod placeholders;

use std::sync::LazyLock;

pub(super) use catalog::{Cases, Catalog, Instruction, Number, Phrases, Sentences, Summary, Units};
pub(crate) use page_texts::PageTexts;
pub(crate) use placeholders::fill;
pub(super) use placeholders::fill_with;

/// A language for emails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    #[default]
    English,
    German,
}

static ENGLISH: LazyLock<Catalog> = LazyLock::new(|| read(include_str!("en.toml")));
static GERMAN: LazyLock<Catalog> = LazyLock::new(|| read(include_str!("de.toml")));
static ENGLISH_PAGES: LazyLock<PageTexts> =
    LazyLock::new(|| read_pages(include_str!("pages.en.toml")));
static GERMAN_PAGES: LazyLock<PageTexts> =
    LazyLock::new(|| read_pages(include_str!("pages.de.toml")));

/// The file is part of the program, and the tests read it, so there is no error to report.
fn read(file: &'static str) -> Catalog {
    toml::from_str(file).unwrap_or_default()
}

fn read_pages(file: &'static str) -> PageTexts {
    toml::from_str(file).unwrap_or_default()
}

impl Language {
    pub const ALL: &[Self] = &[Self::English, Self::German];

    /// The code in the configuration and in an email's `lang` attribute.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|language| language.code() == code)
    }

    pub(super) fn catalog(self) -> &'static Catalog {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// The texts of the public pages.
    pub(crate) fn pages(self) -> &'static PageTexts {
        match self {
            Self::English => &ENGLISH_PAGES,
            Self::German => &GERMAN_PAGES,
        }
    }

    pub(super) fn phrases(self) -> &'static Phrases {
        &self.catalog().phrases
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cause;

    /// A missing or unknown text in a table fails to parse; this covers the tables that are read as maps.
    #[test]
    fn each_language_defines_every_text() {
        for (file, catalog) in [
            (include_str!("en.toml"), Language::English.catalog()),
            (include_str!("de.toml"), Language::German.catalog()),
        ] {
            toml::from_str::<Catalog>(file).unwrap();
            assert_eq!(catalog.causes.len(), Cause::ALL.len());
            let instructions = Instruction::AcknowledgeTheLoss as usize + 1;
            assert_eq!(catalog.instructions.len(), instructions);
            for sentences in catalog.causes.values().chain(catalog.refused.values()) {
                assert!(
                    catalog.consequences.contains_key(sentences.otherwise),
                    "{sentences:?}"
                );
            }
        }
        for (file, pages) in [
            (include_str!("pages.en.toml"), Language::English.pages()),
            (include_str!("pages.de.toml"), Language::German.pages()),
        ] {
            toml::from_str::<PageTexts>(file).unwrap();
            assert_eq!(pages.causes.len(), Cause::ALL.len());
        }
        let refused = |language: Language| language.catalog().refused.keys();
        assert!(refused(Language::English).eq(refused(Language::German)));
    }
}
