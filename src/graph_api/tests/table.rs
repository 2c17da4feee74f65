//! Meta's error table, row by row: each error in every envelope that Meta has been seen to use, and how to react. The
//! messages that decide are Meta's own; codes, messages and envelopes are combined here, not recorded together.

use serde_json::{Value, json};

use super::{APP, describe};
use crate::graph_api::batch::{self, Batch};
use crate::graph_api::classify::{self, Role};
use crate::graph_api::question::questions;
use crate::graph_api::{Error, Inspection, inspection};
use crate::model::{Cause, Kind, Remedy};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/graph/", $name, ".json"))
    };
}

/// Code, subcode, message; the expected result inside the debugger's answer, and that of a call made with the token. A
/// subcode of 0 means none.
type Row = (i64, i64, &'static str, &'static str, &'static str);

const INVALIDATED: &str = "Error validating access token: The session has been invalidated because the user \
    changed their password or Facebook has changed the session for security reasons.";
const MISMATCH: &str = "Error validating access token: Session does not match current stored session. This may be \
    because the user changed the password since the time the session was created or Facebook has changed the session \
    for security reasons.";
const UNINSTALLED: &str = "Error validating access token: Session is invalid. This could be because the application \
    was uninstalled after the session was created.";
const FOLLOW: &str = "Error validating access token: You cannot access the app till you log in to www.facebook.com \
    and follow the instructions given.";
const UNCONFIRMED: &str = "Error validating access token: Sessions for the user are not allowed because the user is \
    not a confirmed user.";
const BLOCKING: &str =
    "Error validating access token: The user is enrolled in a blocking, logged-in checkpoint";
const DISENGAGED: &str = "Error validating access token: The access token is invalid since the user hasn't engaged \
    the app in longer than 90 days.";
const NO_ROLE: &str = "The user must be an administrator, editor, or moderator of the page in order to impersonate \
    it. If the page business requires Two Factor Authentication, the user also needs to enable Two Factor \
    Authentication.";
const UNGRANTED: &str = "Any of the pages_read_engagement, pages_show_list permission(s) must be granted before \
    impersonating a user's page.";
const NEW_PAGES: &str = "User Access Token Is Not Supported: A Page access token is required for this call for the \
    new Pages experience.";
const BY_PAGE_ONLY: &str = "(#190) This method must be called with a Page Access Token";
const POSTCARD: &str = "Expected 1 '.' in the input between the postcard and the payload";
const APP_GONE: &str = "Error validating application. Application has been deleted.";
const NO_APP: &str =
    "Error validating application. Cannot get application info due to a system error.";

#[rustfmt::skip]
const SESSIONS: &[Row] = &[
    (190, 458, "Error validating access token: The user has not authorized application 1.", "app_removed", "app_removed"),
    (190, 459, FOLLOW, "checkpoint", "checkpoint"),
    (190, 460, INVALIDATED, "password_changed", "password_changed"),
    (190, 452, MISMATCH, "password_changed", "password_changed"),
    (190, 461, UNINSTALLED, "app_removed", "app_removed"),
    (190, 463, "Error validating access token: Session has expired on Wednesday, 16-Nov-22 07:45:51 PST.", "expired", "expired"),
    (190, 464, UNCONFIRMED, "checkpoint", "checkpoint"),
    (190, 466, "The session was invalidated explicitly using an API call.", "session_ended", "session_ended"),
    (190, 467, "The session is invalid because the user logged out.", "perhaps session_ended", "perhaps session_ended"),
    (190, 490, BLOCKING, "checkpoint", "checkpoint"),
    (190, 492, NO_ROLE, "page_role_lost", "page_role_lost"),
    (190, 493, DISENGAGED, "data_access_expired", "data_access_expired"),
    (102, 459, FOLLOW, "checkpoint", "checkpoint"),
    (102, 463, "Session has expired", "expired", "expired"),
    (102, 490, BLOCKING, "checkpoint", "checkpoint"),
    (102, 0, "Session key invalid or no longer valid", "perhaps session_ended", "perhaps session_ended"),
    (450, 0, "Session key specified has passed its expiration time", "session_ended", "session_ended"),
    (452, 0, "Session key specified cannot be used to call this method", "session_ended", "session_ended"),
    (412, 0, "User has not installed the application", "app_removed", "app_removed"),
    (190, 2069032, NEW_PAGES, "alive", "unexpected"),
    (190, 0, BY_PAGE_ONLY, "alive", "unexpected"),
];

/// Code 190 without a subcode, or with an unknown one.
#[rustfmt::skip]
const TEXTS: &[Row] = &[
    (190, 0, "The access token could not be decrypted", "perhaps unreadable", "perhaps unreadable"),
    (190, 0, "Invalid OAuth access token - Cannot parse access token", "perhaps unreadable", "perhaps unreadable"),
    (190, 0, "Malformed access token AAAC", "perhaps unreadable", "perhaps unreadable"),
    (190, 0, "Session key 1 is malformed because of invalid user id.", "perhaps unreadable", "perhaps unreadable"),
    (190, 0, "Invalid OAuth access token signature.", "perhaps unreadable", "perhaps unreadable"),
    (190, 0, "Invalid OAuth access token data.", "perhaps unreadable", "perhaps unreadable"),
    (190, 0, POSTCARD, "perhaps unreadable", "perhaps unreadable"),
    (190, 0, NO_APP, "perhaps unreadable", "app: app_unavailable"),
    (190, 0, APP_GONE, "perhaps app_unavailable", "app: app_unavailable"),
    (190, 0, "Error validating access token: Session has expired on Wednesday", "perhaps expired", "perhaps expired"),
    (190, 0, INVALIDATED, "perhaps password_changed", "perhaps password_changed"),
    (190, 0, MISMATCH, "perhaps password_changed", "perhaps password_changed"),
    (190, 0, "The session was invalidated explicitly using an API call.", "perhaps session_ended", "perhaps session_ended"),
    (190, 0, "Invalid OAuth access token.", "perhaps session_ended", "perhaps session_ended"),
    (190, 0, UNINSTALLED, "perhaps app_removed", "perhaps app_removed"),
    (190, 0, "The user has not authorized application 257422819769992.", "perhaps app_removed", "perhaps app_removed"),
    (190, 0, FOLLOW, "perhaps checkpoint", "perhaps checkpoint"),
    (190, 0, UNCONFIRMED, "perhaps checkpoint", "perhaps checkpoint"),
    (190, 0, BLOCKING, "perhaps checkpoint", "perhaps checkpoint"),
    (190, 0, DISENGAGED, "perhaps data_access_expired", "perhaps data_access_expired"),
    (190, 0, NO_ROLE, "perhaps page_role_lost", "perhaps page_role_lost"),
    (190, 0, "The user must be an administrator of the page in order to impersonate it.", "perhaps page_role_lost", "perhaps page_role_lost"),
    (190, 0, "This Page access token belongs to a Page that is not accessible.", "perhaps page_gone", "perhaps page_gone"),
    (190, 0, "This Page access token belongs to a Page that has been deleted.", "perhaps page_gone", "perhaps page_gone"),
    (190, 0, UNGRANTED, "perhaps permission_missing", "perhaps permission_missing"),
    (190, 99999, BLOCKING, "perhaps checkpoint", "perhaps checkpoint"),
    (190, 99999, "?", "perhaps session_ended", "perhaps session_ended"),
    // The subcode has precedence over the message.
    (190, 463, BLOCKING, "expired", "expired"),
];

#[rustfmt::skip]
const RIGHTS_AND_APP: &[Row] = &[
    (10, 0, "(#10) Application does not have permission for this action", "permission_missing", "permission_missing"),
    (200, 0, "(#200) The user hasn't authorized the application to perform this action", "permission_missing", "permission_missing"),
    (210, 0, "(#210) User not visible", "permission_missing", "permission_missing"),
    (200, 0, "API access blocked.", "perhaps app_unavailable", "app: app_unavailable"),
    (200, 0, "API access deactivated. To reactivate, go to the app dashboard.", "perhaps app_unavailable", "app: app_unavailable"),
    (100, 0, "(#100) Missing permissions", "permission_missing", "permission_missing"),
    (100, 33, "Unsupported get request. Object with ID '1' does not exist", "page_gone", "page_gone"),
    (3, 0, "(#3) Application does not have the capability to make this API call.", "perhaps app_unavailable", "app: app_unavailable"),
    (101, 0, "Error validating application. Invalid application ID.", "perhaps app_unavailable", "app: app_unavailable"),
    (1, 0, "Error validating client secret.", "no verdict: outage", "app: app_secret_wrong"),
    (100, 0, "Invalid appsecret_proof provided in the API argument", "no verdict: unexplained", "app: app_secret_wrong"),
    (2500, 0, "An active access token must be used to query information about the current user.", "no verdict: unexplained", "unexpected"),
    (104, 0, "An access token is required to request this resource.", "no verdict: unexplained", "unexpected"),
    (191, 0, "redirect_uri isn't an absolute URI. Check RFC 3986.", "no verdict: unexplained", "unexpected"),
    (506, 0, "Duplicate status message", "no verdict: unexplained", "unexpected"),
];

/// Temporary errors and limits. Inside the debugger's answer a limit is the token's own.
#[rustfmt::skip]
const PASSING: &[Row] = &[
    (1, 0, "An unknown error occurred", "no verdict: outage", "transient"),
    (1, 99, "An unknown error occurred", "no verdict: outage", "transient"),
    (2, 0, "(#2) Service temporarily unavailable", "no verdict: outage", "transient"),
    (4, 0, "(#4) Application request limit reached", "no verdict: throttled", "busy App"),
    (9, 0, "limit", "no verdict: throttled", "busy App"),
    (17, 2446079, "(#17) User request limit reached", "no verdict: throttled", "busy Token"),
    (32, 0, "(#32) Page request limit reached", "no verdict: throttled", "busy Token"),
    (341, 0, "limit", "no verdict: throttled", "busy App"),
    (368, 0, "The action attempted has been deemed abusive or is otherwise disallowed", "no verdict: blocked", "blocked"),
    (613, 1996, "Calls to this api have exceeded the rate limit.", "no verdict: throttled", "busy App"),
    (80000, 2446079, "limit", "no verdict: throttled", "busy Token"),
    (80001, 0, "limit", "no verdict: throttled", "busy Token"),
    (80002, 0, "limit", "no verdict: throttled", "busy Token"),
    (80004, 2446079, "limit", "no verdict: throttled", "busy Token"),
    (80014, 0, "limit", "no verdict: throttled", "busy Token"),
];

fn rows() -> impl Iterator<Item = &'static Row> {
    [SESSIONS, TEXTS, RIGHTS_AND_APP, PASSING]
        .into_iter()
        .flatten()
}

