//! configuration.md: every key of perennial.toml.

use perennial::config::reference::{DefaultValue, Key, SECTIONS, Section};

use super::{code, page, paragraph, prose, table};

const INTRO: &str = "`/etc/perennial/perennial.toml` is TOML. Unknown keys are errors. `perennial check-config` prints every
problem with its line. `perennial reload` applies a changed file as a whole, or says why it is refused and keeps the old
one; it names the keys that need a restart. `perennial man perennial.toml` shows this reference as a manual page.";

/// What the types in the tables mean.
const KINDS: [(&str, &str); 6] = [
    (
        "secret",
        "`{ credential = \"name\" }` for the file of this name in `/etc/perennial/credentials`, which systemd hands to \
                the daemon when it starts; or `{ file = \"/path\" }` for a file that belongs to the daemon's user and that \
                only this user can read. Secrets are never written into the configuration itself",
    ),
    (
        "duration",
        "text such as `\"90s\"`, `\"15m\"`, `\"12h\"`, `\"30d\"`",
    ),
    (
        "cron line",
        "text with six fields: second, minute, hour, day, month, weekday",
    ),
    ("hours", "text such as `\"20:00-07:00\"`"),
    (
        "address",
        "text: an IP address with its port, or `unix:` and an absolute path, where the key allows it",
    ),
    ("@group", "the members of a group of this machine"),
];

pub fn text() -> String {
    let mut page = page("Configuration", "the table of keys in the program");
    paragraph(&mut page, INTRO);
    let kinds = KINDS.map(|(kind, meaning)| vec![kind.to_owned(), format!("{meaning}.")]);
    table(&mut page, &["type", "is written"], &kinds);
    for section in SECTIONS {
        describe(&mut page, section);
    }
    page
}

fn describe(page: &mut String, section: &Section) {
    let title = match section.header {
        "" => "The top of the file".to_owned(),
        header => code(header),
    };
    page.push_str(&format!("\n## {title}\n"));
    paragraph(page, &prose(section.about));
    for key in section.keys {
        page.push_str(&format!("\n### {}\n", heading(section, key)));
        paragraph(page, &facts(key));
        paragraph(page, &prose(key.meaning));
    }
}

/// `alerts.route.to`, which no other section has.
pub fn heading(section: &Section, key: &Key) -> String {
    match section.header.trim_matches(['[', ']']) {
        "" => key.name.to_owned(),
        section => format!("{section}.{}", key.name),
    }
}

fn facts(key: &Key) -> String {
    let default = match key.default {
        DefaultValue::Required => "Required".to_owned(),
        DefaultValue::Value(value) => format!("Default: {}", code(value)),
        DefaultValue::Unset => "Optional".to_owned(),
    };
    format!(
        "*Type: {}. {default}.*",
        key.kind.replace("{name}", "`{name}`")
    )
}
