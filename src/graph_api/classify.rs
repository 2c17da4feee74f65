//! Maps Meta's error codes to what the caller can do. Reads the message only where the code says too little.

use crate::model::{Cause, MetaCode};

use super::texts;
use super::wire::{self, ErrorBody};
use super::{Bucket, Certainty, Error, TokenRejection};

/// The credentials that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The app's own credentials, which made the call.
    App,
    /// The app's own credentials, in one entry of a batch: an error of a single entry need not concern the whole app.
    BatchEntry,
    /// A token that the debugger inspected; the error is inside a successful answer.
    Inspected,
    /// A token that was sent to be exchanged for another.
    Exchanged,
    /// The token that made the call.
    Caller,
}

/// Returns the error in an answer, if it holds one.
pub(super) fn assess(status: u16, body: &str, role: Role) -> Result<(), Error> {
    match wire::error_body(body) {
        Ok(Some(error_body)) => Err(classify(&error_body, role, status)),
        Ok(None) if (200..300).contains(&status) => Ok(()),
        Err(unreadable) if (200..300).contains(&status) => Err(unreadable),
        Ok(None) | Err(_) => Err(by_status(status)),
    }
}

/// The error for an answer without readable error details, from Meta or from a proxy in between.
fn by_status(status: u16) -> Error {
    match status {
        300..400 => Error::unreachable("the answer is a redirect, which is not followed"),
        429 => Error::Busy {
            bucket: Bucket::App,
            regain: None,
            meta: MetaCode::default(),
        },
        _ => Error::unreachable(format!("HTTP {status} without an explanation")),
    }
}

impl Role {
    const fn is_app(self) -> bool {
        matches!(self, Self::App | Self::BatchEntry)
    }
}

/// "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: v15.0."
/// (facebook/facebook-nodejs-business-sdk, issue 239)
const VERSION_ENDED: i64 = 2635;

/// Checks in this order because Meta adds `is_transient` to rate limits, and code 1 to a wrong secret.
pub(super) fn classify(error_body: &ErrorBody, role: Role, status: u16) -> Error {
    let meta = error_body.meta.clone();
    if let Some(bucket) = exhausted(meta.code, role) {
        return Error::Busy {
            bucket,
            regain: None,
            meta: MetaCode {
                subcode: None,
                ..meta
            },
        };
    }
    if meta.code == VERSION_ENDED {
        let cause = Cause::VersionEnded;
        return Error::App { cause, meta };
    }
    if meta.code == 368 {
        return Error::Blocked(meta);
    }
    if error_body.is_transient == Some(true) {
        return Error::Transient(meta);
    }
    if texts::leaves_token_alive(error_body) {
        return Error::Unexpected { meta, status };
    }
    if let Some(cause) = blames_app(error_body, role) {
        return Error::App { cause, meta };
    }
    if may_pass(error_body) {
        return Error::Transient(meta);
    }
    match refused(error_body, role) {
        Some((cause, certainty)) => Error::Refused(TokenRejection {
            cause,
            meta,
            certainty,
        }),
        None => Error::Unexpected {
            meta: texts::with_subcode_of_code(meta, &error_body.message),
            status,
        },
    }
}

/// Returns the call budget that is used up, by the code alone. A call with the app's token can only reach the app's own
/// limit; in a batch, it can also be the limit of the page or business behind one entry. An error that the debugger
/// reports about the inspected token concerns that token, because the call itself succeeded.
const fn exhausted(code: i64, role: Role) -> Option<Bucket> {
    let of_app = matches!(code, 4 | 9 | 341 | 613);
    let of_caller = matches!(code, 17 | 32 | 80_000..=80_014);
    match role {
        _ if !of_app && !of_caller => None,
        Role::Inspected => Some(Bucket::Token),
        Role::App => Some(Bucket::App),
        Role::BatchEntry | Role::Caller | Role::Exchanged if of_app => Some(Bucket::App),
        Role::BatchEntry | Role::Caller | Role::Exchanged => Some(Bucket::Token),
    }
}

/// Returns whether the error is Meta's own fault: code 2, or code 1 unless its subcode stands for a permanent error.
fn may_pass(error_body: &ErrorBody) -> bool {
    let hides_rejection = error_body.is_transient == Some(false)
        && !matches!(error_body.meta.subcode, None | Some(99));
    match error_body.meta.code {
        1 => !hides_rejection && !is_about_another_apps_token(error_body),
        2 => true,
        _ => false,
    }
}