fn inspected(answer: Result<Inspection, Error>) -> String {
    match answer {
        Ok(Inspection::Alive(_)) => "alive".to_owned(),
        Ok(Inspection::Refused { rejection, .. }) => describe(&Error::Refused(rejection)),
        Ok(Inspection::Undecided(error)) => format!("no verdict: {}", error.cause()),
        Err(error) => format!("call failed: {}", describe(&error)),
    }
}

/// Builds an error object. `subcode` has the given name, and is left out if it is 0.
fn object(code: i64, subcode: i64, message: &str, names: [&str; 3]) -> Value {
    let [code_name, subcode_name, message_name] = names;
    let mut object = json!({code_name: code, message_name: message});
    if subcode != 0 {
        object[subcode_name] = subcode.into();
    }
    object
}

fn debugged(mut data: Value) -> String {
    data["app_id"] = APP.into();
    data["type"] = "USER".into();
    data["user_id"] = "123".into();
    data["is_valid"] = false.into();
    json!({ "data": data }).to_string()
}

#[test]
fn every_row_of_the_table_is_judged_inside_the_debuggers_answer() {
    for (code, subcode, message, expected, _) in rows() {
        let error = object(*code, *subcode, message, ["code", "subcode", "message"]);
        let ordinary = object(
            *code,
            *subcode,
            message,
            ["code", "error_subcode", "message"],
        );
        let flat = ["error_code", "error_subcode", "error_description"];
        let old = ["error_code", "error_subcode", "error_msg"];
        for body in [
            debugged(json!({ "error": error })),
            debugged(json!({ "error": ordinary })),
            debugged(object(*code, *subcode, message, flat)),
            debugged(object(*code, *subcode, message, old)),
        ] {
            assert_eq!(
                inspected(inspection::read(200, &body, APP, Role::App)),
                *expected,
                "{body}"
            );
        }
    }
}

