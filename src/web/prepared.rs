//! The short answers as they are prepared for one configuration.

use axum::body::Bytes;

use super::Settings;
use super::page::PageError;
use crate::email::Sender;
use crate::email::text::Language;

#[derive(Debug)]
pub(super) struct ShortPages {
    pub(super) sender: Sender,
    pub(super) public_url: String,
    pub(super) pages: Vec<(Language, PageError, Bytes)>,
}

impl ShortPages {
    /// Whether they are still right after a reload.
    pub(super) fn is_of(&self, settings: &Settings) -> bool {
        self.sender == settings.sender && self.public_url == settings.public_url
    }
}
