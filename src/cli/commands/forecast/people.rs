//! Who would have to log in by when, and on whom pages hang.

use std::collections::BTreeSet;

use super::{day_of, section, when};
use crate::cli::terminal::output::TerminalFormat;
use crate::cli::terminal::style;
use crate::cli::terminal::table::{Cell, Column};
use crate::cli::terminal::text::count;
use crate::model::{Forecast, ForeseenLogin, SingleAdminPages};

pub(super) fn logins(forecast: &Forecast, format: &TerminalFormat) -> Option<String> {
    let apps: BTreeSet<_> = forecast.logins.iter().map(|login| &login.app).collect();
    let returns = forecast.logins.iter().any(|login| login.round > 1);
    let mut columns = when("BY", format);
    columns.extend([
        Column::new("PERSON"),
        Column::new("ID").may_vanish(1),
        Column::new("APP").shown_if(apps.len() > 1),
        Column::number("TOKENS"),
        Column::number("PAGES"),
        Column::number("LOGIN").shown_if(returns).may_vanish(2),
    ]);
    let row = |login: &ForeseenLogin| {
        let mut cells = day_of(login.by, forecast.from, format);
        cells.extend(person(login.name.as_deref(), &login.person));
        cells.extend([
            Cell::new(&login.app),
            number(login.tokens, format),
            number(login.pages, format),
            Cell::new(login.round.to_string()),
        ]);
        cells
    };
    let rows = (&*forecast.logins, forecast.left_out.logins);
    section("Logins that would be due", columns, rows, row, format)
}

pub(super) fn single_admin_pages(forecast: &Forecast, format: &TerminalFormat) -> Option<String> {
    let columns = vec![
        Column::new("PERSON"),
        Column::new("ID").may_vanish(1),
        Column::new("APP"),
        Column::number("PAGES"),
    ];
    let row = |single: &SingleAdminPages| {
        let [person, id] = person(single.name.as_deref(), &single.person);
        let pages = number(single.pages, format);
        vec![person, id, Cell::new(&single.app), pages]
    };
    let rows = (
        &*forecast.single_admin_pages,
        forecast.left_out.single_admin_pages,
    );
    section("Pages that hang on one person", columns, rows, row, format)
}

/// The name, if it is known, and the id; `--person` takes either of them.
fn person(name: Option<&str>, id: &str) -> [Cell; 2] {
    let name = match name {
        Some(name) => Cell::new(name),
        None => Cell::styled(id, style::FAINT),
    };
    [name, Cell::styled(id, style::FAINT)]
}

/// `1,822`; in a pipe, `1822`.
pub(super) fn number(of: u64, format: &TerminalFormat) -> Cell {
    Cell::new(match format.is_pipe() {
        true => of.to_string(),
        false => count(of),
    })
}
