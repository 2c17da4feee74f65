//! What a forecast becomes in a calendar: one entry a login, and for operators the versions that end and the tokens
//! that lapse.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::model::number::grouped;
use crate::model::{Forecast, ForeseenLogin, Lapse, VersionEnding};

/// An entry for a whole day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The same as long as it is about the same thing, whatever its day.
    pub uid: String,
    pub on: Date,
    pub summary: String,
    pub description: String,
}

/// A login, and which one of the person it is since the calendar began.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    pub foreseen: &'a ForeseenLogin,
    pub round: u32,
}

impl<'a> Login<'a> {
    /// For a calendar that remembers no earlier login.
    pub const fn first_seen(foreseen: &'a ForeseenLogin) -> Self {
        Self {
            foreseen,
            round: foreseen.round,
        }
    }

    fn uid(&self) -> String {
        let ForeseenLogin { app, person, .. } = self.foreseen;
        format!("login-{app}-{person}-{}@perennial", self.round)
    }
}

/// So many logins of an app on one day are shown one by one.
const ONE_BY_ONE: usize = 20;
/// So many names are listed.
const NAMED: usize = 20;
/// So many days before the end, there is time to spare.
const AHEAD: i64 = 7;

const FOR_PLANNING: &str = "This entry is for planning. The day may move. When you need to log in, an email with the link comes.";
const FOR_OPERATORS: &str =
    "This entry is for planning, and the day may move. Run `perennial forecast` for the details.";

/// The day to log in: a week before the end. If that has passed, the day before the end. If that has passed as well,
/// today, so that a login that is still needed does not vanish into the past.
pub fn day_to_log_in(by: Timestamp, now: Timestamp) -> Date {
    let (end, today) = (day(by), day(now));
    let before = |days: i64| end.saturating_sub(days.days());
    [before(AHEAD), before(1)]
        .into_iter()
        .find(|day| *day >= today)
        .unwrap_or(today)
}

/// The logins of one person, as that person reads them. `platform` is where the person logs in, `pages` are the names
/// of the first pages.
pub fn of_person(
    logins: &[Login<'_>],
    platform: &str,
    pages: &[String],
    now: Timestamp,
) -> Vec<Entry> {
    let entry = |login: &Login<'_>| {
        let ForeseenLogin { by, app, .. } = login.foreseen;
        Entry {
            uid: login.uid(),
            on: day_to_log_in(*by, now),
            summary: match login.foreseen.pages {
                0 => format!("Log in to {platform} for {app}"),
                pages => format!(
                    "Log in to {platform} for {} of {app}",
                    counted(pages, "page")
                ),
            },
            description: [
                what_ends(login.foreseen),
                listed(pages, login.foreseen.pages),
                FOR_PLANNING.to_owned(),
            ]
            .into_iter()
            .filter(|paragraph| !paragraph.is_empty())
            .collect::<Vec<_>>()
            .join("\n\n"),
        }
    };
    logins.iter().map(entry).collect()
}

/// Everything that operators plan for.
pub fn of_operators(forecast: &Forecast, logins: &[Login<'_>], now: Timestamp) -> Vec<Entry> {
    let mut by_day: BTreeMap<(Date, &str), Vec<&Login<'_>>> = BTreeMap::new();
    for login in logins {
        let on = day_to_log_in(login.foreseen.by, now);
        let same_day = by_day.entry((on, &login.foreseen.app)).or_default();
        same_day.push(login);
    }
    let mut entries = Vec::new();
    for ((on, app), logins) in by_day {
        if logins.len() > ONE_BY_ONE {
            entries.push(many_logins(on, app, &logins));
        } else {
            entries.extend(logins.into_iter().map(|login| one_login(on, login)));
        }
    }
    entries.extend(forecast.version_ends.iter().map(version_end));
    entries.extend(lapses(&forecast.lapses));
    entries
}

fn one_login(on: Date, login: &Login<'_>) -> Entry {
    let ForeseenLogin { app, pages, .. } = login.foreseen;
    let name = name(login.foreseen);
    Entry {
        uid: login.uid(),
        on,
        summary: match pages {
            0 => format!("{name}: log in for {app}"),
            pages => format!("{name}: log in for {} of {app}", counted(*pages, "page")),
        },
        description: format!("{}\n\n{FOR_OPERATORS}", what_ends(login.foreseen)),
    }
}

fn many_logins(on: Date, app: &str, logins: &[&Login<'_>]) -> Entry {
    let names: Vec<String> = logins.iter().map(|login| name(login.foreseen)).collect();
    let pages: u64 = logins.iter().map(|login| login.foreseen.pages).sum();
    let of_pages = match pages {
        0 => app.to_owned(),
        pages => format!("{} of {app}", counted(pages, "page")),
    };
    let people = logins.len() as u64;
    Entry {
        uid: format!("logins-{app}-{on}@perennial"),
        on,
        summary: format!("{} people: log in for {of_pages}", grouped(people)),
        description: format!("{}\n\n{FOR_OPERATORS}", listed(&names, people)),
    }
}

fn version_end(ending: &VersionEnding) -> Entry {
    let VersionEnding {
        app,
        api,
        version,
        on,
    } = ending;
    let title = match api.as_str() {
        "marketing" => "Marketing API",
        _ => "Graph API",
    };
    Entry {
        uid: format!("version-{app}-{api}-{version}@perennial"),
        on: *on,
        summary: format!("{title} {version} ends ({app})"),
        description: format!(
            "Meta no longer serves {title} {version} from this day on. Move {app} to a later version before.\n\n\
             {FOR_OPERATORS}"
        ),
    }
}

/// One entry a day. Tokens are counted, not named.
fn lapses(lapses: &[Lapse]) -> Vec<Entry> {
    let mut by_day: BTreeMap<Date, u64> = BTreeMap::new();
    for lapse in lapses {
        *by_day.entry(day(lapse.at)).or_default() += 1;
    }
    let entry = |(on, tokens)| Entry {
        uid: format!("lapses-{on}@perennial"),
        on,
        summary: match tokens {
            1 => "1 token would lapse".to_owned(),
            tokens => format!("{} tokens would lapse", grouped(tokens)),
        },
        description: format!(
            "They would end even if everyone who can act does.\n\n{FOR_OPERATORS}"
        ),
    };
    by_day.into_iter().map(entry).collect()
}

fn what_ends(login: &ForeseenLogin) -> String {
    let (tokens, on) = (counted(login.tokens, "token"), day(login.by));
    let app = &login.app;
    match login.tokens {
        1 => format!("Access of {app} ends on {on}: {tokens} depends on this login."),
        _ => format!("Access of {app} ends on {on}: {tokens} depend on this login."),
    }
}

/// The names, and how many there are besides.
fn listed(names: &[String], in_all: u64) -> String {
    let mut lines: Vec<String> = names.iter().take(NAMED).cloned().collect();
    let more = in_all.saturating_sub(lines.len() as u64);
    if more > 0 && !lines.is_empty() {
        lines.push(format!("and {} more", grouped(more)));
    }
    lines.join("\n")
}

fn name(login: &ForeseenLogin) -> String {
    login.name.clone().unwrap_or_else(|| login.person.clone())
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
