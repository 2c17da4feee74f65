//! Secrets: where they are read from, what is rejected, and that no message contains one.

use crate::secret::Key;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use proptest::prelude::*;

use super::*;

const SOURCE: &str = "{ credential = \"acme.secret\" }";

fn secrets(desk: &Backend, source: &str) -> Vec<Secret> {
    let config = desk.load(LEAST.replace(SOURCE, source)).unwrap();
    config
        .apps
        .into_iter()
        .flat_map(|app| app.graph.secrets)
        .collect()
}

fn assert_source_refused(desk: &Backend, source: &str, expected: &str) {
    let problems = desk.problems(LEAST.replace(SOURCE, source));
    assert_eq!(
        problems,
        format!("perennial.toml:4: {expected}"),
        "{source}"
    );
}

#[test]
fn secrets_come_from_credentials_and_private_files() {
    let desk = Backend::new();
    let one = desk.file("one", 0o600, " one \r\n");
    let two = desk.file("two", 0o400, "two");
    assert_eq!(secrets(&desk, SOURCE), [Secret::new(CANARY)]);
    let file = format!("{{ file = \"{one}\" }}");
    assert_eq!(secrets(&desk, &file), [Secret::new("one")]);
    let list = format!("[{{ file = \"{two}\" }}, {file}, {SOURCE}]");
    let expected = ["two", "one", CANARY].map(Secret::new);
    assert_eq!(secrets(&desk, &list), expected);
}

#[test]
fn a_credential_out_of_a_folder_goes_by_its_own_name() {
    let desk = Backend::new();
    let given = desk.dir.path().join("credentials");
    let all_of_folder = "LoadCredential=perennial:/etc/perennial/credentials";
    assert!(include_str!("../../../systemd/perennial.service").contains(all_of_folder));

    fs::write(given.join("perennial_acme.new"), "from the folder").unwrap();
    let source = "{ credential = \"acme.new\" }";
    assert_eq!(secrets(&desk, source), [Secret::new("from the folder")]);
    fs::write(given.join("acme.new"), "named in a drop-in").unwrap();
    assert_eq!(secrets(&desk, source), [Secret::new("named in a drop-in")]);
}

#[test]
fn a_key_may_be_raw_bytes() {
    let desk = Backend::new();
    let raw: Vec<u8> = (200..232).collect();
    let path = desk.file("raw.key", 0o600, &raw);
    let config = desk
        .load(format!("{LEAST}[inventory]\nkey.file = \"{path}\"\n"))
        .unwrap();
    assert_eq!(config.inventory.key.id(), Key::read(&raw).unwrap().id());
}

#[test]
fn a_secret_in_the_configuration_is_refused() {
    let desk = Backend::new();
    let message = "a secret does not belong in the configuration itself; put it into a file and write \
                 { credential = \"name\" } or { file = \"/path\" }";
    for source in ["\"canary\"", "123", "[\"canary\"]", "true"] {
        assert_source_refused(&desk, source, &format!("[[app]] secret: {message}"));
    }
    assert_source_refused(&desk, "[]", "[[app]] secret: is empty; name at least one");
    for source in [
        "{}",
        "{ credential = \"acme.secret\", file = \"/nowhere\" }",
    ] {
        let problems = desk.problems(LEAST.replace(SOURCE, source));
        let first = problems.lines().next().unwrap();
        let expected = "perennial.toml:4: [app.secret]: name exactly one of credential and file";
        assert_eq!(first, expected, "{source}");
    }
}

#[test]
fn a_credential_that_is_not_there_is_refused() {
    let mut desk = Backend::new();
    let credential = |name: &str| format!("{{ credential = \"{name}\" }}");
    for name in ["", "..", "../acme.secret", "/etc/passwd", ".hidden", "a b"] {
        assert_source_refused(
            &desk,
            &credential(name),
            "[app.secret] credential: is not a credential name; use letters, digits, and . _ - \
             between them",
        );
    }
    assert_source_refused(
        &desk,
        &credential("canary"),
        "[app.secret] credential: systemd provides no credential of this name; put the secret into a \
         file of this name in /etc/perennial/credentials, and restart perennial",
    );
    desk.machine.credentials = Credentials::None;
    assert_eq!(
        desk.problems(LEAST),
        "perennial.toml:4: [app.secret] credential: this process has no credentials; start it by \
         systemd with LoadCredential=name:/path, or write { file = \"/path\" }\n\
         perennial.toml: [inventory] key: this process has no credentials; start it by systemd \
         with LoadCredential=name:/path, or write { file = \"/path\" }"
    );
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let desk = Backend::new();
    for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o610] {
        desk.file("exposed", mode, CANARY);
        let path = desk.dir.path().join("exposed");
        let source = format!("{{ file = \"{}\" }}", path.display());
        let expected = format!(
            "[app.secret] file: users other than its owner may access it (mode {mode:o}); run: chmod 600 exposed"
        );
        assert_source_refused(&desk, &source, &expected);
    }
}

