//! A `perennial.toml`. Rules: a refusal names a line, a key or a section; no text and no `Debug` shows what is in a credential;
//! `check-config` and the daemon agree; the configuration in effect is accepted again, and is the same again.

#![no_main]

use std::cell::LazyCell;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use perennial::config::{self, Credentials, Diagnostic, Machine};
use perennial_fuzz::inventory::{self, folder};
use perennial_fuzz::text::contains;
use tempfile::TempDir;

/// It is in each credential that is no key.
const SECRET: &str = "canary-0123456789";
const SIGNING: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Place {
    folder: TempDir,
    machine: Machine,
}

thread_local! {
    static PLACE: LazyCell<Place> = LazyCell::new(Place::new);
}

fuzz_target!(|input: &[u8]| {
    // What the operator wrote may be repeated.
    if [SECRET, SIGNING, inventory::key_text()]
        .iter()
        .any(|known| contains(input, known))
    {
        return;
    }
    PLACE.with(|place| place.check(input));
});

impl Place {
    fn new() -> Self {
        let folder = folder();
        let credentials = folder.path().join("credentials");
        fs::create_dir(&credentials).expect("a folder");
        let url = format!("https://hooks.example.com/{SECRET}");
        let signing = format!("whsec_{SIGNING}");
        for (name, content) in [
            ("acme.secret", SECRET),
            ("inventory.key", inventory::key_text()),
            ("smtp.password", SECRET),
            ("webhook.verify", SECRET),
            ("hook", SECRET),
            ("hook.signing", &signing),
            ("ops-chat.url", &url),
            ("heartbeat.url", &url),
        ] {
            fs::write(credentials.join(name), content).expect("a credential");
        }
        let machine = Machine {
            credentials: Credentials::Directory(credentials),
            timezone: TimeZone::UTC,
            name: "lima".to_owned(),
        };
        Self { folder, machine }
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).expect("a file");
        path
    }

    fn check(&self, input: &[u8]) {
        let path = self.file("perennial.toml", input);
        let lines = 1 + input.iter().filter(|byte| **byte == b'\n').count();
        let checked = config::check(&path, &self.machine);
        let (Ok(found) | Err(config::DiagnosticList(found))) = &checked;
        assert!(
            checked.is_ok() || !found.is_empty(),
            "refused without a reason"
        );
        found.iter().for_each(|found| assert_shown(found, lines));
        let loaded = config::load(&path, &self.machine);
        assert_eq!(loaded.is_ok(), checked.is_ok(), "{:?}", checked.err());
        assert_no_secret(&loaded);
        self.check_parts(&path);
        if checked.is_ok() {
            self.check_effective(&path);
        }
    }

    /// What commands read of a file that may be refused.
    fn check_parts(&self, path: &Path) {
        assert_no_secret(&config::socket(path));
        assert_no_secret(&config::public_url(path));
        assert_no_secret(&config::stores(path));
        assert_no_secret(&config::monitor_settings(path, &self.machine));
        assert_no_secret(&config::credentials_named(path));
    }

    fn check_effective(&self, path: &Path) {
        let effective =
            config::effective(path, &self.machine).expect("a configuration that was accepted");
        let text = effective.text();
        assert_no_secret(&text);
        let again = self.file("effective.toml", text.as_bytes());
        let again = match config::effective(&again, &self.machine) {
            Ok(again) => again,
            Err(error) => panic!("what is in effect is refused: {error}\n{text}"),
        };
        assert_eq!(again.json()["settings"], effective.json()["settings"]);
    }
}

fn assert_shown(found: &Diagnostic, lines: usize) {
    assert!(!found.message.is_empty(), "{found:?}");
    // What is missing has no place, so the message names the section.
    let is_placed = found.line.is_some() || !found.place.is_empty() || found.message.contains('[');
    assert!(is_placed, "{found:?}");
    assert!(
        found.line.is_none_or(|line| (1..=lines).contains(&line)),
        "{found:?}"
    );
    assert!(!found.to_string().contains(SECRET), "{found}");
    assert!(!found.to_string().contains(SIGNING), "{found}");
}

fn assert_no_secret(found: &impl Debug) {
    let text = format!("{found:?}");
    for secret in [SECRET, SIGNING, inventory::key_text()] {
        assert!(!text.contains(secret), "{text}");
    }
}
