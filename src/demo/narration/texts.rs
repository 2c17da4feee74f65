//! What a line says of tokens.

use super::entry::TokenNews;
use super::exchanges::Exchanges;
use super::tone::LineTone;
use crate::model::Cause;

/// So many names fit into a line; more are counted.
const ROOM: usize = 40;

impl TokenNews {
    pub(super) const fn tone(&self) -> LineTone {
        match self {
            Self::Died(_) | Self::Failing(_) | Self::Refused(_) => LineTone::Bad,
            Self::Recovered | Self::Renewed(_) | Self::Accepted(_) | Self::Derived { .. } => {
                LineTone::Good
            }
            Self::Expiring => LineTone::Warn,
            Self::Exchanged | Self::InUse => LineTone::Plain,
        }
    }
}

pub(super) fn token_text(
    news: &TokenNews,
    all: &[String],
    names: &str,
    exchanges: &Exchanges,
) -> String {
    let one = all.len() == 1;
    let verb = |singular, plural| if one { singular } else { plural };
    match news {
        TokenNews::Died(cause) => {
            let no_longer = verb("no longer works", "no longer work");
            let exchanged = match cause {
                Cause::Expired => exchanges.describe(all),
                _ => String::new(),
            };
            format!("{names} {no_longer}: {}{exchanged}", cause.describe())
        }
        TokenNews::Failing(cause) => {
            format!("{names} {}: {}", verb("fails", "fail"), cause.describe())
        }
        TokenNews::Recovered => format!("{names} {}", verb("works again", "work again")),
        TokenNews::Renewed(_) => format!("renewed {names}"),
        TokenNews::Exchanged => format!(
            "exchanged {names}: the {} not later, so this is no renewal",
            verb("end is", "ends are")
        ),
        TokenNews::Expiring => format!(
            "{names} {} soon{}",
            verb("expires", "expire"),
            exchanges.describe(all)
        ),
        TokenNews::Accepted(_) => {
            format!("{names}: {} confirmed", verb("new token", "new tokens"))
        }
        TokenNews::Derived { through } => {
            format!("read {names} again through {through}")
        }
        TokenNews::Refused(why) => format!("{names}: {why}"),
        TokenNews::InUse if one => "reads 1 new token, and confirms that it uses it".to_owned(),
        TokenNews::InUse => format!(
            "reads {} new tokens, and confirms that it uses them",
            all.len()
        ),
    }
}

/// The first names; the others are counted.
pub(super) fn names(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        _ if width(all) <= ROOM => all.join(", "),
        [first, second, _, ..] if first.len() + second.len() <= ROOM / 2 => {
            format!("{first}, {second} and {} more", all.len() - 2)
        }
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

fn width(names: &[String]) -> usize {
    names.iter().map(|name| name.len() + 2).sum()
}
