//! Logins as programs see them. The link and the pasted address are valid for one person, once. Operators can see them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{LoginCode, ReturnAddress, SubjectView};
use crate::login::{Account, LoginProgress};
use crate::model::{Ending, Login, string_enum};
use crate::secret::Secret;

/// `POST /v1/logins`
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// Optional when there is only one app, or when a token is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// A token of the person who has to log in; without it, anyone may log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Accept the new token even if it has fewer permissions than the one in use.
    #[serde(default)]
    pub accept_fewer: bool,
    /// You will complete the login yourself, with the address that the browser ends at.
    #[serde(default)]
    pub paste: bool,
}

/// The answer to `POST /v1/logins`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginLink {
    /// The address for the person's browser, valid for this login only.
    pub url: String,
    /// The id of the login.
    pub id: String,
    /// Until when the link works.
    pub expires_at: Timestamp,
}

/// `POST /v1/logins/{id}/complete`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompletionRequest {
    /// The complete address that the browser ended at.
    #[serde(serialize_with = "super::secrets::openly")]
    #[schema(value_type = ReturnAddress, write_only)]
    pub address: Secret,
}

/// `POST /v1/logins/code`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginCodeRequest {
    /// Optional when there is only one app, or when a token is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The code that Meta's JavaScript gave your page, as an embedded signup does.
    #[serde(serialize_with = "super::secrets::openly")]
    #[schema(value_type = LoginCode, write_only)]
    pub code: Secret,
    /// The token that the code's token replaces; without it, the token is found by whose it is, or is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Accept the new token even if it has fewer permissions than the one in use.
    #[serde(default)]
    pub accept_fewer: bool,
}

/// The answer to `POST /v1/logins/code`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginAccepted {
    /// The login, as in `GET /v1/logins/{id}`.
    pub id: String,
    /// The event to follow.
    pub event: String,
}

string_enum! {
    /// The progress of a login.
    LoginState {
        /// The person has not come back from Meta.
        Awaited = "awaited",
        Expired = "expired",
        /// The daemon is asking Meta what the login gives.
        Asking = "asking",
        /// The login succeeded; Meta has yet to confirm some of the tokens.
        Confirming = "confirming",
        /// The login succeeded, and all its tokens are settled.
        Done = "done",
        /// The login failed, and nothing was changed.
        Refused = "refused",
    }
}

/// `GET /v1/logins/{id}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginView {
    /// The id of the login.
    pub id: String,
    /// The name of the app.
    pub app: String,
    /// The person who has to log in; null when anyone may.
    pub expected: Option<SubjectView>,
    /// Until when the link works.
    pub expires_at: Timestamp,
    /// How far it is.
    pub state: LoginState,
    /// Why the login failed, as a short identifier.
    pub error: Option<String>,
    /// Meta's error code for the failure.
    pub code: Option<i64>,
    /// The person who logged in.
    pub person: Option<SubjectView>,
    /// The name of the person's token.
    pub token: Option<String>,
    /// Permissions that the person did not grant.
    pub declined: Vec<String>,
    /// Permissions that the current token has and the new one lacks. The new token was not accepted.
    pub fewer: Vec<String>,
    /// Another reason why the new token was not accepted.
    pub mismatch: Option<String>,
    /// The first of the person's pages that the login does not reach; `left_out_in_all` counts all of them.
    pub left_out: Vec<String>,
    /// How many pages the person left out.
    pub left_out_in_all: u64,
    /// How many of the person's tokens work; `broken` counts those that do not.
    pub working: u64,
    /// How many of the person's tokens do not work.
    pub broken: u64,
    /// The names of the first tokens that do not work.
    pub still_broken: Vec<String>,
}

impl LoginView {
    pub(in crate::api) fn new(login: Login, progress: LoginProgress) -> Self {
        let view = Self::awaited(login);
        match progress {
            LoginProgress::Awaited => view,
            LoginProgress::Expired => Self {
                state: LoginState::Expired,
                ..view
            },
            LoginProgress::Asking { .. } => Self {
                state: LoginState::Asking,
                ..view
            },
            LoginProgress::Granted(account) => view.granted(*account),
            LoginProgress::Refused(ending) => view.refused(ending),
        }
    }

    fn awaited(login: Login) -> Self {
        let name = login.person_name;
        Self {
            id: login.id.0.to_string(),
            app: login.wanted.app,
            expected: login.wanted.person.map(|id| SubjectView { id, name }),
            expires_at: login.wanted.expires_at,
            state: LoginState::Awaited,
            error: None,
            code: None,
            person: None,
            token: None,
            declined: Vec::new(),
            fewer: Vec::new(),
            mismatch: None,
            left_out: Vec::new(),
            left_out_in_all: 0,
            working: 0,
            broken: 0,
            still_broken: Vec::new(),
        }
    }

    fn granted(self, account: Account) -> Self {
        let state = if account.is_over() {
            LoginState::Done
        } else {
            LoginState::Confirming
        };
        let broken = account.tokens.iter().filter(|token| !token.works());
        let granted = account.granted;
        let fewer = account.fewer.as_ref();
        Self {
            state,
            still_broken: broken.map(|token| token.name.clone()).collect(),
            person: Some(SubjectView {
                id: granted.person,
                name: granted.name,
            }),
            token: Some(granted.token),
            declined: granted.declined,
            fewer: fewer.map_or_else(Vec::new, |fewer| fewer.iter().map(str::to_owned).collect()),
            mismatch: account.mismatch,
            left_out: granted.left_out,
            left_out_in_all: granted.left_out_in_all,
            working: account.token_counts.working,
            broken: account.token_counts.broken,
            ..self
        }
    }

    fn refused(self, ending: Ending) -> Self {
        let (error, code, name) = match ending {
            Ending::WrongPerson { name } => ("wrong_person", None, name),
            Ending::Failed { why, code } => (why.as_str(), code, None),
            Ending::Granted(_) => ("", None, None),
        };
        Self {
            state: LoginState::Refused,
            error: Some(error.to_owned()),
            code,
            mismatch: name.map(|name| format!("it was the login of {name}")),
            ..self
        }
    }
}
