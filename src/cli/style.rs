//! Colours. They are always written and stripped on the way out where nobody would see them.

use anstyle::{AnsiColor, Style};

use crate::token::State;

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default();
pub(super) const TROUBLE: Style = AnsiColor::Magenta.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();

pub(super) const fn of_state(state: State) -> Style {
    match state {
        State::Unverified => FAINT,
        State::Healthy => GOOD,
        State::Expiring => WARNING,
        State::Failing => TROUBLE,
        State::Dead => BAD,
    }
}

pub(super) fn paint(text: &str, style: Style) -> String {
    if text.is_empty() || style == PLAIN {
        return text.to_owned();
    }
    format!("{style}{text}{style:#}")
}
