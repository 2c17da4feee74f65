//! Applies a fault to an answer: rejects the call beforehand, or alters its answer.

use serde_json::{Value, json};

use super::{Fault, InjectedError};
use crate::graph_sim::endpoints::{Answer, GraphError};
use crate::graph_sim::world::World;

/// Answers a call under these faults: rejects it before it takes effect, or alters the answer afterwards.
pub(crate) fn answer_under(
    world: &mut World,
    faults: &[Fault],
    answer: impl FnOnce(&mut World) -> Answer,
) -> Answer {
    if let Some(rejection) = faults.iter().find_map(Fault::rejection) {
        return rejection.into_answer(&world.trace_id());
    }
    let mut answer = answer(world);
    for fault in faults {
        fault.alter(&mut answer);
    }
    answer
}

enum InjectedRejection {
    Page,
    Error(GraphError),
}

const PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Error</title></head><body>\
                    <h1>Sorry, something went wrong.</h1></body></html>\n";

impl InjectedRejection {
    fn into_answer(self, trace_id: &str) -> Answer {
        match self {
            Self::Page => Answer {
                status: 500,
                body: PAGE.to_owned(),
                headers: vec![("Content-Type".into(), "text/html; charset=utf-8".to_owned())],
            },
            Self::Error(error) => {
                let body = error.body(trace_id);
                Answer {
                    status: error.status,
                    body,
                    headers: Vec::new(),
                }
            }
        }
    }
}

impl Fault {
    fn rejection(&self) -> Option<InjectedRejection> {
        match self {
            // A reset call has no effect either, and its answer is never sent.
            Self::HtmlError | Self::Reset => Some(InjectedRejection::Page),
            Self::Unavailable => {
                let error = GraphError::oauth(2, "(#2) Service temporarily unavailable");
                Some(InjectedRejection::Error(error.transient().with_status(500)))
            }
            Self::Error(injected) => Some(InjectedRejection::Error(GraphError {
                status: injected.status,
                subcode: injected.subcode,
                is_transient: injected.is_transient,
                ..GraphError::oauth(injected.code, injected.message.clone())
            })),
            Self::Latency(_)
            | Self::LostAnswer
            | Self::EmptyBody
            | Self::Truncated
            | Self::SlowBytes(_)
            | Self::HugeBody(_)
            | Self::WrongTypes
            | Self::WithoutExpiresIn
            | Self::WithoutClocks
            | Self::WithoutScopes
            | Self::Verdict(_)
            | Self::EmptyTokens
            | Self::TokenType(_)
            | Self::NullMember
            | Self::ReorderedHeaders
            | Self::VersionWarning(_)
            | Self::DateSkew(_) => None,
        }
    }

    fn alter(&self, answer: &mut Answer) {
        match self {
            Self::EmptyBody => answer.body.clear(),
            Self::WrongTypes => rewrite(answer, confuse_types),
            Self::WithoutExpiresIn => rewrite(answer, |body| {
                body.as_object_mut().map(|body| body.remove("expires_in"));
            }),
            Self::WithoutClocks => {
                rewrite(answer, |body| {
                    leave_out(body, &["expires_at", "data_access_expires_at"]);
                });
            }
            Self::WithoutScopes => {
                rewrite(answer, |body| {
                    leave_out(body, &["scopes", "granular_scopes"])
                });
            }
            Self::Verdict(injected) => rewrite(answer, |body| reject_token(body, injected)),
            Self::EmptyTokens => rewrite(answer, empty_tokens),
            Self::TokenType(word) => rewrite(answer, |body| {
                if let Some(kind) = body.get_mut("token_type") {
                    *kind = Value::from(word.as_str());
                }
            }),
            Self::ReorderedHeaders => {
                answer.headers.reverse();
                for (name, _) in &mut answer.headers {
                    name.to_mut().make_ascii_lowercase();
                }
            }
            Self::VersionWarning(text) => {
                let header = ("X-Ad-Api-Version-Warning".into(), text.clone());
                answer.headers.push(header);
            }
            Self::Latency(_)
            | Self::HtmlError
            | Self::Unavailable
            | Self::Error(_)
            | Self::Reset
            | Self::LostAnswer
            | Self::Truncated
            | Self::SlowBytes(_)
            | Self::HugeBody(_)
            | Self::NullMember
            | Self::DateSkew(_) => {}
        }
    }
}

fn rewrite(answer: &mut Answer, change: impl FnOnce(&mut Value)) {
    if let Ok(mut body) = serde_json::from_str(&answer.body) {
        change(&mut body);
        answer.body = body.to_string();
    }
}

/// From the debugger's data.
fn leave_out(body: &mut Value, names: &[&str]) {
    if let Some(data) = body.get_mut("data").and_then(Value::as_object_mut) {
        data.retain(|name, _| !names.contains(&name.as_str()));
    }
}

