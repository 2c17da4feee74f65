//! Paths and queries on the socket, built from user input.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;

/// All but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// `path` with those fields of the query that are set.
pub fn with_query(path: &str, query: &impl Serialize) -> String {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(query) else {
        return path.to_owned();
    };
    let pairs: Vec<String> = fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| match value.as_str() {
            Some(text) => format!("{key}={}", escaped(text)),
            None => format!("{key}={value}"),
        })
        .collect();
    if pairs.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", pairs.join("&"))
}

pub fn token_path(name: &str, rest: &str) -> String {
    format!("/v1/tokens/{}{rest}", escaped(name))
}

/// Percent-encodes user input.
pub fn escaped(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::TokenQuery;
    use crate::model::State;

    #[test]
    fn what_a_person_typed_cannot_leave_its_place_in_the_path() {
        assert_eq!(token_path("acme-1.a_b", ""), "/v1/tokens/acme-1.a_b");
        assert_eq!(
            token_path("a/../b?c#d e", "/check"),
            "/v1/tokens/a%2F..%2Fb%3Fc%23d%20e/check"
        );
        assert_eq!(token_path("\u{e4}", ""), "/v1/tokens/%C3%A4");
    }

    #[test]
    fn only_requested_filters_are_in_the_query() {
        assert_eq!(
            with_query("/v1/tokens", &TokenQuery::default()),
            "/v1/tokens"
        );
        let query = TokenQuery {
            state: Some(State::Dead),
            expires_within: "12h".parse().ok(),
            limit: Some(7),
            after: Some("a&b".to_owned()),
            ..TokenQuery::default()
        };
        assert_eq!(
            with_query("/v1/tokens", &query),
            "/v1/tokens?after=a%26b&expires_within=12h&limit=7&state=dead"
        );
    }
}
