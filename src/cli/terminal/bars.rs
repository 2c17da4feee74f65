//! Bars: how much of a token's life is left, and how much of a limit is used.

use anstyle::Style;
use jiff::{SignedDuration, Timestamp};

use super::output::{Glyphs, Medium, TerminalFormat};
use super::table::Cell;
use super::{style, time};
use crate::api::types::TokenView;

/// The usual life of a long-lived token, where the real one is unknown.
const USUAL_LIFE: SignedDuration = SignedDuration::from_hours(60 * 24);
const DATA_ACCESS_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);

const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
const VERY_SOON: SignedDuration = SignedDuration::from_hours(3 * 24);

/// One of a token's two clocks: its expiry, or the expiry of its data access.
pub(crate) struct ClockFace {
    /// `None` when it never expires, or when the expiry is unknown.
    end: Option<Timestamp>,
    whole: SignedDuration,
    /// Whether Meta has said when that is.
    is_known: bool,
}

impl ClockFace {
    pub(crate) fn of_expiry(token: &TokenView) -> Self {
        let life = token.expires_at.zip(token.issued_at);
        let life = life.map(|(end, issued)| end.duration_since(issued));
        Self {
            end: token.expires_at,
            whole: life
                .filter(SignedDuration::is_positive)
                .unwrap_or(USUAL_LIFE),
            is_known: token.expires_at.is_some() || token.never_expires,
        }
    }

    pub(crate) fn of_data_access(token: &TokenView) -> Self {
        Self {
            end: token.data_access_expires_at,
            whole: DATA_ACCESS_LIFE,
            is_known: token.kind.is_some(),
        }
    }

    /// `████████░░ 41 d`, `never`; in a pipe, the expiry itself.
    pub(crate) fn cell(&self, now: Timestamp, format: &TerminalFormat) -> Cell {
        if !self.is_known {
            return Cell::styled("unknown", style::FAINT);
        }
        let Some(end) = self.end else {
            return Cell::styled("never", style::FAINT);
        };
        if format.is_pipe() {
            return Cell::new(end.to_string());
        }
        let left = end.duration_since(now);
        let text = if left.is_positive() {
            time::short_span(left)
        } else {
            "ended".to_owned()
        };
        let progress_bar = progress_bar(seconds(left), seconds(self.whole), format);
        Cell::styled(beside(&progress_bar, &text), urgency(left))
    }
}

pub(crate) fn urgency(left: SignedDuration) -> Style {
    if left < VERY_SOON {
        style::BAD
    } else if left < SOON {
        style::WARNING
    } else {
        Style::new()
    }
}

/// `████░░░░░░ 43 %`
pub(crate) fn usage(percent: u32, format: &TerminalFormat) -> Cell {
    let progress_bar = progress_bar(u64::from(percent), 100, format);
    let text = beside(&progress_bar, &format!("{percent} %"));
    Cell::styled(text, use_of_limit(percent))
}

pub(crate) const fn use_of_limit(percent: u32) -> Style {
    match percent {
        90.. => style::BAD,
        70.. => style::WARNING,
        ..70 => Style::new(),
    }
}

fn beside(progress_bar: &str, text: &str) -> String {
    if progress_bar.is_empty() {
        text.to_owned()
    } else {
        format!("{progress_bar} {text}")
    }
}

/// The duration in seconds, 0 if it is negative.
fn seconds(of: SignedDuration) -> u64 {
    u64::try_from(of.as_secs()).unwrap_or(0)
}

/// Adapts to the terminal's width; empty on a narrow terminal and in a pipe.
fn progress_bar(part: u64, whole: u64, format: &TerminalFormat) -> String {
    let width: u64 = match format.medium {
        Medium::Terminal { width: 110.. } => 10,
        Medium::Terminal { width: 90.. } => 5,
        Medium::Terminal { width: ..90 } | Medium::Pipe => return String::new(),
    };
    let (full, empty) = match format.glyphs {
        Glyphs::Unicode => ('█', '░'),
        Glyphs::Ascii => ('#', '.'),
    };
    let filled = (part.min(whole) * width).div_ceil(whole.max(1));
    (0..width)
        .map(|step| if step < filled { full } else { empty })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::TokenList;
    use crate::cli::terminal::output::tests::{pipe, terminal};

    #[test]
    fn a_bar_is_empty_only_when_nothing_is_left() {
        for (part, expected) in [
            (0, "░░░░░░░░░░"),
            (1, "█░░░░░░░░░"),
            (50, "█████░░░░░"),
            (51, "██████░░░░"),
            (100, "██████████"),
            (300, "██████████"),
        ] {
            assert_eq!(progress_bar(part, 100, &terminal(120)), expected, "{part}");
        }
    }

    #[test]
    fn only_an_end_that_meta_excludes_is_never() {
        let list = include_str!("../tests/tokens.json");
        let mut list: TokenList = serde_json::from_str(list).unwrap();
        let page = &mut list.tokens[0];
        let now = page.imported_at;
        for (never_expires, expected) in [(true, "never"), (false, "unknown")] {
            page.never_expires = never_expires;
            let cell = ClockFace::of_expiry(page).cell(now, &pipe());
            assert_eq!(
                cell.painted(),
                Cell::styled(expected, style::FAINT).painted()
            );
        }
    }

    #[test]
    fn a_bar_takes_the_room_there_is() {
        assert_eq!(progress_bar(50, 100, &terminal(100)), "███░░");
        assert_eq!(progress_bar(50, 100, &terminal(80)), "");
        assert_eq!(progress_bar(50, 100, &pipe()), "");
        let mut old = terminal(120);
        old.glyphs = Glyphs::Ascii;
        assert_eq!(progress_bar(50, 100, &old), "#####.....");
        assert_eq!(progress_bar(50, 0, &old), "..........");
    }
}
