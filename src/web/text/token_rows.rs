//! Lists tokens, one per row: what each is for, and whether it works.

use crate::model::{Cause, Health, Kind, Token};
use crate::web::page::{List, Row};

/// The most tokens that a list names.
const LISTED: usize = 20;

pub(super) fn all_of<'a>(text: impl Iterator<Item = &'a str>) -> String {
    text.collect::<Vec<_>>().join(", ")
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
        Some(Kind::User | Kind::InstagramUser | Kind::ThreadsUser) => "login, ",
        Some(Kind::SystemUser) => "system user, ",
        Some(Kind::App) | None => "",
    };
    Row {
        title: token.title().to_owned(),
        detail: format!("{kind}{}", state(token)),
    }
}

fn state(token: &Token) -> String {
    match token.health {
        Health::Unverified => "not confirmed yet".to_owned(),
        Health::Healthy | Health::Lacking { .. } if !token.missing_scopes().is_empty() => {
            format!(
                "works, but these permissions are missing: {}",
                all_of(token.missing_scopes().iter())
            )
        }
        Health::Healthy | Health::Lacking { .. } => "works".to_owned(),
        Health::Expiring { cause } | Health::Failing { cause, .. } | Health::Dead { cause, .. } => {
            cause_text(cause).to_owned()
        }
    }
}

const fn cause_text(cause: Cause) -> &'static str {
    match cause {
        Cause::ExpiresSoon => "expires soon",
        Cause::Expired => "has expired",
        Cause::DataAccessExpiresSoon => "data access expires soon",
        Cause::DataAccessExpired => "data access has expired",
        Cause::PasswordChanged => "ended when the password was changed",
        Cause::AppRemoved => "ended when the app was removed",
        Cause::SessionEnded => "ended by Meta",
        Cause::ReplacedElsewhere => "replaced by another token",
        Cause::Checkpoint => "needs a security check",
        Cause::PageRoleLost => "no role on the page any more",
        Cause::PageGone => "page deleted or hidden",
        Cause::PermissionMissing => "a permission is missing",
        Cause::Unreadable | Cause::WrongApp => "cannot be read",
        Cause::AppSecretWrong | Cause::AppUnavailable | Cause::VersionEnded | Cause::Blocked => {
            "waiting until the app works again"
        }
        Cause::Throttled | Cause::Outage | Cause::Unexplained => "could not be checked just now",
        Cause::DeliveryFailing | Cause::ConsumerBehind | Cause::CommitsLost => "works",
    }
}
