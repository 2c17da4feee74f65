//! Tests the client against a scripted server on loopback.

mod book;
mod calls;
mod debugging;
mod faults;
mod platforms;
mod scripted_server;
mod table;

use std::time::Duration;

use serde_json::{Value, json};

use super::{Certainty, Client, Error, Settings};
use crate::secret::Secret;

const APP: &str = "257422819769992";

/// One to three words, to keep tables readable.
pub(super) fn describe(error: &Error) -> String {
    match error {
        Error::Refused(rejection) if rejection.certainty == Certainty::Doubtful => {
            format!("perhaps {}", rejection.cause)
        }
        Error::Refused(rejection) => rejection.cause.to_string(),
        Error::App { cause, .. } => format!("app: {cause}"),
        Error::Busy { bucket, .. } => format!("busy {bucket:?}"),
        Error::Blocked { .. } => "blocked".to_owned(),
        Error::Transient { .. } => "transient".to_owned(),
        Error::Unreachable(_) => "unreachable".to_owned(),
        Error::Unexpected { .. } => "unexpected".to_owned(),
    }
}

fn settings(url: &str) -> Settings {
    Settings {
        app: "acme".to_owned(),
        platform: &super::FACEBOOK,
        id: APP.to_owned(),
        secrets: vec![Secret::new("hush")],
        version: "v25.0".to_owned(),
        url: url.to_owned(),
        code_url: None,
        tester_token: None,
        batch: 50,
        timeout: Duration::from_secs(20),
    }
}

fn client(url: &str) -> Client {
    Client::new(settings(url)).unwrap()
}

fn secrets(tokens: &[&str]) -> Vec<Secret> {
    tokens.iter().copied().map(Secret::new).collect()
}

/// The debugger's answer about a user token that works.
fn alive(user: &str) -> Value {
    json!({"data": {"app_id": APP, "type": "USER", "is_valid": true, "user_id": user, "expires_at": 0}})
}

fn error(code: i64, message: &str) -> Value {
    json!({"error": {"code": code, "type": "OAuthException", "message": message}})
}
