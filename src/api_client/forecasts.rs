//! The call for a forecast.

use super::paths::with_query;
use super::{Client, Error};
use crate::api::types::ForecastQuery;
use crate::model::Forecast;

impl Client {
    pub async fn forecast(&self, query: &ForecastQuery) -> Result<Forecast, Error> {
        self.get(&with_query("/v1/forecast", query)).await
    }
}
