//! Recognizes Meta's error messages, for errors whose code says too little.

use crate::model::{Cause, MetaCode};

use super::wire::ErrorBody;

/// The causes behind code 190 without a known subcode, which covers anything from a mistyped token to a missing page
/// permission. The first text that matches decides.
const CAUSES: &[(&str, Cause)] = &[
    (
        "must be granted before impersonating",
        Cause::PermissionMissing,
    ),
    ("must be an administrator", Cause::PageRoleLost),
    ("belongs to a page that", Cause::PageGone),
    ("has not authorized application", Cause::AppRemoved),
    ("application was uninstalled", Cause::AppRemoved),
    ("log in to www.facebook.com", Cause::Checkpoint),
    ("not a confirmed user", Cause::Checkpoint),
    ("checkpoint", Cause::Checkpoint),
    ("hasn't engaged the app", Cause::DataAccessExpired),
    ("could not be decrypted", Cause::Unreadable),
    ("cannot parse", Cause::Unreadable),
    ("malformed", Cause::Unreadable),
    ("signature", Cause::Unreadable),
    ("token data", Cause::Unreadable),
    ("between the postcard and the payload", Cause::Unreadable),
    ("application has been deleted", Cause::AppUnavailable),
    // The debugger accepted the calling app, so this is about the app that the token names.
    ("error validating application", Cause::Unreadable),
    ("session has expired", Cause::Expired),
    ("session does not match", Cause::PasswordChanged),
    ("invalidated explicitly", Cause::SessionEnded),
    ("has been invalidated", Cause::PasswordChanged),
];

pub(super) fn cause(message: &str) -> Cause {
    let known = CAUSES.iter().find(|(text, _)| message.contains(text));
    known.map_or(Cause::SessionEnded, |(_, cause)| *cause)
}

/// Returns whether the error is about the call: the token is alive, but of the wrong kind for the call.
pub(super) fn leaves_token_alive(error_body: &ErrorBody) -> bool {
    const TEXTS: [&str; 2] = [
        "must be called with a page access token",
        "page access token is required",
    ];
    match (error_body.meta.code, error_body.meta.subcode) {
        (190, Some(2_069_032)) => true,
        (190, None) => TEXTS.iter().any(|text| error_body.message.contains(text)),
        _ => false,
    }
}

/// What Instagram and Threads say about the code of a login, under the code 400, with Facebook's subcodes for the same.
const OF_CODES: [(&str, i64); 4] = [
    ("was already used", 36_009),
    ("has been used", 36_009),
    ("code has expired", 36_007),
    ("redirect_uri", 36_008),
];

pub(super) fn with_subcode_of_code(meta: MetaCode, message: &str) -> MetaCode {
    let known = OF_CODES.iter().find(|(text, _)| message.contains(text));
    match (meta.code, meta.subcode, known) {
        (400, None, Some((_, subcode))) => MetaCode {
            subcode: Some(*subcode),
            ..meta
        },
        _ => meta,
    }
}

/// Returns whether the error is about a page, an account or a permission that the token does not reach, without a word
/// about its session.
pub(super) fn is_about_an_asset(error_body: &ErrorBody) -> bool {
    let (code, subcode) = (error_body.meta.code, error_body.meta.subcode);
    matches!((code, subcode), (10 | 200..=299, None) | (100, Some(33)))
        && !is_app_blocked(code, &error_body.message)
}

/// Code 200 means a missing permission, unless the message says that Meta has blocked or disabled the app.
pub(super) fn is_app_blocked(code: i64, message: &str) -> bool {
    const TEXTS: [&str; 3] = ["blocked", "deactivated", "disabled"];
    let stated = message.split_once("api access ").map(|(_, stated)| stated);
    code == 200 && stated.is_some_and(|stated| TEXTS.iter().any(|text| stated.starts_with(text)))
}
