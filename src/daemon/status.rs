//! What the status socket shows besides the inventory: the state of the sweeps, and problems.

use jiff::{SignedDuration, Timestamp};

use super::services::Services;
use crate::api::DaemonStatus;
use crate::api::types::{Maintenance, Sweep};
use crate::inventory;
use crate::model::{AppRecord, Unchecked, UnsubscribedPages};

/// A check that is due for longer than this is overdue.
const GRACE: SignedDuration = SignedDuration::from_mins(10);
/// A token that fails for this long while its app works needs an operator.
const UNCHECKED_FOR: SignedDuration = SignedDuration::from_hours(24);
const CRASHES_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// How long before the end of a Graph version a problem is shown.
const SUNSET: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The current status. What only the caller knows (start time, next tick) comes from `before`.
pub async fn take(
    services: &Services,
    before: &DaemonStatus,
    swept: Option<Timestamp>,
    next_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<DaemonStatus, inventory::Error> {
    let counted = services.inventory.read(move |view| {
        let due = view.count_due(now, now - GRACE)?;
        let crashes = view.crashes(now - CRASHES_WITHIN)?;
        let unchecked = view.unchecked(now - UNCHECKED_FOR)?;
        let set_aside = view.set_aside()?;
        Ok((
            due,
            view.apps()?,
            view.unsubscribed_pages()?,
            unchecked,
            crashes,
            set_aside,
        ))
    });
    let ((due, overdue), records, unsubscribed, unchecked, crashes, set_aside) = counted.await?;
    let apps = services.apps(now).await?;
    let known = |record: &&AppRecord| apps.iter().any(|app| app.name == record.name);
    let mut problems: Vec<String> = set_aside
        .iter()
        .map(|name| abandoned_tokens(name))
        .collect();
    problems.extend(records.iter().filter(known).filter_map(error));
    problems.extend(apps.iter().filter_map(|app| {
        let ends = app.graph_version_ends_on?;
        let last_day = ends.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        (last_day < now + SUNSET).then(|| {
            format!(
                "app {}: Graph {} ends on {ends}. Set a newer graph_version",
                app.name, app.graph_version
            )
        })
    }));
    problems.extend(unsubscribed.iter().map(unnotified));
    let known = |app: &str| apps.iter().any(|report| report.name == app);
    let unchecked = unchecked.iter().filter(|unchecked| known(&unchecked.app));
    problems.extend(unchecked.map(not_checked));
    problems.extend(not_stored(services.inventory.count_unsaved()));
    problems.extend(services.alerts.templates.error());
    Ok(DaemonStatus {
        sweep: Sweep {
            last_finished_at: swept.or(before.sweep.last_finished_at),
            due,
            overdue,
            next_at,
        },
        apps,
        problems,
        maintenance: Maintenance {
            crashes_last_hour: crashes,
            ..before.maintenance.clone()
        },
        inventory_error: None,
        ..before.clone()
    })
}

/// One line for `systemctl status`.
pub(super) async fn describe(services: &Services) -> String {
    let fleet = services
        .inventory
        .read(|view| Ok((view.fleet()?, view.count_incidents()?)))
        .await;
    let Ok((fleet, (open, unacknowledged))) = fleet else {
        return "the inventory cannot be read; see the journal".to_owned();
    };
    if fleet.total() == 0 {
        return "no tokens yet".to_owned();
    }
    let plural = if fleet.total() == 1 { "" } else { "s" };
    let mut text = format!("{} token{plural}, {} healthy", fleet.total(), fleet.healthy);
    let states = [
        (fleet.unverified, "not checked yet"),
        (fleet.expiring, "expiring"),
        (fleet.failing, "failing"),
        (fleet.dead, "dead"),
    ];
    for (n, state) in states.into_iter().filter(|(n, _)| *n > 0) {
        text.push_str(&format!(", {n} {state}"));
    }
    text + &open_incidents(open, unacknowledged)
}

fn open_incidents(open: u64, unacknowledged: u64) -> String {
    let incidents = match open {
        0 => return String::new(),
        1 => "1 incident is open".to_owned(),
        many => format!("{many} incidents are open"),
    };
    match (open.saturating_sub(unacknowledged), unacknowledged) {
        (0, _) => format!("; {incidents}"),
        (1, 0) => format!("; {incidents}, and it is acknowledged"),
        (_, 0) => format!("; {incidents}, all of them acknowledged"),
        (some, _) => format!("; {incidents}, {some} of them acknowledged"),
    }
}

/// New secrets that exist only in memory.
fn not_stored(secrets: usize) -> Option<String> {
    let which = match secrets {
        0 => return None,
        1 => "1 renewed token is".to_owned(),
        many => format!("{many} renewed tokens are"),
    };
    Some(format!(
        "{which} only in memory, because the inventory cannot store new secrets. Do not stop the daemon until this is \
         fixed, see journalctl -u perennial"
    ))
}

/// Pages that are not subscribed to the app's webhooks.
fn unnotified(unsubscribed: &UnsubscribedPages) -> String {
    let UnsubscribedPages {
        app,
        pages,
        example,
    } = unsubscribed;
    let which = match pages {
        1 => format!("the page of {example} is not subscribed"),
        n => format!("{n} pages, such as that of {example}, are not subscribed"),
    };
    format!("app {app}: {which} to all of subscribed_fields. See perennial show {example}")
}

/// Tokens whose checks fail while those of other tokens succeed.
fn not_checked(unchecked: &Unchecked) -> String {
    let Unchecked {
        app,
        tokens,
        example,
    } = unchecked;
    let which = match tokens {
        1 => format!("the token {example}"),
        n => format!("{n} tokens, such as {example},"),
    };
    format!(
        "app {app}: {which} could not be checked for more than a day. See perennial show {example}"
    )
}

fn abandoned_tokens(name: &str) -> String {
    format!(
        "{name} is set aside: the daemon crashed twice while it checked this token, so it is no longer checked or renewed. \
         Please report the crash. To try again: perennial check {name}"
    )
}

/// A sentence about what is wrong with an app.
fn error(app: &AppRecord) -> Option<String> {
    let name = &app.name;
    let served = app.served_version.as_ref().map(|served| {
        format!("app {name}: Meta answers with Graph {served}, which is not the configured version")
    });
    let Some(error) = app.error else {
        return served;
    };
    Some(format!(
        "app {name}: {} since {}. Its tokens are not checked or renewed meanwhile, and are still served",
        error.cause, error.since
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledged_incident_is_one_of_the_open_ones() {
        for (open, unacknowledged, expected) in [
            (0, 0, ""),
            (1, 1, "; 1 incident is open"),
            (1, 0, "; 1 incident is open, and it is acknowledged"),
            (2, 2, "; 2 incidents are open"),
            (2, 1, "; 2 incidents are open, 1 of them acknowledged"),
            (2, 0, "; 2 incidents are open, all of them acknowledged"),
        ] {
            assert_eq!(open_incidents(open, unacknowledged), expected);
        }
    }
}
