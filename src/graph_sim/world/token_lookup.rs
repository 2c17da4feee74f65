//! Looks up a token by its text, or determines how Meta reports an unknown one.

use super::World;
use super::app::AppStatus;
use super::ids::{AppKey, TokenKey};
use crate::graph_sim::platform::Platform;

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
    /// Reads a text as one platform does, which cannot parse another platform's tokens. Only Facebook has tokens of apps.
    pub(crate) fn identify(&self, platform: Platform, text: &str) -> Result<Known, Unreadable> {
        if let Some(key) = self.token_key(text) {
            let is_foreign = self.app(self.token(key).app).platform != platform;
            return match is_foreign {
                true => Err(Unreadable::CannotParse),
                false => Ok(Known::Issued(key)),
            };
        }
        match text.split_once('|') {
            Some((app, tail)) if platform == Platform::Facebook => {
                self.identify_app(app, tail).map(Known::App)
            }
            None if looks_like_a_token(platform, text) => Err(Unreadable::CannotDecrypt),
            Some(_) | None => Err(Unreadable::CannotParse),
        }
    }

    /// The platform that issued a token.
    pub(crate) fn platform_of_token(&self, text: &str) -> Option<Platform> {
        let key = self.token_key(text)?;
        Some(self.app(self.token(key).app).platform)
    }

    fn identify_app(&self, id: &str, tail: &str) -> Result<AppKey, Unreadable> {
        let Some(key) = self.app_at(Platform::Facebook, id) else {
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

fn looks_like_a_token(platform: Platform, text: &str) -> bool {
    let prefix = platform.token_prefix();
    text.len() >= 40 && text.starts_with(prefix) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}
