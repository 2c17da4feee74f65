//! Looks up a token by its text, or determines how Meta reports an unknown one.

use super::World;
use super::app::AppStatus;
use super::ids::{AppKey, TokenKey};

/// A token of this world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    App(AppKey),
    Issued(TokenKey),
}

/// Why a text is no token, as the debugger distinguishes it in recorded answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    CannotDecrypt,
    CannotParse,
    BadSignature,
    NoSuchApplication,
    ApplicationDeleted,
}

impl Unreadable {
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::CannotDecrypt => "The access token could not be decrypted",
            Self::CannotParse => "Invalid OAuth access token - Cannot parse access token",
            Self::BadSignature => "Invalid OAuth access token signature.",
            Self::NoSuchApplication => {
                "Error validating application. Cannot get application info due to a system error."
            }
            Self::ApplicationDeleted => {
                "Error validating application. Application has been deleted."
            }
        }
    }
}

impl World {
    pub(crate) fn identify(&self, text: &str) -> Result<Known, Unreadable> {
        if let Some(key) = self.tokens.by_text.get(text) {
            return Ok(Known::Issued(*key));
        }
        match text.split_once('|') {
            Some((app, tail)) => self.identify_app(app, tail).map(Known::App),
            None if looks_like_a_token(text) => Err(Unreadable::CannotDecrypt),
            None => Err(Unreadable::CannotParse),
        }
    }

    fn identify_app(&self, id: &str, tail: &str) -> Result<AppKey, Unreadable> {
        let Ok(key) = self.app_key(id) else {
            return Err(Unreadable::NoSuchApplication);
        };
        let app = self.app(key);
        match app.status {
            AppStatus::Deleted => Err(Unreadable::ApplicationDeleted),
            AppStatus::Live if app.owns_token_tail(tail) => Ok(key),
            AppStatus::Live => Err(Unreadable::BadSignature),
        }
    }
}

fn looks_like_a_token(text: &str) -> bool {
    text.len() >= 40 && text.starts_with("EAA") && text.bytes().all(|b| b.is_ascii_alphanumeric())
}
