//! Every kind of invalid file, with the exact message about it.

use super::*;

/// Appends each text to a valid file and asserts the messages. The text begins on line 9, in `[alerts]`.
fn assert_refused(cases: &[(&str, &[&str])]) {
    let desk = Backend::new();
    for (added, expected) in cases {
        let problems = desk.problems(format!("{LEAST}{added}"));
        let problems: Vec<&str> = problems.lines().collect();
        let expected: Vec<String> = expected
            .iter()
            .map(|line| format!("perennial.toml:{line}"))
            .collect();
        assert_eq!(problems, expected, "after adding:\n{added}");
    }
}

/// Replaces a part of a valid file and asserts the message.
fn assert_change_refused(cases: &[(&str, &str, &str)]) {
    let desk = Backend::new();
    for (part, change, expected) in cases {
        assert!(LEAST.contains(part), "{part}");
        let problems = desk.problems(LEAST.replace(part, change));
        assert_eq!(problems, format!("perennial.toml:{expected}"), "{change}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let desk = Backend::new();
    let missing = load(Path::new("/nowhere/perennial.toml"), &desk.machine);
    assert_eq!(
        missing.unwrap_err().to_string(),
        "/nowhere/perennial.toml: there is no such file; `perennial setup` writes one, --config names \
         another"
    );
    let directory = load(Path::new("/"), &desk.machine).unwrap_err();
    assert_eq!(
        directory.to_string(),
        "/: cannot be read: Is a directory (os error 21)"
    );
    assert_eq!(
        desk.problems(b"a = 1\n\xff = 2\n"),
        "perennial.toml:2: is not UTF-8 text; save the file as UTF-8"
    );
    assert_eq!(
        desk.problems(" ".repeat(1024 * 1024 + 1)),
        "perennial.toml: is longer than 1 MiB; this cannot be the configuration, see --config"
    );
    assert_eq!(
        desk.problems(""),
        "perennial.toml: there is no app; add [[app]] with its name, its id and its secret"
    );
}

#[test]
fn what_watches_the_daemon_is_refused_where_it_would_not_work() {
    let desk = Backend::new();
    let file = desk.file("watcher", 0o600, "http://watcher.example.com/ping/canary\n");
    assert_refused(&[
        (
            "[metrics]\nlisten = \":9478\"\ntextfile = \"perennial.prom\"\nport = 1\n",
            &[
                "10: [metrics] listen: is not an address to listen on; write \"127.0.0.1:9478\"",
                "11: [metrics] textfile: must be an absolute path, beginning with /",
                "12: [metrics] port: unknown key; known keys: listen, textfile",
            ],
        ),
        (
            "[heartbeat]\n",
            &[
                "9: [heartbeat] url: is missing; name the credential with the address, such as { credential = \
                 \"heartbeat.url\" }",
            ],
        ),
        (
            "[heartbeat]\nurl = \"https://watcher.example.com/ping/canary\"\n",
            &[
                "10: [heartbeat] url: a secret does not belong in the configuration itself; put it into a file and \
                 write { credential = \"name\" } or { file = \"/path\" }",
            ],
        ),
        (
            &format!("[heartbeat]\nurl.file = \"{file}\"\n"),
            &[
                "10: [heartbeat] url: is plain http to another machine; use https, so that nobody on the way can read it",
            ],
        ),
    ]);
}

#[test]
fn metrics_that_others_see_or_nobody_reads_are_warned_about() {
    let warned = |metrics: &str| Backend::new().warnings(&format!("{LEAST}[metrics]\n{metrics}"));
    let [other_machines] = warned("listen = \"0.0.0.0:9478\"").try_into().unwrap();
    assert!(
        other_machines.starts_with("perennial.toml:10: [metrics] listen: other machines"),
        "{other_machines}"
    );
    let [name] = warned("textfile = \"/a.txt\"").try_into().unwrap();
    assert!(name.ends_with("names end in .prom"), "{name}");
    assert!(warned("listen = \"[::1]:9478\"\ntextfile = \"/a.prom\"").is_empty());
}

#[test]
fn what_is_not_toml_is_refused() {
    assert_refused(&[
        (
            "[rotation\n",
            &["9: is not TOML: unclosed table, expected `]`"],
        ),
        (
            "a = b\n",
            &["9: is not TOML: string values must be quoted, expected literal string"],
        ),
        ("from = \"x@y\"\n", &["9: is not TOML: duplicate key"]),
        ("[alerts]\n", &["9: is not TOML: duplicate key"]),
    ]);
}

#[test]
fn unknown_keys_are_refused_with_a_guess_at_what_was_meant() {
    assert_refused(&[
        (
            "[rotatoin]\n",
            &["9: rotatoin: unknown key; did you mean `rotation`?"],
        ),
        (
            "[rotation]\nrotate_before = \"1d\"\ncheck_evry = \"1h\"\n",
            &[
                "10: [rotation] rotate_before: unknown key; known keys: check_every, retry_after, \
                 rotate_before_expiry",
                "11: [rotation] check_evry: unknown key; did you mean `check_every`?",
            ],
        ),
        (
            "batch = 1\n",
            &["9: [alerts] batch: unknown key here; it belongs in [[app]]"],
        ),
        (
            "timezone = \"UTC\"\n",
            &[
                "9: [alerts] timezone: unknown key here; it belongs at the top of the file, before any \
               [section]",
            ],
        ),
        (
            "[inventory]\nkeys = 1\n",
            &["10: [inventory] keys: unknown key; did you mean `key`?"],
        ),
        (
            "[schedule]\nsweeps = 1\n",
            &["10: [schedule] sweeps: unknown key; did you mean `sweep`?"],
        ),
        (
            "[status]\nsockets = 1\n",
            &["10: [status] sockets: unknown key; did you mean `socket`?"],
        ),
        (
            "[[status.reader]]\nuser = \"a\"\ntokens = [\"a\"]\ntoken = 1\n",
            &["12: [[status.reader]] token: unknown key; did you mean `tokens`?"],
        ),
        (
            "[web]\npublic_url = \"https://a\"\nlisten_on = 1\n",
            &["11: [web] listen_on: unknown key; did you mean `listen`?"],
        ),
        (
            "[[delivery]]\nname = \"n\"\ntokens = [\"a\"]\ncommand = [\"/a\"]\ncomand = 1\n",
            &["13: [[delivery]] comand: unknown key; did you mean `command`?"],
        ),
        (
            "[[delivery]]\nname = \"n\"\ntokens = [\"a\"]\nfile = { path = \"/{name}\", reader = 1 }\n",
            &["12: [delivery.file] reader: unknown key; did you mean `readers`?"],
        ),
    ]);
}

#[test]
fn events_are_kept_long_enough_for_their_readers() {
    assert_refused(&[
        (
            "[inventory]\nkeep_events = \"59d\"\n",
            &["10: [inventory] keep_events: must be at least 60d"],
        ),
        (
            "[inventory]\nkeep_events = \"3651d\"\n",
            &["10: [inventory] keep_events: \"3651d\" is too long; the longest is 3650d"],
        ),
    ]);
}

#[test]
fn two_apps_of_one_name_are_refused() {
    assert_refused(&[(
        "[[app]]\nname = \"acme\"\nid = \"2\"\nsecret = { credential = \"hook\" }\n",
        &["10: [[app]] name: the app on line 2 has this name too; give each its own"],
    )]);
}

#[test]
fn an_app_that_cannot_work_is_refused() {
    assert_change_refused(&[
        (
            "[[app]]",
            "[app]",
            "1: app: write [[app]] with two brackets, there may be several",
        ),
        (
            "name = \"acme\"\n",
            "",
            "1: [[app]] name: is missing; choose one, such as \"acme\"",
        ),
        (
            "\"acme\"",
            "\"my app\"",
            "2: [[app]] name: is not a valid app name; use up to 64 letters, digits and . _ - and begin \
             with a letter or digit",
        ),
        (
            "id = \"1\"\n",
            "",
            "1: [[app]] id: is missing; Meta's app dashboard shows it",
        ),
        (
            "\"1\"",
            "-1",
            "3: [[app]] id: must be digits only, as Meta's app dashboard shows it",
        ),
        (
            "\"1\"",
            "1.5",
            "3: [[app]] id: must be text in quotes, not a fraction",
        ),
        (
            "\"1\"",
            "\"12a\"",
            "3: [[app]] id: must be digits only, as Meta's app dashboard shows it",
        ),
        (
            "secret = { credential = \"acme.secret\" }\n",
            "",
            "1: [[app]] secret: is missing; write { credential = \"acme.secret\" }",
        ),
    ]);
}

#[test]
fn a_setting_of_an_app_that_cannot_work_is_refused() {
    let app = |line: &str| LEAST.replace("id = \"1\"", &format!("id = \"1\"\n{line}"));
    let desk = Backend::new();
    for (line, expected) in [
        (
            "platform = \"myspace\"",
            "platform: \"myspace\" is not a platform; write \"facebook\", \"instagram\", \"threads\"",
        ),
        (
            "graph_version = \"25.0\"",
            "graph_version: \"25.0\" is not a Graph version; write it as v25.0",
        ),
        (
            "graph_url = \"http://graph.facebook.com\"",
            "graph_url: must begin with https:// (http:// only to this machine: 127.0.0.1, [::1], \
             localhost)",
        ),
        (
            "dialog_url = \"www\"",
            "dialog_url: is not a URL; write it in full, such as https://example.com",
        ),
        (
            "scopes = \"email\"",
            "scopes: must be a list in [ ], not text",
        ),
        (
            "scopes = [\"email,ads_read\"]",
            "scopes: \"email,ads_read\" is not a permission; write one per item, such as \
             \"pages_messaging\"",
        ),
        (
            "calls_per_hour = 0",
            "calls_per_hour: must be a number from 1 to 4294967295",
        ),
        (
            "calls_per_hour = \"200\"",
            "calls_per_hour: must be a whole number, not text",
        ),
        ("batch = 0", "batch: must be a number from 1 to 50"),
        ("batch = 51", "batch: must be a number from 1 to 50"),
        ("batch = -1", "batch: must be a number from 1 to 50"),
        (
            "batch = 1.5",
            "batch: must be a whole number, not a fraction",
        ),
        (
            "tester_token = { credential = \"acme.secret\" }",
            "tester_token: is only for apps of Threads, whose debugger answers testers only; remove it",
        ),
        (
            "scopes = [\"email\"]\nlogin_config_id = \"2\"",
            "login_config_id: replaces scopes; remove one of the two",
        ),
    ] {
        let at = 3 + line.lines().count();
        let expected = format!("perennial.toml:{at}: [[app]] {expected}");
        assert_eq!(desk.problems(app(line)), expected, "{line}");
    }
}

#[test]
fn an_end_of_a_version_is_a_date_for_a_version() {
    let desk = Backend::new();
    for (table, expected) in [
        (
            "\"25.0\" = 2027-02-23",
            "25.0: \"25.0\" is not a Graph version; write it as v25.0",
        ),
        (
            "\"v25.0\" = \"2027-02-23\"",
            "v25.0: must be a date without quotes, such as 2027-02-23, not text",
        ),
        (
            "\"v25.0\" = 2027-02-23T10:00:00Z",
            "v25.0: must be a date without quotes, such as 2027-02-23, without a time",
        ),
        (
            "\"v25.0\" = 2027",
            "v25.0: must be a date without quotes, such as 2027-02-23, not a number",
        ),
    ] {
        let line = format!("id = \"1\"\nversion_ends = {{ {table} }}");
        let expected = format!("perennial.toml:4: [app.version_ends] {expected}");
        let written = LEAST.replace("id = \"1\"", &line);
        assert_eq!(desk.problems(written), expected, "{table}");
    }
    let written = LEAST.replace("id = \"1\"", "id = \"1\"\nversion_ends = \"v25.0\"");
    assert_eq!(
        desk.problems(written),
        "perennial.toml:4: [[app]] version_ends: must be a section of its own or { key = value }, not text"
    );
}

#[test]
fn times_that_nobody_can_keep_are_refused() {
    let spelling = "is not a duration; write a whole number and one of s, m, h, d, such as 90s, 15m, 12h \
                    or 30d";
    assert_refused(&[
        (
            "[rotation]\ncheck_every = \"1 day\"\nrotate_before_expiry = 30\nretry_after = []\n",
            &[
                &format!("10: [rotation] check_every: \"1 day\" {spelling}"),
                "11: [rotation] rotate_before_expiry: must be text in quotes, not a number",
                "12: [rotation] retry_after: is empty; name at least one",
            ],
        ),
        (
            "[rotation]\nretry_after = [\n  \"1m\",\n  \"0s\",\n  \"P1D\",\n]\n",
            &[
                "12: [rotation] retry_after: must be longer than \"0s\"",
                &format!("13: [rotation] retry_after: \"P1D\" {spelling}"),
            ],
        ),
        (
            "warn_before = []\nremind_every = \"3651d\"\n",
            &[
                "9: [alerts] warn_before: is empty; name at least one",
                "10: [alerts] remind_every: \"3651d\" is too long; the longest is 3650d",
            ],
        ),
        (
            "[schedule]\nsweep = \"\"\ndigest = \"0 0 99 * * *\"\n",
            &[
                "10: [schedule] sweep: \"\" is not a cron line with seconds, which has six fields; write \
                 second minute hour day month weekday, such as \"0 30 3 * * *\" for 3:30 at night",
                "11: [schedule] digest: \"0 0 99 * * *\" is not a cron line with seconds (Component error: \
                 Number out of bounds.); write second minute hour day month weekday, such as \
                 \"0 30 3 * * *\" for 3:30 at night",
            ],
        ),
    ]);
    assert_change_refused(&[(
        "[[app]]",
        "timezone = \"Mars/Olympus\"\n[[app]]",
        "1: timezone: \"Mars/Olympus\" is not a time zone of this machine; write one such as \
         \"Europe/Berlin\" or \"UTC\" (they are in the package tzdata)",
    )]);
}

#[test]
fn mail_that_would_not_arrive_is_refused() {
    assert_change_refused(&[
        (
            "from = \"p@example.com\"\n",
            "",
            "5: [alerts] from: is missing; name the sender, such as \"Perennial \
             <perennial@example.com>\"",
        ),
        (
            "p@example.com",
            "Perennial",
            "6: [alerts] from: is not a sender; write perennial@example.com or \"Perennial \
             <perennial@example.com>\", the name without < > \" or \\",
        ),
        (
            "to = [\"ops@example.com\"]\n",
            "",
            "5: [alerts] to: is missing; name the recipients, such as [\"ops@example.com\"]",
        ),
        (
            "[\"ops@example.com\"]",
            "[]",
            "7: [alerts] to: is empty; name at least one",
        ),
        (
            "ops@example.com",
            "ops@",
            "7: [alerts] to: is not an email address; write it as ops@example.com",
        ),
        (
            "ops@example.com",
            "Ops <ops@example.com>",
            "7: [alerts] to: must be the bare address, without a name or < >, as ops@example.com",
        ),
        (
            "sendmail = true",
            "sendmail = false",
            "8: [alerts] sendmail: must be true, or left out",
        ),
        (
            "sendmail = true",
            "directory = \"emails\"",
            "8: [alerts] directory: must be an absolute path, beginning with /",
        ),
    ]);
    assert_refused(&[(
        "directory = \"/emails\"\nsmtp.url = \"smtp://localhost\"\n",
        &[
            "9: [alerts] directory: emails can be sent in only one way, and sendmail is on line 8; keep one",
            "10: [alerts] smtp: emails can be sent in only one way, and sendmail is on line 8; keep one",
        ],
    )]);
}

#[test]
fn hours_and_routes_that_nobody_can_follow_are_refused() {
    assert_refused(&[
        (
            "quiet_hours = \"night\"\nworking_days = [\"Mon\", \"Mo\"]\nescalate_to = []\n",
            &[
                "9: [alerts] quiet_hours: \"night\" is not a time span; write two times, such as \
                 \"20:00-07:00\"",
                "10: [alerts] working_days: \"Mo\" is not a weekday; write Mon, Tue, Wed, Thu, Fri, Sat or Sun",
                "11: [alerts] escalate_to: is empty; name at least one",
            ],
        ),
        (
            "[[alerts.route]]\napp = \"acne\"\nkind = \"person\"\nto = [\"ops\"]\nnight = true\n",
            &[
                "10: [[alerts.route]] app: \"acne\" is not the name of an [[app]]",
                "11: [[alerts.route]] kind: \"person\" is not a kind of token; write user, page, \
                 system_user or app",
                "12: [[alerts.route]] to: is not an email address; write it as ops@example.com",
                "13: [[alerts.route]] night: unknown key; known keys: app, cc, copy_operators, \
                 escalate_after, escalate_to, kind, language, owners, quiet_hours, timezone, to, tokens, \
                 working_days",
            ],
        ),
        (
            "[[alerts.route]]\nto = [\"a@example.com\"]\n[[alerts.route]]\nkind = \"page\"\n",
            &[
                "9: [[alerts.route]]: selects no tokens; name an app, a kind, tokens or owners",
                "11: [[alerts.route]]: changes nothing; name to, cc, escalate_to or what else differs",
            ],
        ),
    ]);
}

#[test]
fn a_mail_server_that_would_not_take_emails_is_refused() {
    let smtp = |value: &str, expected: &str| {
        let expected = format!("8: [alerts{expected}");
        assert_change_refused(&[("sendmail = true", &format!("smtp = {value}"), &expected)]);
    };
    let password = "password = { credential = \"smtp.password\" }";
    smtp(
        "\"smtp://localhost\"",
        "] smtp: must be a section of its own or { key = value }, not text",
    );
    smtp(
        "{}",
        ".smtp] url: is missing; name the mail server, such as \
         \"smtps://user@smtp.example.com:465\"",
    );
    smtp(
        "{ url = \"smtp.example.com\" }",
        ".smtp] url: is not the URL of a mail server; write smtps://user@smtp.example.com:465 for TLS from the first \
         byte, smtp://user@smtp.example.com:587 for STARTTLS",
    );
    smtp(
        "{ url = \"smtp://example.com?tls=none\" }",
        ".smtp] url: must end with the host or the port; TLS needs no option, it is always required \
         except on this machine",
    );
    smtp(
        "{ url = \"smtps://user@example.com\" }",
        ".smtp] url: names a user without a password; add password = { credential = … }",
    );
    smtp(
        &format!("{{ url = \"smtps://example.com\", {password} }}"),
        ".smtp] password: needs a user; write the user into the url",
    );
    smtp(
        "{ url = \"smtps://localhost\", urls = 1 }",
        ".smtp] urls: unknown key; did you mean `url`?",
    );
}

#[test]
fn a_socket_that_would_admit_nobody_or_everybody_is_refused() {
    assert_refused(&[
        (
            "[status]\nsocket = \"p.sock\"\nviewers = [\"a b\"]\noperators = \"root\"\n",
            &[
                "10: [status] socket: must be an absolute path, beginning with /",
                "11: [status] viewers: \"a b\" is not a user; write a user's name, \"@group\" or \"*\"",
                "12: [status] operators: must be a list in [ ], not text",
            ],
        ),
        (
            "[[status.reader]]\n[[status.reader]]\nuser = \"\"\ntokens = [\"\"]\n",
            &[
                "9: [[status.reader]] user: is missing; name a user or \"@group\"",
                "9: [[status.reader]] tokens: is missing; name the tokens, such as [\"acme-*\"]",
                "11: [[status.reader]] user: \"\" is not a user; write a user's name, \"@group\" or \"*\"",
                "12: [[status.reader]] tokens: is not a pattern for token names; write a name, or a part of \
                 it with *, without spaces",
            ],
        ),
    ]);
}

#[test]
fn a_public_part_that_nobody_could_reach_is_refused() {
    assert_refused(&[
        (
            "[web]\nlisten = \"8480\"\n",
            &[
                "9: [web] public_url: is missing; write the address at which people reach it, such as \
                 \"https://tokens.example.com\"",
                "10: [web] listen: is not an address to listen on; write \"127.0.0.1:8480\" or \
                 \"unix:/run/perennial/web.sock\"",
            ],
        ),
        (
            "[web]\nlisten = \"unix:web.sock\"\npublic_url = \"http://tokens.example.com\"\n",
            &[
                "10: [web] listen: unix: must be an absolute path, beginning with /",
                "11: [web] public_url: must begin with https:// (http:// only to this machine: 127.0.0.1, \
                 [::1], localhost)",
            ],
        ),
    ]);
}

#[test]
fn an_overview_that_could_not_tell_who_asks_is_refused() {
    let of = |keys: &str| format!("[ui]\nlisten = \"unix:/run/u.sock\"\n{keys}\n");
    let header = "write the header in which the proxy names the user, such as \"X-Remote-User\"";
    let peers = "write the user that the proxy runs as, such as [\"www-data\"]";
    assert_refused(&[
        (
            "[ui]\nlisten = \"127.0.0.1:8490\"\nuser_header = \"X-Remote-User\"\n",
            &[
                &format!("9: [ui] header_peers: is missing; {peers}"),
                "10: [ui] listen: must be a Unix socket, because only there the user who asks is known; write \
                 \"unix:/run/perennial/ui.sock\"",
            ],
        ),
        (
            "[ui]\nheader_peers = [\"*\", \"a b\", \"@\"]\n",
            &[
                "9: [ui] listen: is missing; write \"unix:/run/perennial/ui.sock\"",
                &format!("9: [ui] user_header: is missing; {header}"),
                "10: [ui] header_peers: \"*\" is not a user; write a user's name or \"@group\"",
                "10: [ui] header_peers: \"a b\" is not a user; write a user's name or \"@group\"",
                "10: [ui] header_peers: \"@\" is not a user; write a user's name or \"@group\"",
            ],
        ),
        (
            &of("user_header = \"Remote_User\"\nheader_peers = []"),
            &[
                "11: [ui] user_header: is not the name of a header; use up to 64 letters, digits and -, such as \
                 \"X-Remote-User\"",
                "12: [ui] header_peers: is empty; name at least one",
            ],
        ),
        (
            &of("user_header = \"Cookie\"\nheader_peers = [\"www-data\"]"),
            &[
                "11: [ui] user_header: has another meaning in HTTP; write one such as \"X-Remote-User\"",
            ],
        ),
        (
            "[ui]\nlisten = \"unix:ui.sock\"\nuser = 1\n",
            &[
                "10: [ui] listen: unix: must be an absolute path, beginning with /",
                "11: [ui] user: unknown key; known keys: header_peers, listen, user_header",
            ],
        ),
    ]);
}

#[test]
fn a_delivery_to_nowhere_or_to_everywhere_is_refused() {
    let to = |sink: &str| format!("[[delivery]]\nname = \"n\"\ntokens = [\"acme-*\"]\n{sink}\n");
    let one = "name exactly one of file, command and webhook";
    let gone = "is no longer supported: the daemon has no right to give files away. Write readers = [\"user\"]";
    assert_refused(&[
        (
            "[[delivery]]\n",
            &[
                "9: [[delivery]] name: is missing; name it after who uses the tokens, such as \"chatbot\"",
                "9: [[delivery]] tokens: is missing; name the tokens, such as [\"acme-*\"]",
                &format!("9: [[delivery]]: {one}"),
            ],
        ),
        (
            &to("command = [\"/bin/a\"]\nfile.path = \"/{name}\""),
            &[&format!("9: [[delivery]]: {one}")],
        ),
        (
            &to("command = [\"reload-bot\"]"),
            &["12: [[delivery]] command: must begin with the absolute path of a program"],
        ),
        (
            &to(
                "file = { path = \"/run/token\", mode = \"0444\", owner = \"bot\", readers = [\"*\"], format = \"x\" }",
            ),
            &[
                "12: [delivery.file] path: must contain {name} once, or each token would overwrite the one \
                 before",
                "12: [delivery.file] readers: cannot be everybody: name users or \"@group\"",
                "12: [delivery.file] format: must be \"raw\", \"env\" or \"json\"",
                &format!("12: [delivery.file] owner: {gone}"),
                &format!("12: [delivery.file] mode: {gone}"),
            ],
        ),
        (
            &to("file = { path = \"/run/{name}/{app}\" }"),
            &["12: [delivery.file] path: may contain {name} once, and no other { }"],
        ),
        (
            &to("file = { path = \"/run/../{name}\" }"),
            &["12: [delivery.file] path: must lead to a file, without . and .. on the way"],
        ),
        (
            &to("webhook = { url = \"http://example.com\" }\ngrace = \"0s\"\non_dead = \"delete\""),
            &[
                "12: [delivery.webhook] url: is plain http to another machine; use https, so that nobody on \
                 the way can read it",
                "12: [delivery.webhook] secret: is missing; each message is signed with it; write \
                 { credential = \"name\" }",
                "13: [[delivery]] grace: must be longer than \"0s\"",
                "14: [[delivery]] on_dead: must be \"keep\" or \"remove\"",
            ],
        ),
    ]);
}

#[test]
fn two_deliveries_with_one_name_or_one_path_are_refused() {
    let file = |name: &str| {
        format!("[[delivery]]\nname = \"{name}\"\ntokens = [\"*\"]\nfile.path = \"/t/{{name}}\"\n")
    };
    let twins = format!("{}{}", file("a"), file("a"));
    let neighbours = format!("{}{}", file("a"), file("b"));
    assert_refused(&[
        (
            &twins,
            &[
                "14: [[delivery]] name: is the name of another [[delivery]]; choose another one",
                "16: [[delivery]] file: has the path of a; each needs its own",
            ],
        ),
        (
            &neighbours,
            &["16: [[delivery]] file: has the path of a; each needs its own"],
        ),
    ]);
}
