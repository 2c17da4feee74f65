//! Reads a JSON body completely, within limits of time and size.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{HeaderMap, HeaderName, header};
use http_body_util::BodyExt;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::value::RawValue;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::json_error::describe_error;
use crate::api::state::AppState;
use crate::api::types::{Problem, ProblemType};

/// A JSON body of at most `LARGEST` bytes.
#[derive(Debug)]
pub(in crate::api) struct Sent<T, const LARGEST: usize = LARGEST_BODY>(pub(in crate::api) T);

/// A part of a body that is read by itself, so that only this part is lost when it is malformed.
#[derive(Debug)]
pub(in crate::api) struct Element<T>(pub(in crate::api) Result<T, Problem>);

/// Every valid request about one thing fits; a token has a few hundred bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// The server reads this much of a body that is too large, because many clients read the answer only after they have
/// sent everything.
pub(in crate::api) const LARGEST_SWALLOWED: usize = 16 * 1024 * 1024;

impl<T: DeserializeOwned, const LARGEST: usize> FromRequest<Arc<AppState>> for Sent<T, LARGEST> {
    type Rejection = Problem;

    async fn from_request(request: Request, app_state: &Arc<AppState>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(Problem::new(
                ProblemType::NotJson,
                "the body must be JSON. Send the header Content-Type: application/json",
            ));
        }
        reject_unread(&parts.headers, LARGEST)?;
        let body = timeout(app_state.limits.body, collected(body, LARGEST))
            .await
            .map_err(|_| {
                Problem::new(
                    ProblemType::TooSlow,
                    "the body did not arrive in time. Send it without pauses",
                )
            })??;
        parsed(&body).map(Self)
    }
}

impl<T: DeserializeOwned> OptionalFromRequest<Arc<AppState>> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(
        request: Request,
        app_state: &Arc<AppState>,
    ) -> Result<Option<Self>, Problem> {
        if !request.headers().contains_key(header::CONTENT_TYPE) {
            return Ok(None);
        }
        <Self as FromRequest<_>>::from_request(request, app_state)
            .await
            .map(Some)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Element<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(parsed(text.get().as_bytes())))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let declared = text_of(headers, header::CONTENT_TYPE).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn text_of(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Answers early when the client waits for permission to send (`Expect`), or when the body is too long to read.
fn reject_unread(headers: &HeaderMap, largest: usize) -> Result<(), Problem> {
    let declared = text_of(headers, header::CONTENT_LENGTH);
    let size: usize = declared.and_then(|size| size.parse().ok()).unwrap_or(0);
    let waits = headers.contains_key(header::EXPECT);
    if size > LARGEST_SWALLOWED || waits && size > largest {
        return Err(too_large(largest));
    }
    Ok(())
}

async fn collected(mut body: Body, largest: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let mut accepted = Zeroizing::new(Vec::new());
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let broken = |_| Problem::new(ProblemType::Malformed, "the body ended too early");
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        size += data.len();
        if size > LARGEST_SWALLOWED {
            break;
        }
        if size <= largest {
            accepted.extend_from_slice(&data);
        }
    }
    if size > largest {
        return Err(too_large(largest));
    }
    Ok(accepted)
}

fn too_large(largest: usize) -> Problem {
    let limit = largest / 1024;
    Problem::new(
        ProblemType::TooLarge,
        format!("the body is larger than {limit} KiB, the limit for this request"),
    )
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let malformed = |detail| Problem::new(ProblemType::Malformed, detail);
    if body.is_empty() {
        return Err(malformed(
            "the body is empty; it must be a JSON object".to_owned(),
        ));
    }
    if std::str::from_utf8(body).is_err() {
        return Err(malformed("the body is not UTF-8".to_owned()));
    }
    // serde also reads an object from an array, taking the members in the order of their declaration.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(malformed("expected a JSON object, not an array".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| {
        let what = if error.is_data() {
            describe_error(&error.to_string())
        } else {
            "this is not JSON".to_owned()
        };
        malformed(format!(
            "line {}, column {}: {what}",
            error.line(),
            error.column()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::{AcknowledgeRequest, ImportRequest};

    fn detail_of<T: DeserializeOwned + std::fmt::Debug>(body: &[u8]) -> String {
        let problem = parsed::<T>(body).unwrap_err();
        assert!(problem.is(ProblemType::Malformed));
        problem.detail
    }

    #[test]
    fn a_malformed_body_gets_an_error_with_its_place_that_repeats_no_value() {
        for (body, expected) in [
            (r#"{"app":"acme","#, "line 1, column 14: this is not JSON"),
            (
                r#"{"app":"acme"}"#,
                "line 1, column 14: missing field `access_token`",
            ),
            (
                "{\n\"nmae\":1}",
                "line 2, column 6: unknown field `nmae`, expected one of `app`, `access_token`, `name`, `owners`, \
                 `require_scopes`, `discover`",
            ),
            (r#"{"EAAcanary":1}"#, "line 1, column 12: unknown field"),
            (
                r#"{"app":{},"access_token":"EAAcanary"}"#,
                "line 1, column 7: expected a string",
            ),
            (
                r#"{"app":"acme","owners":"x\", expected EAAcanary"}"#,
                "line 1, column 48: expected a sequence",
            ),
            (
                r#"{"app":"a","app":"EAAcanary"}"#,
                "line 1, column 16: duplicate field `app`",
            ),
            ("EAAcanary", "line 1, column 1: this is not JSON"),
            ("", "the body is empty; it must be a JSON object"),
            (
                r#"["acme","EAAcanary"]"#,
                "expected a JSON object, not an array",
            ),
            (
                " \n[\"acme\",\"EAAcanary\",null,[],[],false]",
                "expected a JSON object, not an array",
            ),
        ] {
            assert_eq!(
                detail_of::<ImportRequest>(body.as_bytes()),
                expected,
                "{body}"
            );
        }
        assert_eq!(
            detail_of::<ImportRequest>(b"{\"app\":\"\xff\"}"),
            "the body is not UTF-8"
        );
        let until = detail_of::<AcknowledgeRequest>(br#"{"until":"EAAcanary"}"#);
        assert!(!until.contains("EAAcanary"), "{until}");
    }

    #[test]
    fn a_body_is_json_only_if_it_says_so() {
        for (declared, expected) in [
            (Some("application/json"), true),
            (Some("Application/JSON; charset=utf-8"), true),
            (Some("application/jsonl"), false),
            (Some("application/x-www-form-urlencoded"), false),
            (None, false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(declared) = declared {
                headers.insert(header::CONTENT_TYPE, declared.parse().unwrap());
            }
            assert_eq!(is_json(&headers), expected, "{declared:?}");
        }
    }
}