#[test]
fn a_file_that_holds_no_secret_is_refused() {
    let desk = Backend::new();
    desk.file("empty", 0o600, "");
    desk.file("blank", 0o600, " \n\n");
    desk.file("lines", 0o600, "canary\nanother\n");
    desk.file("binary", 0o600, [0xff, 0xfe]);
    desk.file("long", 0o600, "a".repeat(64 * 1024 + 1));
    fs::create_dir(desk.dir.path().join("directory")).unwrap();
    mkfifo(&desk.dir.path().join("pipe"), Mode::S_IRUSR).unwrap();
    for (name, expected) in [
        ("empty", "is empty; write the secret into it"),
        ("blank", "is empty; write the secret into it"),
        ("lines", "must be one line of text"),
        ("binary", "is not UTF-8 text"),
        ("long", "is longer than 64 KiB; this cannot be a secret"),
        ("directory", "is not a regular file"),
        ("pipe", "is not a regular file"),
        ("missing", "there is no such file"),
    ] {
        let path = desk.dir.path().join(name);
        let source = format!("{{ file = \"{}\" }}", path.display());
        assert_source_refused(&desk, &source, &format!("[app.secret] file: {expected}"));
    }
    let relative = "[app.secret] file: must be an absolute path, beginning with /";
    assert_source_refused(&desk, "{ file = \"secret\" }", relative);
}

#[test]
fn a_weak_key_is_refused() {
    let desk = Backend::new();
    let path = desk.file("weak", 0o600, "correct horse");
    assert_eq!(
        desk.problems(format!("{LEAST}[inventory]\nkey.file = \"{path}\"\n")),
        "perennial.toml:10: [inventory.key] file: the inventory key must be 32 random bytes, as base64, \
         hex or raw; this one has 13 bytes. Make one with: head -c 32 /dev/urandom | base64"
    );
}

/// No message repeats a secret, wherever it was misplaced.
#[test]
fn no_message_repeats_a_value_that_may_be_a_secret() {
    let desk = Backend::new();
    for misplaced in [
        "secret = \"canary\"",
        "secret = { credential = \"canary\" }",
        "secret = { file = \"/canary\" }",
        "secret = { value = \"canary\" }",
        "secret = canary",
        "id = \"canary\"",
        "id = [\"canary\"]",
        "name = \"canary \"",
        "login_config_id = \"canary\"",
        "graph_url = \"https://user:canary@example.com\"",
        "graph_url = \"http://example.com/canary\"",
        "[alerts]\nsmtp = \"smtps://user:canary@example.com\"",
        "[alerts]\nsmtp = { url = \"smtps://user:canary@example.com\" }",
        "[alerts]\nsmtp = { url = \"smtp.example.com canary\" }",
        "[alerts]\nsmtp = { url = \"smtps://a@b\", password = \"canary\" }",
        "[inventory]\nkey = \"canary\"",
        "[inventory]\nkey = { credential = \"canary\" }",
        "[web]\nwebhook_verify_token = \"canary\"",
        "[[delivery]]\nwebhook = { url = \"https://u:canary@x\", secret = \"canary\" }",
    ] {
        let problems = desk.problems(format!("[[app]]\n{misplaced}\n"));
        assert!(!problems.contains("canary"), "{problems}");
        assert!(problems.contains("perennial.toml:"), "{misplaced}");
    }
}

/// In a shell, the service's credentials may be unreadable; that is no error.
#[test]
fn what_is_out_of_sight_is_a_warning_to_who_only_checks() {
    let mut desk = Backend::new();
    desk.machine.credentials = Credentials::OutOfSight;
    let file = |text: &str| PathBuf::from(desk.file("perennial.toml", 0o640, text));
    let message = "cannot be checked from here: systemd shows it only to the service. To check it too, run this as \
                 root while the service runs";
    let good = check(&file(LEAST), &desk.machine).unwrap();
    let places: Vec<_> = good
        .iter()
        .map(|warning| (warning.line, warning.place.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            (Some(4), "[app.secret] credential"),
            (None, "[inventory] key")
        ]
    );
    assert!(good.iter().all(|warning| warning.message == message));

    let typo = format!("{LEAST}[rotation]\nchek_every = \"1d\"\n");
    let problems = check(&file(&typo), &desk.machine).unwrap_err();
    assert_eq!(problems.0.len(), 1, "{problems}");
    assert_eq!(problems.0[0].line, Some(10));
    // The daemon itself does not start without them.
    assert!(load(&file(LEAST), &desk.machine).is_err());
}

#[test]
fn where_credentials_are_in_sight_checking_is_as_strict_as_loading() {
    let desk = Backend::new();
    let path = PathBuf::from(desk.file(
        "perennial.toml",
        0o640,
        LEAST.replace("acme.secret", "other"),
    ));
    let problems = check(&path, &desk.machine).unwrap_err();
    assert_eq!(problems, load(&path, &desk.machine).unwrap_err());
    let good = PathBuf::from(desk.file("good.toml", 0o640, LEAST));
    assert_eq!(check(&good, &desk.machine), Ok(Vec::new()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Replaces a part of a valid file with random text.
    #[test]
    fn no_file_makes_it_panic(at in 0..ALL.len(), cut in 0..40_usize, put in "[\\[\\]{}=\"',.a-z0-9\n# -]{0,8}") {
        let desk = Backend::new();
        let mut bytes = ALL.as_bytes().to_vec();
        bytes.splice(at..(at + cut).min(ALL.len()), put.bytes());
        if let Err(problems) = desk.load(&bytes) {
            prop_assert!(!problems.0.is_empty());
            prop_assert!(!problems.to_string().contains(CANARY));
        }
    }
}
