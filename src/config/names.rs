//! Validates names and ids: apps, users of this machine, tokens, permissions.

use super::diagnostic::quoted;

/// Every user who may open the socket according to its mode.
pub(super) const EVERYBODY: &str = "*";

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NameError {
    #[error(
        "is not a valid app name; use up to 64 letters, digits and . _ - and begin with a letter \
         or digit"
    )]
    App,
    #[error("must be digits only, as Meta's app dashboard shows it")]
    Id,
    #[error("{} is not a Graph version; write it as v25.0", quoted(.0))]
    GraphVersion(String),
    #[error("{} is not a permission; write one per item, such as \"pages_messaging\"", quoted(.0))]
    Scope(String),
    #[error("{} is not a user; write a user's name, \"@group\" or \"*\"", quoted(.0))]
    Peer(String),
    #[error("{} is not a user name", quoted(.0))]
    User(String),
    #[error(
        "is not a pattern for token names; write a name, or a part of it with *, without spaces"
    )]
    Tokens,
}

pub(super) fn app(text: &str) -> Result<String, NameError> {
    let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins_well && text.len() <= 64 && text.chars().all(is_name_letter) {
        Ok(text.to_owned())
    } else {
        Err(NameError::App)
    }
}

/// Validates an id of Meta's. Ids stay text, because some exceed the range of integers.
pub(super) fn id(text: &str) -> Result<String, NameError> {
    if text.len() <= 32 && is_number(text) {
        Ok(text.to_owned())
    } else {
        Err(NameError::Id)
    }
}

pub(super) fn graph_version(text: &str) -> Result<String, NameError> {
    let numbers = text.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    match numbers {
        Some((major, minor)) if is_number(major) && is_number(minor) => Ok(text.to_owned()),
        Some(_) | None => Err(NameError::GraphVersion(text.to_owned())),
    }
}

pub(super) fn scope(text: &str) -> Result<String, NameError> {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !text.is_empty() && text.chars().all(is_letter) {
        Ok(text.to_owned())
    } else {
        Err(NameError::Scope(text.to_owned()))
    }
}

/// Validates a user's name, a `@group` or `*`.
pub(super) fn peer(text: &str) -> Result<String, NameError> {
    let name = text.strip_prefix('@').unwrap_or(text);
    if text == EVERYBODY || is_account(name) {
        Ok(text.to_owned())
    } else {
        Err(NameError::Peer(text.to_owned()))
    }
}

pub(super) fn user(text: &str) -> Result<String, NameError> {
    if is_account(text) && !text.starts_with('@') {
        Ok(text.to_owned())
    } else {
        Err(NameError::User(text.to_owned()))
    }
}

/// Checks only the spelling. The account may be created later, so its existence is checked when it connects.
fn is_account(name: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '*' | ':' | ',');
    !name.is_empty() && !name.contains(is_odd)
}

pub(super) fn tokens(text: &str) -> Result<String, NameError> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control();
    if !text.is_empty() && !text.contains(is_odd) {
        Ok(text.to_owned())
    } else {
        Err(NameError::Tokens)
    }
}

pub(super) const fn is_name_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts that each text is rejected, with any message.
    fn refused<T>(parse: fn(&str) -> Result<T, NameError>, texts: &[&str]) {
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
        refused(user, &["", "*", "@chatbots"]);
        assert_eq!(tokens("acme-*"), Ok("acme-*".to_owned()));
        refused(tokens, &["", "a b", "a\nb"]);
    }
}
