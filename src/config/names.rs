//! Validates names and ids: apps, users of this machine, tokens, permissions. An error says what to write instead.

use super::diagnostic::quoting;
use crate::graph_api::Platform;

/// Every user who may open the socket according to its mode.
pub(super) const EVERYBODY: &str = "*";

pub fn app(text: &str) -> Result<String, String> {
    name(text, "app name")
}

pub(super) fn channel(text: &str) -> Result<String, String> {
    name(text, "channel name")
}

pub(super) fn node(text: &str) -> Result<String, String> {
    name(text, "node name")
}

fn name(text: &str, what: &str) -> Result<String, String> {
    let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let is_name = begins_well && text.len() <= 64 && text.chars().all(is_name_letter);
    let message = format!(
        "is not a valid {what}; use up to 64 letters, digits and . _ - and begin with a letter or digit"
    );
    valid(text, is_name, message)
}

/// Validates an id of Meta's. Ids stay text, because some exceed the range of integers.
pub(super) fn id(text: &str) -> Result<String, String> {
    let message = "must be digits only, as Meta's app dashboard shows it";
    valid(text, text.len() <= 32 && is_number(text), message)
}

pub(super) fn platform(text: &str) -> Result<&'static Platform, String> {
    let known = Platform::ALL.map(|platform| format!("{:?}", platform.name));
    let message = format!("is not a platform; write {}", known.join(", "));
    Platform::named(text).ok_or_else(|| quoting(text, &message))
}

pub(super) fn graph_version(text: &str) -> Result<String, String> {
    let numbers = text.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    let is_version = numbers.is_some_and(|(major, minor)| is_number(major) && is_number(minor));
    let message = quoting(text, "is not a Graph version; write it as v25.0");
    valid(text, is_version, message)
}

pub(super) fn scope(text: &str) -> Result<String, String> {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_scope = !text.is_empty() && text.chars().all(is_letter);
    let message = "is not a permission; write one per item, such as \"pages_messaging\"";
    valid(text, is_scope, quoting(text, message))
}

/// Validates a user's name, a `@group` or `*`.
pub(super) fn peer(text: &str) -> Result<String, String> {
    let name = text.strip_prefix('@').unwrap_or(text);
    let message = "is not a user; write a user's name, \"@group\" or \"*\"";
    let is_peer = text == EVERYBODY || is_account(name);
    valid(text, is_peer, quoting(text, message))
}

/// Validates a user's name or a `@group`.
pub(super) fn account(text: &str) -> Result<String, String> {
    let name = text.strip_prefix('@').unwrap_or(text);
    let message = "is not a user; write a user's name or \"@group\"";
    valid(text, is_account(name), quoting(text, message))
}

/// Checks only the spelling. The account may be created later, so its existence is checked when it connects.
fn is_account(name: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '*' | ':' | ',');
    !name.is_empty() && !name.contains(is_odd)
}

/// Validates a token's name, or a pattern for names.
pub(super) fn tokens(text: &str) -> Result<String, String> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control();
    let message =
        "is not a pattern for token names; write a name, or a part of it with *, without spaces";
    valid(text, !text.is_empty() && !text.contains(is_odd), message)
}

pub(super) const fn is_name_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn valid(text: &str, is_valid: bool, message: impl Into<String>) -> Result<String, String> {
    let text = is_valid.then(|| text.to_owned());
    text.ok_or_else(|| message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts that each text is rejected, with any message.
    fn refused<T>(parse: fn(&str) -> Result<T, String>, texts: &[&str]) {
        for text in texts {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_app_has_a_name_that_fits_into_a_path() {
        assert_eq!(app("acme-2.test_x"), Ok("acme-2.test_x".to_owned()));
        let long = "a".repeat(65);
        refused(app, &["", "-a", ".a", "a b", "a/b", "ä", &long]);
    }

    #[test]
    fn ids_and_versions_have_meta_s_format() {
        assert_eq!(id("257422819769992"), Ok("257422819769992".to_owned()));
        refused(id, &["", "12a", " 1", "-1", "٣", &"1".repeat(33)]);
        for version in ["v25.0", "v9.0", "v3.1"] {
            assert_eq!(graph_version(version), Ok(version.to_owned()));
        }
        refused(
            graph_version,
            &[
                "", "25.0", "v25", "v25.", "v.0", "v25.0.1", "V25.0", "v+2.0",
            ],
        );
    }

    #[test]
    fn permissions_people_and_patterns_are_single_words() {
        assert_eq!(scope("pages_messaging"), Ok("pages_messaging".to_owned()));
        refused(scope, &["", "a,b", "a b", "Pages"]);
        for name in ["*", "root", "@chatbots", "www-data", "anna@example.com"] {
            assert_eq!(peer(name), Ok(name.to_owned()));
        }
        refused(peer, &["", "@", "@*", "a*", "a:b", "a,b", "@domain users"]);
        refused(account, &["", "*", "@", "@*", "a b"]);
        assert_eq!(account("@proxies"), Ok("@proxies".to_owned()));
        assert_eq!(tokens("acme-*"), Ok("acme-*".to_owned()));
        refused(tokens, &["", "a b", "a\nb"]);
    }
}
