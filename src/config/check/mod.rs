//! Turns the file as written into a valid configuration. Each function reads its whole section even after an error, so
//! that the operator sees every problem at once.

mod alerts;
mod apps;
mod deliveries;
mod inventory;
mod logins;
mod monitoring;
mod posts;
mod routes;
mod schedule;
mod status;
mod ui;
mod web;

pub(super) use alerts::sample_emails;
pub(super) use inventory::stores;
pub(super) use logins::settled as settled_logins;
pub(super) use status::socket;
pub(super) use web::public_url;

use std::path::Path;

use jiff::SignedDuration;

use inventory::Stored;

use crate::config::credentials::Machine;
use crate::config::readers::{duration, filled_list};
use crate::config::tree::Section;
use crate::config::{Config, MonitorSettings, defaults};
use crate::graph_api::FACEBOOK;
use crate::model::Scopes;
use crate::rotation;

pub(super) fn config(mut top: Section<'_>, machine: &Machine) -> Option<Config> {
    let timezone = schedule::timezone(&mut top, machine);
    let apps = apps::apps(&mut top, machine);
    let Stored {
        settings: inventory,
        backups,
        retention,
        serve_from_memory,
    } = inventory::inventory(top.section("inventory"), machine);
    let web = web::web(&mut top, machine, &logins::without_a_place(&apps));
    let (mut alerts, mail, channels) =
        alerts::alerts(top.section("alerts"), timezone.clone(), &apps, machine);
    alerts.login_links = web.as_ref().map(logins::links);
    let web = web.map(|web| web::as_in_emails(web, &alerts));
    let rotation = rotation(top.section("rotation"), alerts.warn_before.first());
    let mut schedule = schedule::schedule(top.section("schedule"));
    if inventory
        .as_ref()
        .is_some_and(|it| it.place.file().is_none())
    {
        // A server's inventory is copied with the server's own tools.
        schedule.backup = None;
    }
    let logins = logins::settled(&apps, web.as_ref());
    let sinks = deliveries::deliveries(&mut top, machine);
    let names = channels
        .iter()
        .map(|channel| channel.name.clone())
        .collect();
    let status = status::status(
        top.section("status"),
        logins.clone(),
        (&sinks, names),
        serve_from_memory,
    );
    let ui = ui::ui(&mut top, &timezone);
    let metrics = monitoring::metrics(top.section("metrics"));
    let heartbeat = monitoring::heartbeat(&mut top, machine);
    Some(Config {
        timezone,
        apps,
        inventory: inventory?,
        backups,
        retention,
        rotation,
        schedule,
        alerts,
        mail,
        channels,
        status,
        logins,
        web,
        ui,
        metrics,
        heartbeat,
        sinks,
        warnings: Vec::new(),
    })
}

/// Reads the settings of the monitor, even if other keys are invalid.
pub(super) fn monitor_settings(
    mut top: Section<'_>,
    path: &Path,
    machine: &Machine,
) -> MonitorSettings {
    let timezone = schedule::timezone(&mut top, machine);
    let apps = apps::apps(&mut top, machine);
    let (alerts, mail, _) = alerts::alerts(top.section("alerts"), timezone, &apps, machine);
    MonitorSettings {
        alerts,
        mail,
        socket: socket(&mut top.section("status")),
        inventory: stores(top.section("inventory"), path).inventory,
    }
}

fn rotation(mut section: Section<'_>, warn_before: Option<&SignedDuration>) -> rotation::Rules {
    let (before, pauses) = (defaults::ROTATE_BEFORE_EXPIRY, defaults::RETRY_AFTER);
    rotation::Rules {
        check_every: section.or("check_every", defaults::CHECK_EVERY, duration),
        rotate_before_expiry: section.or("rotate_before_expiry", before, duration),
        retry_after: section.or("retry_after", pauses, filled_list(duration)),
        warn_before: warn_before.copied().unwrap_or(defaults::WARN_BEFORE[0]),
        // Each app sets its own.
        subscribed_fields: Scopes::default(),
        renewal: FACEBOOK.renewal,
        scopes: Scopes::default(),
    }
}
