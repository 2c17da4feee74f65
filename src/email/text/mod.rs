//! The languages of emails. Each is a folder that defines every text of `catalog`; a missing text does not compile.

mod catalog;
mod de;
mod en;
mod placeholders;

pub(super) use catalog::{
    Cases, Catalog, Catalogue, Instruction, Number, Sentences, Summary, Units,
};
pub(super) use placeholders::{fill, fill_with};

/// A language for emails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    #[default]
    English,
    German,
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

    pub(super) const fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::English => &en::CATALOGUE,
            Self::German => &de::CATALOGUE,
        }
    }

    pub(super) const fn catalog(self) -> &'static Catalog {
        &self.catalogue().catalog
    }
}
