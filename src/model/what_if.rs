//! A supposition as people write it: `person Ada Lovelace leaves 2027-01-15`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use super::WhatIf;

/// Reads on after the text in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not understood; write \"person NAME leaves 2027-01-15\", \"app NAME throttled 50%\" or \"nobody logs in\""
)]
pub struct NotASupposition;

impl FromStr for WhatIf {
    type Err = NotASupposition;

    fn from_str(text: &str) -> Result<Self, NotASupposition> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["nobody", "logs", "in"] => Ok(Self::NobodyLogsIn),
            ["person", name @ .., "leaves", day] if !name.is_empty() => Ok(Self::Leaves {
                person: name.join(" "),
                on: date(day).ok_or(NotASupposition)?,
            }),
            ["app", app, "throttled", percent] => {
                let percent = percent.strip_suffix('%').and_then(|n| n.parse().ok());
                let percent = percent.filter(|percent| (1..=100).contains(percent));
                Ok(Self::Throttled {
                    app: (*app).to_owned(),
                    percent: percent.ok_or(NotASupposition)?,
                })
            }
            _ => Err(NotASupposition),
        }
    }
}

/// `2027-01-15`, and none of the other ways to write a date.
fn date(text: &str) -> Option<Date> {
    let date: Date = text.parse().ok()?;
    (date.to_string() == text).then_some(date)
}

impl fmt::Display for WhatIf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaves { person, on } => write!(f, "person {person} leaves {on}"),
            Self::Throttled { app, percent } => write!(f, "app {app} throttled {percent}%"),
            Self::NobodyLogsIn => f.write_str("nobody logs in"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supposition_is_read_as_it_is_written() {
        for text in [
            "person Ada Lovelace leaves 2027-01-15",
            "person 7 leaves 2027-01-15",
            "app acme throttled 50%",
            "nobody logs in",
        ] {
            let what_if: WhatIf = text.parse().unwrap();
            assert_eq!(what_if.to_string(), text);
        }
        assert_eq!("  nobody  logs in ".parse(), Ok(WhatIf::NobodyLogsIn));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "everybody logs in",
            "person leaves 2027-01-15",
            "person Ada leaves soon",
            "person Ada leaves 2027-02-30",
            "person Ada leaves 20270115",
            "person Ada leaves 2027-01-15T10:00",
            "app acme throttled 50",
            "app acme throttled 0%",
            "app acme throttled 101%",
            "app throttled 50%",
        ] {
            assert_eq!(text.parse::<WhatIf>(), Err(NotASupposition), "{text}");
        }
    }
}
