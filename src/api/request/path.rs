//! Reads the path: the name of a token, the id of an incident or of a login.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::api::state::AppState;
use crate::api::types::{Problem, ProblemType};
use crate::inventory::name_is_valid;
use crate::model::{IncidentId, LoginId};

/// A token's name in the path. An invalid name is answered like the name of a missing token.
#[derive(Debug)]
pub(in crate::api) struct Name(pub(in crate::api) String);

impl FromRequestParts<Arc<AppState>> for Name {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        app_state: &Arc<AppState>,
    ) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, app_state).await {
            Ok(Path(name)) if name_is_valid(&name) => Ok(Self(name)),
            Ok(_) | Err(_) => Err(no_such_token()),
        }
    }
}

pub(in crate::api) fn no_such_token() -> Problem {
    Problem::new(
        ProblemType::NoSuchToken,
        "there is no token with this name. List the tokens: perennial tokens",
    )
}

/// The number in the path; `None` if there is none.
async fn id_in(parts: &mut Parts, app_state: &Arc<AppState>) -> Option<i64> {
    let id = Path::<i64>::from_request_parts(parts, app_state).await;
    id.ok().map(|Path(id)| id)
}

/// A login's id in the path.
#[derive(Debug)]
pub(in crate::api) struct LoginName(pub(in crate::api) LoginId);

impl FromRequestParts<Arc<AppState>> for LoginName {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        app_state: &Arc<AppState>,
    ) -> Result<Self, Problem> {
        let id = id_in(parts, app_state).await;
        id.map(|id| Self(LoginId(id))).ok_or_else(no_such_login)
    }
}

pub(in crate::api) fn no_such_login() -> Problem {
    Problem::new(
        ProblemType::NoSuchLogin,
        "there is no login with this id, or it was too long ago. Start one: perennial login",
    )
}

/// An incident's id in the path.
#[derive(Debug)]
pub(in crate::api) struct Id(pub(in crate::api) IncidentId);

impl FromRequestParts<Arc<AppState>> for Id {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        app_state: &Arc<AppState>,
    ) -> Result<Self, Problem> {
        let id = id_in(parts, app_state).await;
        id.map(|id| Self(IncidentId(id)))
            .ok_or_else(no_such_incident)
    }
}

pub(in crate::api) fn no_such_incident() -> Problem {
    Problem::new(
        ProblemType::NoSuchIncident,
        "there is no incident with this id. List the incidents: perennial incidents",
    )
}
