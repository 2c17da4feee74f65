//! Lists tokens, one per row: what each is for, and whether it works.

use crate::model::{Cause, Health, Kind, Token};
use crate::web::page::{List, Row};

/// The most tokens that a list names.
const LISTED: usize = 20;

pub(super) fn all_of<'a>(text: impl Iterator<Item = &'a str>) -> String {
    text.collect::<Vec<_>>().join(", ")
}

pub(super) fn works(token: &Token) -> bool {
    matches!(token.health, Health::Healthy | Health::Expiring { .. })
}

pub(super) fn list(title: &str, tokens: &[Token], count: u64) -> Option<List> {
    if tokens.is_empty() {
        return None;
    }
    let rows: Vec<Row> = tokens.iter().take(LISTED).map(row).collect();
    let more = count.saturating_sub(rows.len() as u64);
    Some(List {
        title: title.to_owned(),
        count: count.to_string(),
        rows,
        more: (more > 0).then(|| format!("and {more} more")),
    })
}

fn row(token: &Token) -> Row {
    let kind = match token.facts.as_ref().map(|facts| facts.kind) {
        Some(Kind::Page) => "page, ",
        Some(Kind::User) => "login, ",
        Some(Kind::SystemUser) => "system user, ",
        Some(Kind::App) | None => "",
    };
    let name = token.subject_name.clone().filter(|name| !name.is_empty());
    Row {
        title: name.unwrap_or_else(|| token.name.clone()),
        detail: format!("{kind}{}", state(token)),
    }
}

fn state(token: &Token) -> String {
    match token.health {
        Health::Unverified => "not confirmed yet".to_owned(),
        Health::Healthy | Health::Lacking { .. } if !token.missing_scopes().is_empty() => {
            format!("works, but lacks {}", all_of(token.missing_scopes().iter()))
        }
        Health::Healthy | Health::Lacking { .. } => "works".to_owned(),
        Health::Expiring { cause } | Health::Failing { cause, .. } | Health::Dead { cause, .. } => {
            cause_text(cause).to_owned()
        }
    }
}

const fn cause_text(cause: Cause) -> &'static str {
    match cause {
        Cause::ExpiresSoon => "ends soon",
        Cause::Expired => "has ended",
        Cause::DataAccessExpiresSoon => "may not read data for much longer",
        Cause::DataAccessExpired => "may not read data any more",
        Cause::PasswordChanged => "ended with a changed password",
        Cause::AppRemoved => "ended, for the app was removed",
        Cause::SessionEnded => "was ended by Facebook",
        Cause::ReplacedElsewhere => "was replaced by another token",
        Cause::Checkpoint => "waits for a security check at Facebook",
        Cause::PageRoleLost => "lost: no role on the page any more",
        Cause::PageGone => "the page is gone or hidden",
        Cause::PermissionMissing => "lacks a permission",
        Cause::Unreadable | Cause::WrongApp => "cannot be read",
        Cause::AppSecretWrong | Cause::AppUnavailable | Cause::Blocked => {
            "waits until the app is in order"
        }
        Cause::Throttled | Cause::Outage | Cause::Unexplained => "could not be checked just now",
    }
}