#[test]
fn every_row_of_the_table_is_judged_in_every_envelope_of_a_call() {
    for (code, subcode, message, _, expected) in rows() {
        let ordinary = object(
            *code,
            *subcode,
            message,
            ["code", "error_subcode", "message"],
        );
        let flat = ["error_code", "error_subcode", "error_description"];
        let old = ["error_code", "error_subcode", "error_msg"];
        for body in [
            json!({ "error": ordinary }),
            object(*code, *subcode, message, flat),
            object(*code, *subcode, message, old),
        ] {
            let classified = classify::assess(400, &body.to_string(), Role::Caller).unwrap_err();
            assert_eq!(describe(&classified), *expected, "{body}");
        }
    }
}

#[test]
fn causes_inside_whole_answers_have_the_remedies_of_the_table() {
    for (body, cause, remedy) in [
        (
            fixture!("debug_checkpoint"),
            Cause::Checkpoint,
            Remedy::ClearCheckpoint,
        ),
        (
            fixture!("debug_data_access_expired"),
            Cause::DataAccessExpired,
            Remedy::Reauthorize,
        ),
        (
            fixture!("debug_app_blocked"),
            Cause::AppUnavailable,
            Remedy::FixApp,
        ),
    ] {
        let Ok(Inspection::Refused { rejection, .. }) = inspection::read(200, body, APP, Role::App)
        else {
            panic!("{body}");
        };
        assert_eq!((rejection.cause, rejection.cause.remedy()), (cause, remedy));
    }
}

