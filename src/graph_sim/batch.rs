//! Batches: up to fifty calls in one request. Each call counts, fails and succeeds separately.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::endpoints::{self, Answer, GraphError, Method, Request};
use super::faults::{Fault, Target, answer_under};
use super::platform::Platform;
use super::world::World;

const MOST: usize = 50;

#[derive(Deserialize)]
struct Member<'a> {
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    relative_url: Cow<'a, str>,
    #[serde(borrow, default)]
    body: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    depends_on: Option<Cow<'a, str>>,
    #[serde(default)]
    omit_response_on_success: Option<bool>,
}

#[derive(Serialize)]
struct Reply<'a> {
    code: u16,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<Header<'a>>,
    body: &'a str,
}

#[derive(Serialize)]
struct Header<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Clone, Copy)]
enum Headers {
    Included,
    Omitted,
}

pub(crate) fn is_batch(request: &Request<'_>) -> bool {
    request.method == Method::Post && request.params.get("batch").is_some()
}

pub(crate) fn respond(world: &mut World, request: &Request<'_>) -> Answer {
    world.call_log.record_batch();
    let platform = endpoints::platform_of(world, request);
    let members = match platform {
        Platform::Facebook => members(request),
        Platform::Instagram | Platform::Threads => Err(endpoints::unsupported(platform, request)),
    };
    let (status, body) = match members {
        Ok(members) => (200, replies(world, request, &members)),
        Err(error) => (error.status, error.body(&world.trace_id())),
    };
    let mut headers = vec![endpoints::version_header(world, request)];
    let payer = endpoints::payer(world, request);
    headers.extend(payer.and_then(|payer| world.usage_header(payer)));
    Answer {
        status,
        body,
        headers,
    }
}

fn members<'a>(request: &'a Request<'_>) -> Result<Vec<Member<'a>>, GraphError> {
    if request.access_token().is_none() {
        let message = "An access token is required to request this resource.";
        return Err(GraphError::oauth(104, message));
    }
    let text = request.params.get("batch").unwrap_or_default();
    let Ok(members) = serde_json::from_str::<Vec<Member<'_>>>(text) else {
        return Err(GraphError::oauth(
            100,
            "(#100) param batch must be an array.",
        ));
    };
    if members.len() > MOST {
        let message = format!("Too many requests in batch message. Maximum batch size is {MOST}");
        return Err(GraphError {
            kind: "GraphBatchException",
            ..GraphError::oauth(100, message)
        });
    }
    Ok(members)
}

fn replies(world: &mut World, request: &Request<'_>, members: &[Member<'_>]) -> String {
    let headers = match request.params.get("include_headers") {
        Some("false" | "0") => Headers::Omitted,
        Some(_) | None => Headers::Included,
    };
    let mut body = String::with_capacity(members.len() * 512);
    body.push('[');
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        let answer = call(world, request, member).filter(|answer| {
            let succeeded = answer.status == 200;
            !(succeeded && is_omitted(member, members))
        });
        body.push_str(&endpoints::json(
            &answer.as_ref().map(|answer| reply(answer, headers)),
        ));
    }
    body.push(']');
    body
}

/// The answer to a successful call on which another depends is omitted, unless the client asks for it.
fn is_omitted(member: &Member<'_>, members: &[Member<'_>]) -> bool {
    let served = members
        .iter()
        .any(|other| other.depends_on.is_some() && other.depends_on == member.name);
    served && member.omit_response_on_success.unwrap_or(true)
}

/// Returns `None` if the call was not completed.
fn call(world: &mut World, outer: &Request<'_>, member: &Member<'_>) -> Option<Answer> {
    let method = member
        .method
        .as_deref()
        .and_then(Method::from_name)
        .unwrap_or(Method::Get);
    let mut request = Request::new(method, &member.relative_url);
    if let Some(body) = &member.body {
        request.params.add_form(body);
    }
    inherit(&mut request, outer);
    let endpoint = endpoints::endpoint_of(world, &request);
    let faults = world.strike(Target::Member(endpoint));
    if faults.contains(&Fault::NullMember) {
        return None;
    }
    Some(answer_under(world, &faults, |world| {
        endpoints::respond(world, &request)
    }))
}

/// A call without a token of its own uses the token of the outer call with its proof; one without a version, the outer
/// version.
fn inherit<'a>(request: &mut Request<'a>, outer: &'a Request<'_>) {
    request.platform = Some(Platform::Facebook);
    request.version = request.version.or(outer.version);
    if request.params.get("access_token").is_some() {
        return;
    }
    request.bearer = outer.access_token();
    for name in ["appsecret_proof", "appsecret_time"] {
        if let Some(value) = outer.params.get(name) {
            request.params.add(name, value);
        }
    }
}

fn reply(answer: &Answer, headers: Headers) -> Reply<'_> {
    let sent = match headers {
        Headers::Omitted => Vec::new(),
        Headers::Included => answer
            .headers
            .iter()
            .map(|(name, value)| Header { name, value })
            .collect(),
    };
    Reply {
        code: answer.status,
        headers: sent,
        body: &answer.body,
    }
}
