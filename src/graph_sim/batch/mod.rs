//! Batches: up to fifty calls in one request. Each call counts, fails and succeeds separately.

mod json_path;
mod references;

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer_headers;
use super::endpoints::{self, Answer, GraphError, Method, Request};
use super::faults::{Fault, Target, answer_under};
use super::http_request::bearer;
use super::platform::Platform;
use super::world::World;
use references::Answers;

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
    /// Lines such as `If-None-Match: "…"`.
    #[serde(default)]
    headers: Vec<String>,
}

impl Member<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known
                .trim()
                .eq_ignore_ascii_case(name)
                .then(|| value.trim())
        })
    }

    fn method(&self) -> Method {
        let named = self.method.as_deref().and_then(Method::from_name);
        named.unwrap_or(Method::Get)
    }

    /// Returns the names of the calls that must have succeeded.
    fn dependencies(&self) -> Vec<String> {
        let mut names = references::names(&self.relative_url);
        names.extend(self.body.iter().flat_map(|body| references::names(body)));
        names.extend(self.depends_on.as_deref().map(str::to_owned));
        names
    }
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
        return Err(refused(message));
    }
    check_dependencies(&members)?;
    Ok(members)
}

/// A call may depend on earlier ones. Meta refuses a whole batch that names a call which is not there; koala's
/// `spec/fixtures/mock_facebook_responses.yml` expects so. The wording is not recorded.
fn check_dependencies(members: &[Member<'_>]) -> Result<(), GraphError> {
    let mut known = HashSet::new();
    for member in members {
        let needed = member.dependencies();
        if needed.len() > MOST {
            return Err(refused(format!(
                "Too many references. The maximum is {MOST}"
            )));
        }
        if let Some(unknown) = needed.iter().find(|name| !known.contains(name.as_str())) {
            return Err(refused(format!("Unknown batch operation name: {unknown}")));
        }
        known.extend(member.name.as_deref());
    }
    Ok(())
}

fn refused(message: String) -> GraphError {
    GraphError {
        kind: "GraphBatchException",
        ..GraphError::oauth(100, message)
    }
}

fn replies(world: &mut World, request: &Request<'_>, members: &[Member<'_>]) -> String {
    let headers = match request.params.get("include_headers") {
        Some("false" | "0") => Headers::Omitted,
        Some(_) | None => Headers::Included,
    };
    let needed: HashSet<String> = members.iter().flat_map(Member::dependencies).collect();
    let mut answers = Answers::new();
    let mut replies = Vec::with_capacity(members.len());
    for member in members {
        let answer = call(world, request, member, &answers);
        let succeeded = answer.as_ref().is_some_and(|answer| answer.status == 200);
        let name = member.name.as_deref().filter(|name| needed.contains(*name));
        if let (Some(name), Some(answer), true) = (name, &answer, succeeded) {
            answers.insert(
                name.to_owned(),
                serde_json::from_str(&answer.body).unwrap_or(Value::Null),
            );
        }
        let is_omitted =
            succeeded && name.is_some() && member.omit_response_on_success.unwrap_or(true);
        let shown = answer
            .filter(|_| !is_omitted)
            .map(|answer| transmitted(answer, member, headers));
        replies.push(endpoints::json(
            &shown.as_ref().map(|answer| reply(answer, headers)),
        ));
    }
    format!("[{}]", replies.join(","))
}

/// Returns `None` if the call was not completed, or if another on which it depends did not succeed.
fn call(
    world: &mut World,
    outer: &Request<'_>,
    member: &Member<'_>,
    answers: &Answers,
) -> Option<Answer> {
    let mut needed = member.dependencies().into_iter();
    if !needed.all(|name| answers.contains_key(&name)) {
        return None;
    }
    let url = references::resolved_url(&member.relative_url, answers);
    let body = member
        .body
        .as_deref()
        .map(|body| references::resolved_form(body, answers));
    let mut request = Request::new(member.method(), &url);
    if let Some(body) = &body {
        request.params.add_form(body);
    }
    request.bearer = member.header("authorization").and_then(bearer);
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
    if request.access_token().is_some() {
        return;
    }
    request.bearer = outer.access_token();
    for name in ["appsecret_proof", "appsecret_time"] {
        if let Some(value) = outer.params.get(name) {
            request.params.add(name, value);
        }
    }
}

/// Adds the headers that Meta adds; as JavaScript, which is what recorded answers in batches are.
fn transmitted(answer: Answer, member: &Member<'_>, headers: Headers) -> Answer {
    let known_tag = member.header("if-none-match");
    if matches!(headers, Headers::Omitted) && known_tag.is_none() {
        return answer;
    }
    let mut answer = answer_headers::complete(answer, member.method(), known_tag);
    let kind = "text/javascript; charset=UTF-8".to_owned();
    answer.headers.push(("Content-Type".into(), kind));
    answer
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
