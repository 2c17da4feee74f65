//! Calendars of coming logins, for calendar programs. The address is the key to what is there: one that was revoked is
//! answered like any other unknown address, and none is logged.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use tokio::time::timeout;

use crate::calendar::{self, Entry, OPERATORS};
use crate::model::{Calendar, ForecastError, ForecastQuestion, ForeseenLogin, ShownCalendar};
use crate::secret::Secret;
use crate::web::page::PageError;
use crate::web::state::{AppState, SharedAppState};

/// So many pages are named.
const NAMED: usize = 20;
/// A program that asks again sooner gets its own copy.
const CACHED: &str = "private, max-age=3600";
/// How long the forecast is waited for: less than a request may take.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long the inventory may take to record what is shown.
const RECORDING: Duration = Duration::from_secs(1);

pub(super) async fn show(
    State(app_state): SharedAppState,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let ticket = file.strip_suffix(".ics").ok_or(PageError::Nothing)?;
    let ticket = Secret::new(ticket);
    let found = app_state.read(move |view| {
        let Some(calendar) = view.calendar_of_ticket(&ticket)? else {
            return Ok(None);
        };
        let pages = match calendar.is_of_operators() {
            true => Vec::new(),
            false => view.page_names_of(&calendar.app, &calendar.person, NAMED)?,
        };
        Ok(Some((calendar, pages)))
    });
    let (calendar, pages) = found.await?.ok_or(PageError::Nothing)?;
    let (shown, entries) = content(&app_state, &calendar, &pages).await?;
    if calendar.shown.as_ref() != Some(&shown) {
        record(&app_state, &calendar, &shown).await;
    }
    Ok(answer(&calendar, &shown, &entries, &headers))
}

/// What the calendar shows now.
async fn content(
    app_state: &AppState,
    calendar: &Calendar,
    pages: &[String],
) -> Result<(ShownCalendar, Vec<Entry>), PageError> {
    let now = app_state.now();
    let person = Some(calendar.person.clone()).filter(|person| !person.is_empty());
    let forecast = app_state.backend.forecasts.ask(ForecastQuestion {
        person,
        ..ForecastQuestion::default()
    });
    let forecast = match timeout(PATIENCE, forecast).await {
        Ok(Ok(forecast)) => Some(forecast),
        // None of the person's tokens needs a login.
        Ok(Err(ForecastError::NoSuchPerson(_))) => None,
        Ok(Err(_)) | Err(_) => return Err(PageError::Unavailable),
    };
    let logins: &[ForeseenLogin] = forecast.as_deref().map_or(&[], |forecast| &forecast.logins);
    let is_shown = |login: &&ForeseenLogin| {
        calendar.is_of_operators() || login.app == calendar.app && login.person == calendar.person
    };
    let before = calendar.shown.as_ref();
    let logins = calendar::number(before, logins.iter().filter(is_shown));
    let entries = match &forecast {
        Some(forecast) if calendar.is_of_operators() => {
            calendar::of_operators(forecast, &logins, now)
        }
        Some(_) | None => {
            let settings = app_state.logins();
            let platform = settings.platform_title(&calendar.app);
            calendar::of_person(&logins, platform, pages, now)
        }
    };
    let shown = calendar::revise(before, &logins, &entries, now);
    Ok((shown, entries))
}

/// A calendar is shown even when this cannot be recorded. The next reading then recognizes the same change.
async fn record(app_state: &AppState, before: &Calendar, after: &ShownCalendar) {
    let (before, after) = (before.clone(), after.clone());
    let inventory = &app_state.backend.inventory;
    let recorded = inventory.write(move |tx| tx.record_shown(&before, &after));
    match timeout(RECORDING, recorded).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!("could not record what a calendar shows: {error}"),
        Err(_) => tracing::warn!("could not record in time what a calendar shows"),
    }
}

fn answer(
    calendar: &Calendar,
    shown: &ShownCalendar,
    entries: &[Entry],
    headers: &HeaderMap,
) -> Response {
    let tag = tag(shown);
    let fixed = [
        (header::CACHE_CONTROL, CACHED.to_owned()),
        (header::ETAG, tag.clone()),
        (header::LAST_MODIFIED, http_date(shown.modified_at)),
    ];
    if has_it(headers, &tag, shown.modified_at) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    let name = match calendar.is_of_operators() {
        true => OPERATORS.to_owned(),
        false => format!("Logins for {}", calendar.app),
    };
    let text = calendar::render(&name, entries, shown.into());
    let kind = [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")];
    (fixed, kind, text).into_response()
}

/// It is weak because the text of an unrecorded change has another time in it whenever it is read.
fn tag(shown: &ShownCalendar) -> String {
    let digest = shown.digest.get(..16).unwrap_or_default();
    format!("W/\"{}-{digest}\"", shown.sequence)
}

/// Whether the program has this calendar already. Its tag counts before its date.
fn has_it(headers: &HeaderMap, tag: &str, modified_at: Timestamp) -> bool {
    let stated = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(tags) = stated(header::IF_NONE_MATCH) {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        return tags.trim() == "*" || tags.split(',').any(|known| opaque(known) == opaque(tag));
    }
    let since = stated(header::IF_MODIFIED_SINCE).and_then(|since| rfc2822::parse(since).ok());
    since.is_some_and(|since| since.timestamp() >= modified_at)
}

fn http_date(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn having(name: HeaderName, value: &str) -> bool {
        let modified_at = "2026-12-01T09:00:00Z".parse().unwrap();
        let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
        has_it(&headers, "W/\"3-abc\"", modified_at)
    }

    #[test]
    fn a_program_says_what_it_has_by_tag_or_by_date() {
        for tags in ["W/\"3-abc\"", "\"3-abc\"", "\"x\", W/\"3-abc\"", "*"] {
            assert!(having(header::IF_NONE_MATCH, tags), "{tags}");
        }
        assert!(!having(header::IF_NONE_MATCH, "W/\"2-abc\""));
        for (date, has_it) in [
            ("Tue, 01 Dec 2026 09:00:00 GMT", true),
            ("Tue, 01 Dec 2026 08:59:59 GMT", false),
            ("yesterday", false),
        ] {
            assert_eq!(having(header::IF_MODIFIED_SINCE, date), has_it, "{date}");
        }
    }

    #[test]
    fn a_date_is_written_as_http_has_it() {
        let at = "2026-12-01T09:00:00Z".parse().unwrap();
        assert_eq!(http_date(at), "Tue, 01 Dec 2026 09:00:00 GMT");
    }
}