#[test]
fn a_living_token_of_an_old_answer_without_a_type_is_alive() {
    for (body, kind) in [
        (fixture!("debug_without_type").to_owned(), Kind::User),
        (
            fixture!("debug_page").replace(r#""type":"PAGE","#, ""),
            Kind::Page,
        ),
        (
            fixture!("debug_app").replace(r#""type":"APP","#, ""),
            Kind::App,
        ),
    ] {
        let Ok(Inspection::Alive(facts)) = inspection::read(200, &body, APP, Role::App) else {
            panic!("{body}");
        };
        assert_eq!(facts.kind, kind, "{body}");
    }
}

/// The answers to the entries of one batch.
fn entries(answers: &[(u16, String)]) -> Vec<String> {
    let entries: Vec<Value> = answers
        .iter()
        .map(|(code, body)| json!({"code": code, "body": body}))
        .collect();
    let body = Value::from(entries).to_string();
    match batch::read(200, &body, &questions(answers.len()), APP).unwrap() {
        Batch::Entries(answers) => answers
            .into_iter()
            .map(|answer| inspected(answer.map(|described| described.inspection().unwrap())))
            .collect(),
        Batch::NotAccepted => panic!("not taken"),
    }
}

#[test]
fn an_error_of_one_member_is_the_apps_only_where_it_can_be() {
    let alive = || (200, super::alive("7").to_string());
    let failed = |code: i64, message: &str| (400, super::error(code, message).to_string());
    for (code, expected) in [
        (4, "call failed: busy App"),
        (613, "call failed: busy App"),
        (17, "call failed: busy Token"),
        (32, "call failed: busy Token"),
        (80001, "call failed: busy Token"),
        (368, "call failed: blocked"),
        // The other entries succeeded, so Meta accepts the app and its secret.
        (190, "no verdict: unexplained"),
        (200, "no verdict: unexplained"),
        (101, "no verdict: unexplained"),
    ] {
        let reported = entries(&[alive(), failed(code, "m"), alive()]);
        assert_eq!(reported, ["alive", expected, "alive"], "{code}");
    }
    let reported = entries(&[failed(101, "m"), failed(101, "m")]);
    assert_eq!(reported, ["call failed: app: app_unavailable"; 2]);
}
