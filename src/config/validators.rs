//! Validates the answers that `setup` asks for, by the same rules as the configuration file.

use super::check::timezone as zone;
use super::{addresses, names, smtp_url, urls};

type Answer<T> = Result<T, String>;

pub fn app_name(text: &str) -> Answer<String> {
    describe(names::app(text))
}

/// With or without the quotes that the configuration file has around it.
pub fn app_id(text: &str) -> Answer<String> {
    let digits = text.trim().trim_matches(['"', '\'']);
    describe(names::id(digits))
}

pub fn address(text: &str) -> Answer<String> {
    describe(addresses::address(text))
}

/// Validates an address with an optional display name.
pub fn sender(text: &str) -> Answer<String> {
    describe(addresses::mailbox(text))
}

pub fn mail_server(text: &str) -> Answer<String> {
    describe(smtp_url::parse(text)).map(|_| text.to_owned())
}

/// Returns the user name in the URL of a mail server.
pub fn user_of(mail_server: &str) -> Option<String> {
    smtp_url::parse(mail_server).ok()?.user
}

pub fn url(text: &str) -> Answer<String> {
    describe(urls::base(text))
}

pub fn timezone(text: &str) -> Answer<String> {
    zone(text).map(|_| text.to_owned())
}

fn describe<T>(answer: Result<T, impl std::fmt::Display>) -> Answer<T> {
    answer.map_err(|error| error.to_string())
}
