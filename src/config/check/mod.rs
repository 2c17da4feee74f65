//! Turns the file as written into a configuration that can be relied on. Each function reads all of its
//! section, whatever is wrong with the first keys, so that a person sees every problem at once.

mod alerts;
mod apps;
mod outward;

use croner::parser::{CronParser, Seconds};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::config::credentials::Machine;
use crate::config::entry::{Entry, filled_list, list, text};
use crate::config::file::Section;
use crate::config::problem::quoted;
use crate::config::{Config, Inventory, Schedule, defaults, durations, names, paths};
use crate::secret::Key;
use crate::{rotation, status};

pub(super) fn config(mut top: Section<'_>, machine: &Machine) -> Option<Config> {
    let timezone = top.or("timezone", machine.timezone.clone(), text(timezone));
    let apps = apps::apps(&mut top, machine);
    let inventory = inventory(top.section("inventory"), machine);
    let (alerts, mail) = alerts::alerts(top.section("alerts"), machine);
    let rotation = rotation(top.section("rotation"), alerts.warn_before.first());
    let schedule = schedule(top.section("schedule"));
    let status = status(top.section("status"));
    let web = outward::web(&mut top, machine);
    let deliveries = outward::deliveries(&mut top, machine);
    Some(Config {
        timezone,
        apps,
        inventory: inventory?,
        rotation,
        schedule,
        alerts,
        mail,
        status,
        web,
        deliveries,
        warnings: Vec::new(),
    })
}

fn timezone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| {
        format!(
            "{} is no time zone of this machine; write one such as \"Europe/Berlin\" or \"UTC\" \
             (they are in the package tzdata)",
            quoted(name)
        )
    })
}

fn inventory(mut section: Section<'_>, machine: &Machine) -> Option<Inventory> {
    let path = section.or("path", defaults::INVENTORY.into(), text(paths::absolute));
    let is_named = section.has("key");
    let named = section.optional("key", |entry| machine.key(entry));
    let key = if is_named {
        named
    } else {
        usual_key(&section, machine)
    };
    Some(Inventory { path, key: key? })
}

fn usual_key(section: &Section<'_>, machine: &Machine) -> Option<Key> {
    let key = machine.key_from_credential(defaults::INVENTORY_KEY);
    key.map_err(|refusal| section.refuse("key", refusal.to_string()))
        .ok()
}

fn rotation(mut section: Section<'_>, warn_before: Option<&SignedDuration>) -> rotation::Rules {
    rotation::Rules {
        check_every: section.or("check_every", defaults::CHECK_EVERY, duration),
        rotate_before_expiry: section.or(
            "rotate_before_expiry",
            defaults::ROTATE_BEFORE_EXPIRY,
            duration,
        ),
        retry_after: section.or(
            "retry_after",
            defaults::RETRY_AFTER.to_vec(),
            filled_list(duration),
        ),
        warn_before: warn_before.copied().unwrap_or(defaults::WARN_BEFORE[0]),
    }
}

fn schedule(mut section: Section<'_>) -> Schedule {
    let usual = |line: &str| Some(line.to_owned());
    Schedule {
        sweep: section.or("sweep", defaults::SWEEP.to_owned(), text(cron)),
        mail: section.or("mail", defaults::MAIL.to_owned(), text(cron)),
        digest: section.or("digest", usual(defaults::DIGEST), text(cron_or_off)),
        backup: section.or("backup", usual(defaults::BACKUP), text(cron_or_off)),
    }
}

/// By the parser that the scheduler uses, so that what passes here runs there.
fn cron(line: &str) -> Result<String, String> {
    let parser = CronParser::builder().seconds(Seconds::Required).build();
    let refused = |why: &str| {
        format!(
            "{} is no cron line with seconds{why}; write second minute hour day month weekday, \
             such as \"0 30 3 * * *\" for 3:30 at night",
            quoted(line)
        )
    };
    if line.split_whitespace().count() != 6 {
        return Err(refused(", which has six fields"));
    }
    match parser.parse(line) {
        Ok(_) => Ok(line.to_owned()),
        Err(error) => Err(refused(&format!(" ({error})"))),
    }
}

fn cron_or_off(line: &str) -> Result<Option<String>, String> {
    if line.is_empty() {
        Ok(None)
    } else {
        cron(line).map(Some)
    }
}

fn status(mut section: Section<'_>) -> status::Settings {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let readers = section.sections("reader").into_iter();
    status::Settings {
        readers: readers.filter_map(reader).collect(),
        socket: section.or("socket", defaults::SOCKET.into(), text(paths::socket)),
        viewers: section.or(
            "viewers",
            names(&defaults::VIEWERS),
            list(text(names::peer)),
        ),
        operators: section.or(
            "operators",
            names(&defaults::OPERATORS),
            list(text(names::peer)),
        ),
    }
}

fn reader(mut section: Section<'_>) -> Option<status::Reader> {
    let user = section.required("user", "name a user or \"@group\"", text(names::peer));
    let tokens = section.required(
        "tokens",
        "name the tokens, such as [\"acme-*\"]",
        filled_list(text(names::tokens)),
    );
    Some(status::Reader {
        user: user?,
        tokens: tokens?,
    })
}

fn duration(entry: Entry<'_>) -> Option<SignedDuration> {
    text(durations::parse)(entry)
}
