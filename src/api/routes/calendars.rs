//! Calendars of coming logins: lists their addresses, and revokes one. An address is a key, so only operators see it. It
//! is made when it is first named.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::problem_response::JobError;
use crate::api::request::{Asked, Operator, Person, no_such_calendar};
use crate::api::state::{AppState, SharedAppState};
use crate::api::types::{CalendarList, CalendarQuery, CalendarView, Problem, ProblemType};
use crate::inventory::{Error, Tx};
use crate::model::{Event, NamedCalendar, NewEvent, Token};

const USUAL_LIMIT: usize = 100;
const HIGHEST_LIMIT: usize = 1000;

/// What the calendar of the operators is called where others have a person.
const OPERATORS: &str = "operators";

/// How many people of one name are listed.
const CANDIDATES: usize = 20;

/// The addresses of the calendars, page by page: that of the operators, then those of people by app and id.
#[utoipa::path(
    get, path = "/v1/calendars", params(CalendarQuery), responses((status = 200, body = CalendarList))
)]
pub(in crate::api) async fn list(
    _: Operator,
    State(app_state): SharedAppState,
    Asked(query): Asked<CalendarQuery>,
) -> Result<Json<CalendarList>, Problem> {
    let public_url = public_url(&app_state).ok_or_else(no_public_part)?;
    let limit = query.limit.unwrap_or(USUAL_LIMIT);
    if !(1..=HIGHEST_LIMIT).contains(&limit) {
        let detail = format!("limit: expected a number from 1 to {HIGHEST_LIMIT}");
        return Err(Problem::new(ProblemType::Malformed, detail));
    }
    let is_first = query.after.is_none();
    let after = query.after.unwrap_or_default();
    let people = app_state.read(move |view| {
        let after = after.split_once('/').unwrap_or_default();
        view.people_who_log_in(after, limit + 1)
    });
    let mut people = people.await?;
    let is_last = people.len() <= limit;
    people.truncate(limit);
    let last = people.last().filter(|_| !is_last);
    let next = last.map(|last| format!("{}/{}", last.app, last.person));
    if is_first {
        people.insert(0, of_operators());
    }
    let calendars = named(&app_state, people, public_url).await?;
    Ok(Json(CalendarList { calendars, next }))
}

fn of_operators() -> NamedCalendar {
    NamedCalendar {
        app: String::new(),
        person: String::new(),
        name: None,
    }
}

/// The calendars with their addresses. It writes only when one of them has none.
async fn named(
    app_state: &AppState,
    people: Vec<NamedCalendar>,
    public_url: String,
) -> Result<Vec<CalendarView>, Problem> {
    let (known, url) = (people.clone(), public_url.clone());
    let known = app_state.read(move |view| {
        let address = |person: NamedCalendar| {
            let address = view.calendar_address(&person.app, &person.person, &url)?;
            Ok(address.map(|address| view_of(person, address)))
        };
        known.into_iter().map(address).collect::<Result<_, Error>>()
    });
    let known: Option<Vec<CalendarView>> = known.await?;
    if let Some(known) = known {
        return Ok(known);
    }
    let named = app_state.transact(move |tx| {
        let name = |person: NamedCalendar| {
            let address = tx.name_calendar(&person.app, &person.person, &public_url)?;
            Ok(view_of(person, address))
        };
        people.into_iter().map(name).collect()
    });
    named.await
}

fn view_of(person: NamedCalendar, url: String) -> CalendarView {
    let stated = |text: String| Some(text).filter(|text| !text.is_empty());
    CalendarView {
        app: stated(person.app),
        person: stated(person.person),
        name: person.name,
        url,
    }
}

/// The address of the calendar of a token's person. `None` if no person logs in for the token, or if the address is new
/// and cannot be stored.
pub(super) async fn of_token(
    app_state: &AppState,
    token: &Token,
    public_url: String,
) -> Option<String> {
    let facts = token.facts.as_ref()?;
    let (app, person) = (token.app.clone(), facts.person.clone());
    let (of, url) = ((app.clone(), person.clone()), public_url.clone());
    let found = app_state.read(move |view| {
        let (app, person) = of;
        let address = view.calendar_address(&app, &person, &url)?;
        Ok((address, view.has_calendar(&app, &person)?))
    });
    match found.await.ok()? {
        (Some(address), true) => Some(address),
        (None, true) => {
            let name = move |tx: &Tx<'_>| Ok(tx.name_calendar(&app, &person, &public_url)?);
            app_state.transact(name).await.ok()
        }
        (_, false) => None,
    }
}

/// Revokes the address of a calendar: of a person by id or name, or of the `operators`. It answers 404 from then on, and
/// the next one is new.
#[utoipa::path(
    delete, path = "/v1/calendars/{person}", params(("person" = String, Path)), responses((status = 204))
)]
pub(in crate::api) async fn revoke(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    Person(person): Person,
) -> Result<StatusCode, Problem> {
    let now = app_state.now();
    let revoked = app_state.transact(move |tx| {
        for NamedCalendar { app, person, .. } in meant(tx, &person)? {
            if !tx.revoke_calendar(&app, &person)? {
                return Err(no_such_calendar().into());
            }
            let is_of_operators = person.is_empty();
            let event = Event::CalendarRevoked {
                person: if is_of_operators {
                    OPERATORS.to_owned()
                } else {
                    person
                },
                asked_by: asked_by.clone(),
            };
            let event = match is_of_operators {
                true => NewEvent::from(event),
                false => NewEvent::of_app(&app, event),
            };
            tx.record_event(&event, now)?;
        }
        Ok(StatusCode::NO_CONTENT)
    });
    revoked.await
}

/// The calendars that are meant: one, or those that a person of this id has in several apps.
fn meant(tx: &Tx<'_>, person: &str) -> Result<Vec<NamedCalendar>, JobError> {
    if person == OPERATORS {
        return Ok(vec![of_operators()]);
    }
    let found = tx.calendars_of(person, CANDIDATES)?;
    let of_id: Vec<_> = found
        .iter()
        .filter(|calendar| calendar.person == person)
        .cloned()
        .collect();
    match (of_id.is_empty(), found.as_slice()) {
        (false, _) => Ok(of_id),
        (true, []) => Err(no_such_calendar().into()),
        (true, [_]) => Ok(found),
        (true, candidates) => Err(ambiguous(candidates).into()),
    }
}

fn ambiguous(candidates: &[NamedCalendar]) -> Problem {
    let describe = |calendar: &NamedCalendar| {
        let name = calendar.name.as_deref().unwrap_or_default();
        format!("{} ({name}, app {})", calendar.person, calendar.app)
    };
    let candidates: Vec<String> = candidates.iter().map(describe).collect();
    let detail = format!(
        "several calendars belong to people of this name. Give the id: {}",
        candidates.join("; ")
    );
    Problem::new(ProblemType::Ambiguous, detail)
}

fn public_url(app_state: &AppState) -> Option<String> {
    app_state.settings.borrow().logins.public_url.clone()
}

fn no_public_part() -> Problem {
    Problem::new(
        ProblemType::NoPublicPart,
        "there is no [web] in the configuration, so calendars have no address. Add [web], or write a calendar as a file: \
         perennial forecast --ics",
    )
}
