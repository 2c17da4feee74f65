//! What the letters are written in. Each language is a folder that says everything `catalogue` asks of it; a sentence
//! that one of them lacks does not compile.

mod blanks;
mod catalogue;
mod english;
mod german;

pub(super) use blanks::{fill, fill_with};
pub(super) use catalogue::{Cases, Catalogue, Number, Phrases, Saying, Summary, Units, Wording};

/// A language that letters can be written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    #[default]
    English,
    German,
}

impl Language {
    pub const ALL: &[Self] = &[Self::English, Self::German];

    /// As it stands in the configuration, and in a letter's `lang`.
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

    pub(super) const fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::English => &english::CATALOGUE,
            Self::German => &german::CATALOGUE,
        }
    }

    pub(super) const fn phrases(self) -> &'static Phrases {
        &self.catalogue().phrases
    }
}
