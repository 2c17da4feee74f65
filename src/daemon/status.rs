//! What the status socket shows besides the inventory: how the passes go, and what is wrong.

use jiff::{SignedDuration, Timestamp};

use super::services::Services;
use crate::api::DaemonStatus;
use crate::api::types::{Maintenance, Sweep};
use crate::inventory::{self, AppRecord, Unchecked, UnsubscribedPages};

/// Due for longer than this is overdue.
const GRACE: SignedDuration = SignedDuration::from_mins(10);
/// A token that fails for so long while its app works needs an operator.
const UNCHECKED_FOR: SignedDuration = SignedDuration::from_hours(24);
const CRASHES_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// How long before a Graph version ends it is time to say so.
const SUNSET: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The pulse as it is now; what only the caller knows (start, next tick) comes from `before`.
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
    let ((due, overdue), records, deaf, unchecked, crashes, set_aside) = counted.await?;
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
    problems.extend(deaf.iter().map(unnotified));
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
    let Ok((fleet, (open, _))) = fleet else {
        return "the inventory cannot be read; see the journal".to_owned();
    };
    let noun = if fleet.total() == 1 {
        "token"
    } else {
        "tokens"
    };
    let mut words = format!("{} {noun}, {} healthy", fleet.total(), fleet.healthy);
    let states = [
        (fleet.unverified, "not asked yet"),
        (fleet.expiring, "expiring"),
        (fleet.failing, "failing"),
        (fleet.dead, "dead"),
    ];
    for (n, state) in states.into_iter().filter(|(n, _)| *n > 0) {
        words.push_str(&format!(", {n} {state}"));
    }
    match open {
        0 => {}
        1 => words.push_str("; 1 incident needs a person"),
        many => words.push_str(&format!("; {many} incidents need a person")),
    }
    words
}

/// New secrets that are in memory alone.
fn not_stored(secrets: usize) -> Option<String> {
    let which = match secrets {
        0 => return None,
        1 => "1 renewed token is".to_owned(),
        many => format!("{many} renewed tokens are"),
    };
    Some(format!(
        "{which} in memory alone, for the inventory does not take them; do not stop the daemon before that is mended, \
         see journalctl -u perennial"
    ))
}

/// Pages that somebody must subscribe the app to.
fn unnotified(deaf: &UnsubscribedPages) -> String {
    let UnsubscribedPages {
        app,
        pages,
        example,
    } = deaf;
    let which = match pages {
        1 => format!("the page of {example} does not tell it"),
        n => format!("{n} pages do not tell it, such as that of {example},"),
    };
    format!("app {app}: {which} of everything in subscribed_fields. See perennial show {example}")
}

/// Tokens whose checks fail though those of others do not.
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
        "{name} is set aside: the daemon crashed twice while it was at work on it, so it is not checked or renewed. Please \
         report the crash; to try it again: perennial check {name}"
    )
}

/// In a sentence, what an operator should know of an app.
fn error(app: &AppRecord) -> Option<String> {
    let name = &app.name;
    let served = app.served_version.as_ref().map(|served| {
        format!("app {name}: Meta answers with Graph {served}, which is not the configured version")
    });
    let Some(error) = app.error else {
        return served;
    };
    Some(format!(
        "app {name}: {} since {}; its tokens wait and are served as they are",
        error.cause, error.since
    ))
}
