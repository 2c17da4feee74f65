//! The look ahead. The daemon makes it from the inventory; nothing is changed and Meta is not asked.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::api::request::{Asked, Viewer};
use crate::api::state::SharedAppState;
use crate::api::types::{ForecastQuery, NotAQuestion, Problem, ProblemType};
use crate::model::{Forecast, ForecastError, ForecastQuestion};

/// What would happen in the next days: logins that would be due, renewals, emails, calls to Meta, and tokens that would
/// lapse. Days begin at midnight UTC.
#[utoipa::path(
    get, path = "/v1/forecast", params(ForecastQuery), responses((status = 200, body = Forecast))
)]
pub(in crate::api) async fn forecast(
    viewer: Viewer,
    State(app_state): SharedAppState,
    Asked(query): Asked<ForecastQuery>,
) -> Result<Response, Problem> {
    let question = ForecastQuestion::try_from(query)?;
    let answer = timeout(
        app_state.limits.answer,
        app_state.forecast(viewer.rank, question),
    );
    let forecast = answer.await.map_err(|_| not_ready_yet())??;
    Ok(Json(&*forecast).into_response())
}

fn not_ready_yet() -> Problem {
    let detail = "the forecast is not ready yet. Ask again, or for fewer days";
    Problem::new(ProblemType::Busy, detail)
}

impl From<NotAQuestion> for Problem {
    fn from(error: NotAQuestion) -> Self {
        Self::new(ProblemType::Malformed, error.to_string())
    }
}

impl From<ForecastError> for Problem {
    fn from(error: ForecastError) -> Self {
        let kind = match &error {
            ForecastError::NoSuchPerson(_) => ProblemType::NoSuchPerson,
            ForecastError::NoSuchApp(_) => ProblemType::UnknownApp,
            ForecastError::Busy => ProblemType::Busy,
            ForecastError::Stopping => ProblemType::Stopping,
            ForecastError::Inventory(_) => ProblemType::InventoryUnavailable,
        };
        Self::new(kind, error.to_string())
    }
}
