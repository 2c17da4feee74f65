//! Decides what a login requests, and what Meta's answers mean. Pure.

use super::App;
use crate::graph_api::{Error, Permission};
use crate::model::{Ending, Facts, Kind, Login, LoginError, Remedy, Scopes, Token, slug};

/// Requests declined permissions again, which the dialog otherwise leaves out.
const REREQUEST: &str = "rerequest";
/// Starts another 90 days of data access.
const REAUTHORIZE: &str = "reauthorize";

/// The `auth_type` of the dialog for a remedy: what it asks besides permissions that were never requested before.
pub fn auth_type(remedy: Remedy, was_declined_before: bool) -> Option<&'static str> {
    if was_declined_before || remedy == Remedy::GrantPermissions {
        Some(REREQUEST)
    } else {
        (remedy == Remedy::Reauthorize).then_some(REAUTHORIZE)
    }
}

/// Whether the token belongs to another person than the one who was asked to log in. If Meta has not yet said whose the
/// token to replace is, every person counts as another.
pub fn is_of_another(login: &Login, facts: &Facts) -> bool {
    match &login.wanted.person {
        Some(expected) => *expected != facts.person,
        None => login.wanted.token.is_some(),
    }
}

/// Whether a person's own token may replace this one. It may not replace a page token.
pub fn may_be_a_persons_own(token: &Token) -> bool {
    let kind = token.facts.as_ref().map(|facts| facts.kind);
    kind.is_none_or(|kind| kind.is_persons_own() || kind == Kind::SystemUser)
}

/// The requested permissions that the person declined.
pub fn declined(app: &App, reported: &[Permission]) -> Vec<String> {
    let is_asked_for = |name: &str| app.config_id.is_some() || app.scopes.contains(name);
    let declined = reported
        .iter()
        .filter(|permission| permission.status == "declined" && is_asked_for(&permission.name));
    let mut names: Vec<String> = declined.map(|permission| permission.name.clone()).collect();
    names.sort_unstable();
    names
}

/// The requested permissions that an answer to a code leaves out. An answer that names none does not say.
pub fn not_granted(app: &App, granted: Option<&Scopes>) -> Vec<String> {
    let missing = granted.map_or_else(Scopes::default, |granted| app.scopes.without(granted));
    missing.iter().map(str::to_owned).collect()
}

/// The name for the token of a new person, such as `acme-maria-schmidt`.
pub fn name_for(app: &str, person: Option<&str>) -> Option<String> {
    person.and_then(slug).map(|slug| format!("{app}-{slug}"))
}

/// How a login ends when Meta gives no token for the code, or does not say whose it is.
pub fn ending_of(error: &Error) -> Ending {
    let (why, code) = match error {
        Error::Unexpected { meta, .. } => (
            by_number(meta.code, meta.subcode),
            Some(meta.subcode.unwrap_or(meta.code)),
        ),
        Error::Refused(rejection) => (LoginError::Unusable, Some(rejection.meta.code)),
        Error::App { meta, .. } | Error::Blocked(meta) => (LoginError::AppRefused, Some(meta.code)),
        Error::Busy { meta, .. } => (LoginError::Busy, Some(meta.code)),
        Error::Transient(meta) => (LoginError::Lost, Some(meta.code)),
        Error::Unreachable(_) => (LoginError::Lost, None),
    };
    Ending::Failed {
        why,
        code: code.filter(|code| *code != 0),
    }
}

/// Meta's error codes for OAuth codes. Instagram and Threads have 400 for all of them.
const fn by_number(code: i64, subcode: Option<i64>) -> LoginError {
    match (code, subcode) {
        (100 | 400, Some(36009)) => LoginError::CodeUsed,
        (100 | 400, Some(36007)) => LoginError::CodeExpired,
        (100 | 400, Some(36008)) | (191, _) => LoginError::RedirectRefused,
        (100 | 400, _) => LoginError::Unusable,
        _ => LoginError::Lost,
    }
}

#[cfg(test)]
mod tests;