/// The debugger and the exchange have different words for it.
fn is_about_another_apps_token(error_body: &ErrorBody) -> bool {
    let message = &error_body.message;
    match error_body.meta.code {
        1 => message.contains("does not belong to application"),
        100 => message.contains("app_id in the input_token did not match"),
        _ => false,
    }
}

/// Recognizes errors about the app, its secret or the proof made with it. Their codes vary; their messages do not.
fn blames_app(error_body: &ErrorBody, role: Role) -> Option<Cause> {
    let code = error_body.meta.code;
    if role == Role::Inspected {
        return None;
    }
    let message = &error_body.message;
    if message.contains("error validating client secret") || message.contains("appsecret_proof") {
        return Some(Cause::AppSecretWrong);
    }
    if message.contains("error validating application")
        || texts::is_app_blocked(code, message)
        || matches!(code, 3 | 101)
    {
        return Some(Cause::AppUnavailable);
    }
    match code {
        102 | 190 | 412 | 450 | 452 if role.is_app() => Some(Cause::AppSecretWrong),
        10 | 200..=299 if role.is_app() => Some(Cause::AppUnavailable),
        // Also for desktop apps, whose app token Meta does not accept.
        100 if role.is_app() && message.contains("must provide an app access token") => {
            Some(Cause::AppUnavailable)
        }
        _ => None,
    }
}

fn refused(error_body: &ErrorBody, role: Role) -> Option<(Cause, Certainty)> {
    let certain = |cause| Some((cause, Certainty::Certain));
    let (code, subcode) = (error_body.meta.code, error_body.meta.subcode);
    if is_about_another_apps_token(error_body) {
        return certain(Cause::WrongApp);
    }
    if role.is_app() {
        return None;
    }
    let doubtful = |cause| Some((cause, Certainty::Doubtful));
    match (code, subcode) {
        (0 | 102 | 190 | 200..=299, Some(subcode)) if session(subcode).is_some() => {
            session(subcode)
        }
        (102 | 190, _) => doubtful(texts::cause(&error_body.message)),
        // The app could make this call, so the error is about the token. A second check must confirm it.
        (3 | 101, _) => doubtful(Cause::AppUnavailable),
        (200, _) if texts::is_app_blocked(code, &error_body.message) => {
            doubtful(Cause::AppUnavailable)
        }
        (450 | 452, _) => certain(Cause::SessionEnded),
        (412, _) => certain(Cause::AppRemoved),
        (10 | 200..=299, _) => certain(Cause::PermissionMissing),
        // In an exchange, this error is about the call, not about a page.
        (100, Some(33)) if role != Role::Exchanged => certain(Cause::PageGone),
        (100, None) if error_body.message.contains("missing permissions") => {
            certain(Cause::PermissionMissing)
        }
        _ => None,
    }
}