/// Within the debugger's answer the key is `subcode`.
fn reject_token(body: &mut Value, injected: &InjectedError) {
    let Some(data) = body.get_mut("data").and_then(Value::as_object_mut) else {
        return;
    };
    let mut error = json!({"code": injected.code, "message": injected.message});
    if let Some(subcode) = injected.subcode {
        error["subcode"] = subcode.into();
    }
    data.insert("error".to_owned(), error);
    data.insert("is_valid".to_owned(), false.into());
}

fn empty_tokens(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "access_token" {
                    *value = Value::from("");
                } else {
                    empty_tokens(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(empty_tokens),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn confuse_types(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(confuse_types),
        Value::Array(items) => items.iter_mut().for_each(confuse_types),
        Value::Bool(_) | Value::Number(_) => *value = Value::String(value.to_string()),
        Value::String(text) => {
            if let Ok(number) = text.parse::<u64>() {
                *value = number.into();
            }
        }
        Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph_sim::InjectedError;

    fn world() -> World {
        World::new("2026-01-01T00:00:00Z".parse().unwrap(), 1)
    }

    fn under(fault: Fault, body: &str) -> (u16, String) {
        let answer = answer_under(&mut world(), &[fault], |_| Answer {
            status: 200,
            body: body.to_owned(),
            headers: Vec::new(),
        });
        (answer.status, answer.body)
    }

    #[test]
    fn refusals_come_instead_of_the_answer() {
        let mut world = world();
        for (fault, status, text) in [
            (Fault::HtmlError, 500, "<!DOCTYPE html>"),
            (Fault::Unavailable, 500, "\"is_transient\":true,\"code\":2"),
            (
                Fault::Error(InjectedError {
                    status: 403,
                    code: 368,
                    subcode: Some(7),
                    is_transient: Some(false),
                    message: "blocked".to_owned(),
                }),
                403,
                "\"is_transient\":false,\"code\":368,\"error_subcode\":7",
            ),
        ] {
            let answer = answer_under(&mut world, &[fault], |_| unreachable!("not looked at"));
            assert_eq!(answer.status, status);
            assert!(answer.body.contains(text), "{}", answer.body);
        }
    }

    #[test]
    fn a_version_warning_is_a_header_of_an_answer_that_is_otherwise_as_usual() {
        let warning = Fault::VersionWarning("v25.0 will be deprecated.".to_owned());
        let answer = answer_under(&mut world(), &[warning], |_| Answer {
            status: 200,
            body: "{}".to_owned(),
            headers: Vec::new(),
        });
        let (name, text) = &answer.headers[0];
        assert_eq!(
            (&**name, &**text),
            ("X-Ad-Api-Version-Warning", "v25.0 will be deprecated.")
        );
        assert_eq!((answer.status, &*answer.body), (200, "{}"));
    }

    #[test]
    fn headers_change_their_order_and_spelling() {
        let answer = answer_under(&mut world(), &[Fault::ReorderedHeaders], |_| Answer {
            status: 200,
            body: String::new(),
            headers: vec![("A-B".into(), "1".to_owned()), ("C".into(), "2".to_owned())],
        });
        let names: Vec<_> = answer
            .headers
            .iter()
            .map(|(name, _)| name.as_ref())
            .collect();
        assert_eq!(names, ["c", "a-b"]);
    }

    #[test]
    fn altered_bodies_are_wrong_in_just_one_way() {
        let body = r#"{"access_token":"t","token_type":"bearer","expires_in":5,"id":"12"}"#;
        for (fault, expected) in [
            (Fault::EmptyBody, ""),
            (
                Fault::WithoutExpiresIn,
                r#"{"access_token":"t","id":"12","token_type":"bearer"}"#,
            ),
            (
                Fault::EmptyTokens,
                r#"{"access_token":"","expires_in":5,"id":"12","token_type":"bearer"}"#,
            ),
            (
                Fault::TokenType("Bearer".to_owned()),
                r#"{"access_token":"t","expires_in":5,"id":"12","token_type":"Bearer"}"#,
            ),
            (
                Fault::WrongTypes,
                r#"{"access_token":"t","expires_in":"5","id":12,"token_type":"bearer"}"#,
            ),
        ] {
            assert_eq!(under(fault, body), (200, expected.to_owned()));
        }
        let debugged = r#"{"data":{"data_access_expires_at":1,"expires_at":0,"is_valid":true}}"#;
        assert_eq!(
            under(Fault::WithoutClocks, debugged).1,
            r#"{"data":{"is_valid":true}}"#
        );
        assert_eq!(
            under(
                Fault::WithoutScopes,
                r#"{"data":{"is_valid":true,"scopes":["email"]}}"#
            )
            .1,
            r#"{"data":{"is_valid":true}}"#
        );
        let liveness = Fault::Verdict(InjectedError {
            status: 200,
            code: 4,
            subcode: Some(7),
            is_transient: None,
            message: "limit".to_owned(),
        });
        assert_eq!(
            under(liveness, r#"{"data":{"is_valid":true}}"#),
            (
                200,
                r#"{"data":{"error":{"code":4,"message":"limit","subcode":7},"is_valid":false}}"#
                    .to_owned()
            )
        );
    }
}
