//! Reads the path: the name of a token, the id of an incident or of a login.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::api::problem_response::JobError;
use crate::api::state::AppState;
use crate::api::types::{Problem, ProblemType};
use crate::inventory::{View, name_is_valid};
use crate::model::{IncidentId, LoginId, Token};

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

impl Name {
    /// The token of this name.
    pub(in crate::api) fn token(&self, view: &View<'_>) -> Result<Token, JobError> {
        Ok(view.token_named(&self.0)?.ok_or_else(no_such_token)?)
    }
}

/// A token's name in the path, and after it the name of one of its consumers.
#[derive(Debug)]
pub(in crate::api) struct NameAndConsumer(pub(in crate::api) Name, pub(in crate::api) String);

impl FromRequestParts<Arc<AppState>> for NameAndConsumer {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        app_state: &Arc<AppState>,
    ) -> Result<Self, Problem> {
        match Path::<(String, String)>::from_request_parts(parts, app_state).await {
            Ok(Path((name, consumer))) if name_is_valid(&name) => Ok(Self(Name(name), consumer)),
            Ok(_) | Err(_) => Err(no_such_token()),
        }
    }
}

/// The name or the id of a person in the path.
#[derive(Debug)]
pub(in crate::api) struct Person(pub(in crate::api) String);

impl FromRequestParts<Arc<AppState>> for Person {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        app_state: &Arc<AppState>,
    ) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, app_state).await {
            Ok(Path(person)) => Ok(Self(person)),
            Err(_) => Err(no_such_calendar()),
        }
    }
}

pub(in crate::api) fn no_such_calendar() -> Problem {
    Problem::new(
        ProblemType::NoSuchPerson,
        "no calendar belongs to a person with this name or id. List the calendars: perennial calendar",
    )
}

/// The id of an incident or of a login in the path.
#[derive(Debug)]
pub(in crate::api) struct Id<T>(pub(in crate::api) T);

pub(in crate::api) trait PathId: Sized {
    fn new(id: i64) -> Self;

    /// The answer to an id that does not exist, or cannot.
    fn missing() -> Problem;
}

impl<T: PathId> FromRequestParts<Arc<AppState>> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        app_state: &Arc<AppState>,
    ) -> Result<Self, Problem> {
        match Path::<i64>::from_request_parts(parts, app_state).await {
            Ok(Path(id)) => Ok(Self(T::new(id))),
            Err(_) => Err(T::missing()),
        }
    }
}

impl PathId for LoginId {
    fn new(id: i64) -> Self {
        Self(id)
    }

    fn missing() -> Problem {
        Problem::new(
            ProblemType::NoSuchLogin,
            "there is no login with this id, or it was too long ago. Start one: perennial login",
        )
    }
}

impl PathId for IncidentId {
    fn new(id: i64) -> Self {
        Self(id)
    }

    fn missing() -> Problem {
        Problem::new(
            ProblemType::NoSuchIncident,
            "there is no incident with this id. List the incidents: perennial incidents",
        )
    }
}