/// Subcodes about a person's session. Meta sends them with several codes.
const fn session(subcode: i64) -> Option<(Cause, Certainty)> {
    Some(match subcode {
        458 | 461 => (Cause::AppRemoved, Certainty::Certain),
        459 | 464 | 490 => (Cause::Checkpoint, Certainty::Certain),
        452 | 460 => (Cause::PasswordChanged, Certainty::Certain),
        463 => (Cause::Expired, Certainty::Certain),
        466 => (Cause::SessionEnded, Certainty::Certain),
        // Meta also sends this for its own system errors.
        467 => (Cause::SessionEnded, Certainty::Doubtful),
        492 => (Cause::PageRoleLost, Certainty::Certain),
        493 => (Cause::DataAccessExpired, Certainty::Certain),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::Role::{App, Caller, Exchanged, Inspected};
    use super::*;
    use crate::graph_api::tests::describe;

    fn classified(status: u16, body: &str, role: Role) -> String {
        describe(&assess(status, body, role).unwrap_err())
    }

    fn error(fields: &str) -> String {
        format!(r#"{{"error":{{"type":"OAuthException","fbtrace_id":"A+b/C",{fields}}}}}"#)
    }

    const BY_CODE: [(i64, i64, &str); 63] = [
        (190, 458, "app_removed"),
        (190, 459, "checkpoint"),
        (190, 460, "password_changed"),
        (190, 463, "expired"),
        (190, 464, "checkpoint"),
        (190, 466, "session_ended"),
        (190, 467, "perhaps session_ended"),
        (230, 467, "perhaps session_ended"),
        (190, 492, "page_role_lost"),
        (190, 493, "data_access_expired"),
        (190, 999, "perhaps session_ended"),
        (190, 0, "perhaps session_ended"),
        (102, 0, "perhaps session_ended"),
        (102, 459, "checkpoint"),
        (102, 463, "expired"),
        (0, 463, "expired"),
        (230, 464, "checkpoint"),
        (450, 0, "session_ended"),
        (452, 0, "session_ended"),
        (412, 0, "app_removed"),
        (10, 0, "permission_missing"),
        (200, 0, "permission_missing"),
        (210, 0, "permission_missing"),
        (299, 0, "permission_missing"),
        (300, 0, "unexpected"),
        (3, 0, "app: app_unavailable"),
        (101, 0, "app: app_unavailable"),
        (100, 33, "page_gone"),
        (100, 0, "unexpected"),
        (100, 36007, "unexpected"),
        (100, 36009, "unexpected"),
        (191, 0, "unexpected"),
        (104, 0, "unexpected"),
        (2500, 0, "unexpected"),
        (1, 0, "transient"),
        (1, 99, "transient"),
        (2, 0, "transient"),
        (4, 0, "busy App"),
        (9, 0, "busy App"),
        (341, 0, "busy App"),
        (613, 0, "busy App"),
        (613, 1996, "busy App"),
        (17, 0, "busy Token"),
        (17, 2446079, "busy Token"),
        (32, 0, "busy Token"),
        (80000, 2446079, "busy Token"),
        (80001, 0, "busy Token"),
        (80002, 0, "busy Token"),
        (80003, 2446079, "busy Token"),
        (80004, 2446079, "busy Token"),
        (80005, 0, "busy Token"),
        (80006, 0, "busy Token"),
        (80008, 0, "busy Token"),
        (80009, 0, "busy Token"),
        (80014, 0, "busy Token"),
        (368, 0, "blocked"),
        (2635, 0, "app: version_ended"),
        (506, 0, "unexpected"),
        (1609005, 0, "unexpected"),
        (490, 0, "unexpected"),
        (1190, 0, "unexpected"),
        (-1, 0, "unexpected"),
        (0, 0, "unexpected"),
    ];

    /// Code, role, expected result, message; no subcode.
    const BY_TEXT: &str = "
        190 | Caller | perhaps unreadable | The access token could not be decrypted
        190 | Caller | perhaps unreadable | Invalid OAuth access token - Cannot parse access token
        190 | Caller | perhaps unreadable | Malformed access token
        190 | Caller | perhaps unreadable | Session key 1 is malformed because of invalid user id.
        190 | Inspected | perhaps unreadable | Invalid OAuth access token signature.
        190 | Caller | perhaps expired | Error validating access token: Session has expired on Wednesday
        190 | Caller | perhaps password_changed | Error validating access token: The session has been invalidated because the user changed their password
        190 | Inspected | perhaps session_ended | The session was invalidated explicitly using an API call.
        190 | Caller | perhaps permission_missing | Any of the pages_read_engagement, pages_show_list permission(s) must be granted before impersonating a user's page.
        190 | Caller | app: app_unavailable | Error validating application. Cannot get application info due to a system error.
        190 | Inspected | perhaps unreadable | Error validating application. Cannot get application info due to a system error.
        190 | App | app: app_unavailable | Error validating application. Application has been deleted.
        190 | App | app: app_secret_wrong | Invalid OAuth access token - Debug only access token
        190 | App | app: app_secret_wrong | Invalid OAuth access token signature.
        1 | Exchanged | app: app_secret_wrong | Error validating client secret.
        100 | Exchanged | app: app_secret_wrong | Error validating client secret.
        101 | Exchanged | app: app_secret_wrong | Error validating client secret.
        101 | Exchanged | app: app_unavailable | Error validating application. Invalid application ID.
        1 | Exchanged | app: app_unavailable | Error validating application.
        100 | Caller | app: app_secret_wrong | Invalid appsecret_proof provided in the API argument
        100 | Caller | app: app_secret_wrong | API calls from the server require an appsecret_proof argument
        100 | App | wrong_app | (#100) The App_id in the input_token did not match the Viewing App
        100 | Inspected | wrong_app | (#100) The App_id in the input_token did not match the Viewing App
        1 | Exchanged | wrong_app | The access token does not belong to application 944918291404883
        100 | App | app: app_unavailable | (#100) You must provide an app access token, or a user access token that is an owner or developer of the app
        100 | Caller | permission_missing | (#100) Missing permissions
        200 | App | app: app_unavailable | (#200) Provide valid app ID
        200 | Caller | permission_missing | (#200) The user hasn't authorized the application to perform this action
        1 | Caller | transient | Please reduce the amount of data you're asking for, then retry your request
        5 | Caller | unexpected | error 190 subcode 463: session has expired
    ";

    #[test]
    fn codes_tell_the_state_of_a_token_that_made_the_call() {
        for (code, subcode, expected) in BY_CODE {
            let body = error(&format!(
                r#""message":"m","code":{code},"error_subcode":{subcode}"#
            ));
            assert_eq!(classified(400, &body, Caller), expected, "{code}/{subcode}");
        }
    }

    #[test]
    fn text_decides_only_where_the_code_does_not() {
        for row in BY_TEXT.trim().lines() {
            let [code, role, expected, message] =
                row.trim().splitn(4, " | ").collect::<Vec<_>>()[..]
            else {
                panic!("{row}");
            };
            let role = [App, Caller, Exchanged, Inspected]
                .into_iter()
                .find(|known| format!("{known:?}") == role)
                .unwrap();
            let body = error(&format!(r#""message":{message:?},"code":{code}"#));
            assert_eq!(classified(400, &body, role), expected, "{row}");
        }
    }

    #[test]
    fn a_fault_of_ours_or_of_meta_never_condemns_a_token() {
        for (role, code, subcode, expected) in [
            (App, 190, 463, "app: app_secret_wrong"),
            (App, 102, 0, "app: app_secret_wrong"),
            (App, 10, 0, "app: app_unavailable"),
            (App, 2635, 0, "app: version_ended"),
            (Exchanged, 2635, 0, "app: version_ended"),
            (Inspected, 2635, 0, "app: version_ended"),
            (App, 100, 33, "unexpected"),
            (App, 17, 0, "busy App"),
            (App, 80001, 0, "busy App"),
            (Exchanged, 100, 33, "unexpected"),
            (Exchanged, 1, 33, "transient"),
            (Inspected, 2, 0, "transient"),
            (Inspected, 190, 460, "password_changed"),
        ] {
            let body = error(&format!(
                r#""message":"m","code":{code},"error_subcode":{subcode}"#
            ));
            assert_eq!(
                classified(400, &body, role),
                expected,
                "{role:?} {code}/{subcode}"
            );
        }
    }

    #[test]
    fn what_may_pass_is_believed_before_what_it_says_besides() {
        for (fields, expected) in [
            (
                r#""code":190,"error_subcode":467,"is_transient":true"#,
                "transient",
            ),
            (r#""code":100,"is_transient":true"#, "transient"),
            (r#""code":4,"is_transient":true"#, "busy App"),
            (r#""code":368,"is_transient":true"#, "blocked"),
            (
                r#""code":1,"error_subcode":2853001,"is_transient":false"#,
                "unexpected",
            ),
            (
                r#""code":1,"error_subcode":1446036,"is_transient":false"#,
                "unexpected",
            ),
            (
                r#""code":1,"error_subcode":1965014,"is_transient":false"#,
                "unexpected",
            ),
            (r#""code":1,"error_subcode":1965014"#, "transient"),
            (r#""code":1,"is_transient":false"#, "transient"),
            (
                r#""code":190,"error_subcode":463,"is_transient":false"#,
                "expired",
            ),
        ] {
            assert_eq!(
                classified(400, &error(fields), Caller),
                expected,
                "{fields}"
            );
        }
    }

    #[test]
    fn every_envelope_is_opened() {
        for (status, body, expected) in [
            (400, r#"{"error":{"code":190,"subcode":463}}"#, "expired"),
            (
                200,
                r#"{"error":{"code":190,"error_subcode":463}}"#,
                "expired",
            ),
            (
                400,
                r#"{"error":{"code":"190","error_subcode":"463"}}"#,
                "expired",
            ),
            (
                400,
                r#"{"error":{"code":190,"error_subcode":463,"error_data":"{\"a\":1}"}}"#,
                "expired",
            ),
            (
                400,
                r#"{"error":{"code":190,"error_subcode":463,"error_data":{"a":1}}}"#,
                "expired",
            ),
            (
                400,
                r#"{"error":{"code":190,"error_subcode":463,"type":{"new":1},"is_transient":"no"}}"#,
                "expired",
            ),
            (
                400,
                r#"{"error_code":190,"error_description":"This session was invalidated explicitly"}"#,
                "perhaps session_ended",
            ),
            (
                400,
                r#"{"error_code":190,"error_subcode":460,"error_msg":"m","error_reason":"r"}"#,
                "password_changed",
            ),
            (
                400,
                r#"{"error":"invalid_request","error_description":"190"}"#,
                "unexpected",
            ),
            (400, r#"{"error":{}}"#, "unexpected"),
            (400, r#"{"error":[]}"#, "unexpected"),
            (429, "slow down", "busy App"),
            (404, "<html>not here</html>", "unreachable"),
            (502, "<html>bad gateway, error 190</html>", "unreachable"),
            (503, "", "unreachable"),
            (500, r#"{"data":1}"#, "unreachable"),
            (302, "", "unreachable"),
            (200, "", "unreachable"),
            (200, r#"{"error":{"code":190,"error_sub"#, "unreachable"),
            (200, "true", "unreachable"),
        ] {
            let found = classified(status, body, Caller);
            assert_eq!(found, expected, "{status} {body}");
        }
        assert_eq!(assess(200, r#"{"id":"1"}"#, Caller), Ok(()));
        assert_eq!(assess(200, r#"{"error":null,"id":"1"}"#, Caller), Ok(()));
    }

    #[test]
    fn the_envelope_of_a_login_without_facebook_is_opened() {
        for (body, expected) in [
            (
                r#"{"error_type":"OAuthException","code":400,"error_message":"Invalid platform app"}"#,
                "unexpected",
            ),
            (
                r#"{"error_type":"OAuthException","code":400,"error_message":"Error validating client secret."}"#,
                "app: app_secret_wrong",
            ),
            (
                r#"{"error_type":"OAuthRateLimitException","code":4,"error_message":"m"}"#,
                "busy App",
            ),
            (r#"{"code":190,"message":"m"}"#, "unreachable"),
        ] {
            assert_eq!(classified(400, body, Exchanged), expected, "{body}");
        }
    }

    #[test]
    fn a_bad_code_is_known_by_its_text_where_it_has_no_number() {
        let redirect = "Error validating verification code. Please make sure your redirect_uri is identical to the one \
                        you used in the OAuth dialog request";
        for (message, expected) in [
            (
                "Matching code was not found or was already used",
                Some(36009),
            ),
            ("This authorization code has been used", Some(36009)),
            ("This authorization code has expired.", Some(36007)),
            (redirect, Some(36008)),
            ("Invalid platform app", None),
        ] {
            let body = format!(
                r#"{{"error_type":"OAuthException","code":400,"error_message":{message:?}}}"#
            );
            let Err(Error::Unexpected { meta, .. }) = assess(400, &body, Exchanged) else {
                panic!("{message}");
            };
            assert_eq!((meta.code, meta.subcode), (400, expected), "{message}");
        }
    }

    #[test]
    fn codes_and_a_valid_trace_are_passed_on() {
        let body = error(r#""message":"m","code":190,"error_subcode":463"#);
        let Err(Error::Refused(rejection)) = assess(400, &body, Caller) else {
            panic!("not refused");
        };
        assert_eq!(
            (rejection.meta.code, rejection.meta.subcode),
            (190, Some(463))
        );
        assert_eq!(rejection.meta.fbtrace_id.as_deref(), Some("A+b/C"));
        for odd in [
            r#""""#,
            r#""a b""#,
            r#""{\"x\"}""#,
            "7",
            &format!("{:?}", "x".repeat(41)),
        ] {
            let body = format!(r#"{{"error":{{"code":2,"fbtrace_id":{odd}}}}}"#);
            let Err(Error::Transient(meta)) = assess(500, &body, Caller) else {
                panic!("not transient");
            };
            assert_eq!(meta.fbtrace_id, None, "{odd}");
        }
    }

    #[test]
    fn an_answer_without_an_error_is_judged_by_its_status() {
        let words =
            |status, body: &str| assess(status, body, App).map_err(|error| error.to_string());
        assert_eq!(words(200, "{}"), Ok(()));
        assert_eq!(words(299, "{}"), Ok(()));
        for status in [302, 400, 500] {
            for body in ["{}", "<html>", ""] {
                let error = words(status, body).unwrap_err();
                let expected = match status {
                    302 => "a redirect, which is not followed".to_owned(),
                    _ => format!("HTTP {status} without an explanation"),
                };
                assert!(error.contains(&expected), "{status} {body}: {error}");
            }
        }
        let unreadable = assess(200, "<html>", App).unwrap_err();
        assert!(!unreadable.to_string().contains("HTTP 200"), "{unreadable}");
    }

    #[test]
    fn a_limit_has_no_subcode_that_could_be_taken_for_a_cause() {
        let body = error(r#""code":4,"error_subcode":460,"message":"limit""#);
        let Err(Error::Busy { meta, .. }) = assess(400, &body, App) else {
            panic!("it is a limit");
        };
        assert_eq!((meta.code, meta.subcode), (4, None));
    }
}
