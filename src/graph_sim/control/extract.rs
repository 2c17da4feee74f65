//! Reads orders and questions, and says in JSON why one cannot be read.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::Refused;

pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let read = axum::Json::<T>::from_request(request, state).await;
        let axum::Json(order) = read.map_err(|e| Refused(e.status(), e.body_text()))?;
        Ok(Self(order))
    }
}

pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(head: &mut Parts, state: &S) -> Result<Self, Refused> {
        let read = axum::extract::Query::<T>::from_request_parts(head, state).await;
        let axum::extract::Query(question) =
            read.map_err(|e| Refused(e.status(), e.body_text()))?;
        Ok(Self(question))
    }
}
