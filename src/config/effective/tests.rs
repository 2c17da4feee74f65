//! What is shown is what is in effect, and no secret.

use std::path::Path;

use jiff::tz::TimeZone;

use super::*;
use crate::config::tests::{ALL, Backend, CANARY, LEAST};
use crate::config::{Config, effective, load};

fn shown(backend: &Backend, text: &str) -> Effective {
    let path = backend.file("perennial.toml", 0o640, text);
    effective(Path::new(&path), &backend.machine).unwrap()
}

/// Everything but the places of warnings.
fn in_effect(backend: &Backend, text: &str) -> String {
    let path = backend.file("perennial.toml", 0o640, text);
    let config = load(Path::new(&path), &backend.machine);
    let config = config.map(|config| Config {
        warnings: Vec::new(),
        ..config
    });
    format!(
        "{:#?}",
        config.unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    )
}

#[test]
fn what_is_shown_means_the_same_as_the_file() {
    let mut backend = Backend::new();
    backend.machine.timezone = TimeZone::get("Europe/Berlin").unwrap();
    let instagram = LEAST.replace("id = \"1\"", "id = \"1\"\nplatform = \"instagram\"");
    let posts = format!(
        "{LEAST}[[alerts.post]]\nname = \"ops-chat\"\nformat = \"slack\"\nurl = {{ credential = \"ops-chat.url\" }}\n\
         [[alerts.route]]\nkind = \"page\"\nto = [\"a@example.com\"]\n[web]\npublic_url = \"https://example.com/x\"\n\
         [[delivery]]\nname = \"bot\"\ntokens = [\"*\"]\nfile = {{ path = \"/srv/{{name}}\" }}\n"
    );
    for text in [LEAST, ALL, &instagram, &posts] {
        let first = shown(&backend, text);
        let again = first.text();
        assert_eq!(
            in_effect(&backend, &again),
            in_effect(&backend, text),
            "{again}"
        );
        // Everything that is stated is of the file then.
        let stated = shown(&backend, &again);
        let of_file = stated.text().replace("# graph_url", "graph_url");
        assert!(
            !of_file
                .replace(
                    "graph_url = \"https://graph.instagram.com\"    # default",
                    ""
                )
                .contains("# default"),
            "{of_file}"
        );
    }
}

#[test]
fn no_secret_is_shown() {
    let shown = shown(&Backend::new(), ALL);
    for text in [shown.text(), shown.json().to_string()] {
        assert!(
            !text.contains(CANARY) && text.contains("acme.secret"),
            "{text}"
        );
    }
}

#[test]
fn a_comment_says_where_a_value_is_a_default() {
    insta::assert_snapshot!(shown(&Backend::new(), LEAST).text());
}

#[test]
fn json_names_the_paths_of_the_defaults() {
    let document = shown(&Backend::new(), ALL).json();
    assert_eq!(document["settings"]["app"][0]["name"], "acme");
    assert_eq!(document["settings"]["alerts"]["route"][0]["kind"], "page");
    let document = shown(&Backend::new(), LEAST).json();
    let defaults = document["defaults"].as_array().unwrap();
    for path in ["timezone", "app[0].batch", "rotation.check_every"] {
        assert!(defaults.contains(&path.into()), "{document:#}");
    }
    assert!(!defaults.contains(&"alerts.from".into()), "{document:#}");
    assert_eq!(document["settings"]["rotation"]["check_every"], "1d");
}

/// The keys that have no default: without them, something is not there.
const WITHOUT: &[(&str, &str)] = &[
    (
        "app",
        "name id secret scopes login_config_id subscribed_fields tester_token version_ends",
    ),
    (
        "alerts",
        "to company contact templates escalate_after escalate_to quiet_hours working_days smtp sendmail directory",
    ),
    (
        "alerts.route",
        "app kind tokens owners to cc escalate_after escalate_to language timezone quiet_hours working_days",
    ),
    ("alerts.post", "name format url secret routing_key events"),
    ("status.reader", "user tokens"),
    ("web", "public_url webhook_verify_token"),
    ("ui", "listen user_header header_peers"),
    ("metrics", "listen textfile"),
    ("heartbeat", "url"),
    ("delivery", "name tokens file command webhook"),
];

#[test]
fn every_key_has_its_default_or_none() {
    let backend = Backend::new();
    let context = Context {
        machine: &backend.machine,
        is_on_server: false,
    };
    for section in shown(&backend, ALL).0 {
        let path = section.path.as_str();
        let usual = usual::of_section(path, &DeTable::new(), &context);
        let without = WITHOUT.iter().find(|(of, _)| *of == path);
        let without = without.map_or("", |(_, keys)| *keys);
        for entry in &section.entries {
            let has_default = usual.iter().any(|(key, ..)| *key == entry.key);
            let has_none = without.split(' ').any(|key| key == entry.key);
            assert!(has_default != has_none, "[{path}] {}", entry.key);
        }
    }
}
