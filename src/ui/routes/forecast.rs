//! The next days: what would happen, as a picture and as tables.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use crate::api::types::ForecastQuery;
use crate::model::{Forecast, ForecastQuestion};
use crate::ui::failure::Failure;
use crate::ui::page::Page;
use crate::ui::state::Ui;
use crate::ui::timeline::{self, Timeline};

/// The most rows of a table.
const ROWS: usize = 12;

#[derive(Serialize)]
struct Body {
    forecast: Forecast,
    timeline: Timeline,
}

pub(super) async fn show(State(ui): Ui) -> Result<Response, Failure> {
    let query = ForecastQuery::default();
    let (visit, forecast) = ui.visit_with(ui.client.forecast(&query)).await?;
    let body = Body {
        timeline: timeline::of(&forecast),
        forecast: shortened(forecast),
    };
    let page = Page::new(
        "forecast.html",
        "forecast",
        format!("Next {} days", ForecastQuestion::USUAL_DAYS),
        body,
    );
    Ok(ui.render(&visit, &page))
}

/// The first of each list, and how many are left out in all.
pub(in crate::ui) fn shortened(mut forecast: Forecast) -> Forecast {
    let left_out = &mut forecast.left_out;
    left_out.logins += cut(&mut forecast.logins);
    left_out.emails += cut(&mut forecast.emails);
    left_out.lapses += cut(&mut forecast.lapses);
    left_out.single_admin_pages += cut(&mut forecast.single_admin_pages);
    forecast.calls.clear();
    forecast
}

fn cut<T>(list: &mut Vec<T>) -> u64 {
    let more = list.len().saturating_sub(ROWS);
    list.truncate(ROWS);
    more as u64
}
