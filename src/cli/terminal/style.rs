//! Colors. They are always written, and removed where the stream is not a terminal.

use anstyle::{AnsiColor, Style};

use crate::model::State;

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
pub(crate) const TROUBLE: Style = AnsiColor::Magenta.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();

pub(crate) const fn of_state(state: State) -> Style {
    match state {
        State::Unverified => FAINT,
        State::Healthy => GOOD,
        State::Expiring => WARNING,
        State::Failing => TROUBLE,
        State::Dead => BAD,
    }
}

pub(crate) fn paint(text: &str, style: Style) -> String {
    if text.is_empty() || style == PLAIN {
        return text.to_owned();
    }
    format!("{style}{text}{style:#}")
}
