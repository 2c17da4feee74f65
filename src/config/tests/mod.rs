//! Tests whole files: the sample, the shortest valid file, and one with every key.

mod posts;
mod reference;
mod refused;
mod secrets;
mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use jiff::SignedDuration;
use tempfile::TempDir;

use super::*;
use crate::delivery::{Account, FileFormat, FileSink, Target, WebhookBody};
use crate::email::mailer::{Security, SmtpServer, Transport};
use crate::email::text::Language;
use crate::model::OnDead;
use crate::outbox::http_post::{Address, Reach};
use crate::secret::Key;
use crate::secret::Secret;

const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
pub(super) const CANARY: &str = "canary-0123456789";

/// The last part of the path is what makes it a secret.
const WATCHER: &str = "https://watcher.example.com/ping/canary-0123456789";

/// The shortest valid file.
pub(super) const LEAST: &str = "\
[[app]]
name = \"acme\"
id = \"1\"
secret = { credential = \"acme.secret\" }
[alerts]
from = \"p@example.com\"
to = [\"ops@example.com\"]
sendmail = true
";

/// A machine with credentials and a directory for files.
pub(super) struct Backend {
    dir: TempDir,
    pub(super) machine: Machine,
}

impl Backend {
    pub(super) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let credentials = dir.path().join("credentials");
        fs::create_dir(&credentials).unwrap();
        for (name, content) in [
            ("acme.secret", CANARY),
            ("inventory.key", KEY),
            ("smtp.password", CANARY),
            ("webhook.verify", CANARY),
            ("hook", CANARY),
            ("hook.signing", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            ("hook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            (
                "ops-chat.url",
                "https://hooks.example.com/canary-0123456789",
            ),
            ("heartbeat.url", WATCHER),
        ] {
            fs::write(credentials.join(name), format!("{content}\n")).unwrap();
        }
        let machine = Machine {
            credentials: Credentials::Directory(credentials),
            timezone: TimeZone::UTC,
            name: "db-client".to_owned(),
        };
        Self { dir, machine }
    }

    pub(super) fn file(&self, name: &str, mode: u32, content: impl AsRef<[u8]>) -> String {
        let path = self.dir.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    }

    fn load(&self, text: impl AsRef<[u8]>) -> Result<Config, DiagnosticList> {
        let path = self.file("perennial.toml", 0o640, text);
        load(Path::new(&path), &self.machine)
    }

    /// The messages as the operator sees them, without the directory.
    fn problems(&self, text: impl AsRef<[u8]>) -> String {
        let problems = self.load(text).unwrap_err().to_string();
        problems.replace(&format!("{}/", self.dir.path().display()), "")
    }

    fn warnings(&self, text: &str) -> Vec<String> {
        let warnings = self.load(text).unwrap().warnings;
        let dir = format!("{}/", self.dir.path().display());
        warnings
            .iter()
            .map(|w| w.to_string().replace(&dir, ""))
            .collect()
    }
}

fn span(text: &str) -> SignedDuration {
    durations::parse(text).unwrap()
}

#[test]
fn what_the_file_leaves_out_is_as_documented() {
    let config = Backend::new().load(LEAST).unwrap();
    assert_eq!(config.timezone, TimeZone::UTC);
    assert!(config.warnings.is_empty());

    let app = &config.apps[0];
    assert_eq!(app.graph.platform.name, "facebook");
    assert_eq!(app.graph.version, "v25.0");
    assert_eq!(app.graph.url, "https://graph.facebook.com");
    assert_eq!(app.login.dialog_url, "https://www.facebook.com");
    assert!(app.login.scopes.is_empty());
    assert_eq!(app.login.config_id, None);
    assert_eq!((app.calls_per_hour, app.graph.batch), (200, 50));

    let path = Path::new("/var/lib/perennial/inventory.db");
    assert_eq!(
        config.inventory.place.file().map(PathBuf::as_path),
        Some(path)
    );
    let folder = "/var/lib/perennial/backups".into();
    assert_eq!(config.backups, Backups { folder, keep: 14 });
    assert_eq!(config.retention.age, span("400d"));
    assert_eq!(
        config.inventory.key.id(),
        Key::read(KEY.as_bytes()).unwrap().id()
    );

    let status = &config.status;
    assert_eq!(status.socket, Path::new("/run/perennial/perennial.sock"));
    assert_eq!(status.viewers, ["*"]);
    assert_eq!(status.operators, ["root"]);
    assert!(status.readers.is_empty());
    assert!(config.web.is_none() && config.sinks.is_empty());
    assert_eq!(config.metrics, Metrics::default());
    assert_eq!(config.heartbeat, None);
}

#[test]
fn the_times_that_the_file_leaves_out_are_as_documented() {
    let config = Backend::new().load(LEAST).unwrap();
    let rotation = &config.rotation;
    assert_eq!(rotation.check_every, span("24h"));
    assert_eq!(rotation.rotate_before_expiry, span("30d"));
    let waits = ["1m", "5m", "30m", "2h", "6h"].map(span);
    assert_eq!(rotation.retry_after, waits);
    assert_eq!(rotation.warn_before, span("14d"));

    let schedule = &config.schedule;
    assert_eq!(schedule.sweep, "*/30 * * * * *");
    assert_eq!(schedule.mail, "*/15 * * * * *");
    assert_eq!(schedule.digest.as_deref(), Some("0 0 8 * * Mon"));
    assert_eq!(schedule.backup.as_deref(), Some("0 30 3 * * *"));

    let steps = ["14d", "7d", "3d", "1d"].map(span);
    assert_eq!(config.alerts.warn_before, steps);
    assert_eq!(config.alerts.remind_every, span("3d"));
    assert_eq!(config.alerts.plan_window, span("14d"));
    assert_eq!(config.alerts.escalate_after, None);
    assert!(config.alerts.quiet_hours.is_none() && config.alerts.working_days.is_empty());
}

#[test]
fn a_platform_brings_its_hosts_which_can_be_replaced() {
    let on = |lines: &str| {
        let text = LEAST.replace("id = \"1\"", &format!("id = \"1\"\n{lines}"));
        Backend::new().load(&text).unwrap().apps.remove(0)
    };
    let app = on("platform = \"instagram\"");
    assert_eq!(app.graph.url, "https://graph.instagram.com");
    assert_eq!(app.login.dialog_url, "https://www.instagram.com");
    assert_eq!(app.login.platform.title, "Instagram");
    assert_eq!(
        app.graph.code_url.as_deref(),
        Some("https://api.instagram.com")
    );

    let simulated = on("platform = \"instagram\"\ngraph_url = \"http://127.0.0.1:8470/i\"");
    assert_eq!(simulated.graph.url, "http://127.0.0.1:8470/i");
    assert_eq!(simulated.graph.code_url, None, "codes go there too");

    let app = on("platform = \"threads\"");
    assert_eq!(app.graph.url, "https://graph.threads.net");
    assert_eq!(app.graph.version, "v1.0");
    assert_eq!(app.graph.code_url, None);
}

/// Every key, none with its default.
pub(super) const ALL: &str = include_str!("every_key.toml");

#[test]
fn every_key_is_taken_over() {
    let config = Backend::new().load(ALL).unwrap();
    assert_eq!(config.timezone.iana_name(), Some("Europe/Berlin"));

    let [acme, business] = config.apps.as_slice() else {
        panic!("two apps were written");
    };
    assert_eq!(
        (acme.name.as_str(), acme.graph.id.as_str()),
        ("acme", "257422819769992")
    );
    assert_eq!(
        acme.graph.secrets,
        [Secret::new(CANARY), Secret::new(CANARY)]
    );
    assert_eq!(acme.graph.version, "v26.0");
    assert_eq!(acme.graph.url, "http://127.0.0.1:8080");
    assert_eq!(acme.login.dialog_url, "https://login.example.com");
    assert_eq!(
        acme.login.scopes,
        Scopes::parse("pages_messaging pages_show_list")
    );
    assert_eq!((acme.calls_per_hour, acme.graph.batch), (4800, 1));
    let own = VersionEnds::both_on(jiff::civil::date(2028, 11, 4));
    assert_eq!(acme.version_ends, own);
    assert_eq!(business.version_ends, VersionEnds::default());
    assert_eq!(business.login.config_id.as_deref(), Some("3"));
    assert_eq!(business.graph.platform.name, "threads");
    assert_eq!(business.graph.tester_token, Some(Secret::new(CANARY)));

    assert_eq!(
        config.inventory.place,
        inventory::Place::from(Path::new("/srv/inventory.db"))
    );
    let folder = "/srv/copies".into();
    assert_eq!(config.backups, Backups { folder, keep: 3 });
    assert_eq!(config.retention.age, span("100d"));
    assert_eq!(config.rotation.check_every, span("12h"));
    assert_eq!(config.rotation.rotate_before_expiry, span("20d"));
    assert_eq!(config.rotation.retry_after, [span("90s")]);
    assert_eq!(config.rotation.warn_before, span("21d"));
    let schedule = Schedule {
        sweep: "0 * * * * *".to_owned(),
        mail: "30 * * * * *".to_owned(),
        digest: None,
        backup: None,
    };
    assert_eq!(config.schedule, schedule);
}

#[test]
fn pages_name_the_company_as_emails_do() {
    let config = Backend::new().load(ALL).unwrap();
    let sender = config.alerts.templates.sender();
    let named = (sender.company.as_str(), sender.contact.as_str());
    assert_eq!(named, ("Acme GmbH", "help@acme.example"));
    let web = config.web.unwrap();
    assert_eq!((&web.sender, web.language), (sender, Language::German));
}

#[test]
fn every_key_about_the_overview_is_taken_over() {
    let ui = Backend::new().load(ALL).unwrap().ui.unwrap();
    assert_eq!(ui.listen, Path::new("/run/ui.sock"));
    let proxy = ui.proxy.unwrap();
    assert_eq!(proxy.user_header, "Remote-User");
    assert_eq!(proxy.peers, ["caddy", "@proxies"]);
}

#[test]
fn every_key_about_people_is_taken_over() {
    let config = Backend::new().load(ALL).unwrap();
    assert_eq!(config.alerts.warn_before, ["21d", "3d", "1d"].map(span));
    assert_eq!(config.alerts.remind_every, span("2d"));
    assert_eq!(
        config.alerts.operators,
        ["ops@example.com", "boss@example.com"]
    );
    assert_eq!(config.alerts.language, Language::German);
    assert_eq!(config.alerts.plan_window, span("10d"));
    assert!(config.alerts.copy_operators);
    assert_eq!(config.alerts.escalate_after, Some(span("2d")));
    assert_eq!(config.alerts.escalate_to, ["second@example.com"]);
    assert_eq!(config.alerts.working_days.len(), 2);
    assert_eq!(config.alerts.apps, ["acme", "business"]);
    assert_eq!(config.mail.from, "\"Acme, Inc.\" <perennial@example.com>");
    let smtp = Transport::Smtp(SmtpServer {
        host: "smtp.example.com".to_owned(),
        port: 465,
        security: Security::Implicit,
        user: Some("user".to_owned()),
        password: Some(Secret::new(CANARY)),
        ca: None,
    });
    assert_eq!(config.mail.transport, smtp);

    assert_eq!(config.status.socket, Path::new("/run/p.sock"));
    assert_eq!(config.status.viewers, ["@staff", "chatbot"]);
    assert_eq!(config.status.operators, ["root", "@ops"]);
    assert_eq!(config.status.readers[0].user, "chatbot");
    assert_eq!(config.status.readers[0].tokens, ["acme-*"]);

    let web = config.web.unwrap();
    assert_eq!(web.listen, web::ListenAddress::Unix("/run/web.sock".into()));
    assert_eq!(web.public_url, "https://tokens.example.com");
    assert_eq!(web.webhook_verify_token, Some(Secret::new(CANARY)));
    let textfile = Some("/srv/metrics/perennial.prom".into());
    let listen = "127.0.0.2:9478".parse().ok();
    assert_eq!(config.metrics, Metrics { listen, textfile });
    let watcher = Address::parse(&Secret::new(WATCHER), Reach::Private);
    assert_eq!(config.heartbeat, watcher.ok());
}

#[test]
fn every_key_about_deliveries_is_taken_over() {
    let config = Backend::new().load(ALL).unwrap();
    let [files, command, webhook] = config.sinks.as_slice() else {
        panic!("three deliveries were written");
    };
    assert_eq!(files.name, "chatbot");
    assert_eq!(
        (files.on_dead, files.grace),
        (OnDead::Remove, Some(span("24h")))
    );
    let Target::File(file) = &files.target else {
        panic!("the first is a file");
    };
    let expected = FileSink {
        path: "/run/perennial/tokens/{name}".to_owned(),
        readers: vec![Account::parse("chatbot")],
        format: FileFormat::Env,
    };
    assert_eq!(*file, expected);
    assert_eq!((command.on_dead, command.grace), (OnDead::Keep, None));
    let Target::Command(words) = &command.target else {
        panic!("the second is a command");
    };
    assert_eq!(words, &["/usr/local/bin/reload-bot", "--now"]);
    let Target::Webhook(webhook) = &webhook.target else {
        panic!("the third is a webhook");
    };
    assert_eq!(
        (webhook.body, webhook.secrets.len()),
        (WebhookBody::Full, 1)
    );
}

#[test]
fn a_route_says_what_differs_for_whom() {
    let config = Backend::new().load(ALL).unwrap();
    let [route, other] = config.alerts.routes.as_slice() else {
        panic!("two routes were written");
    };
    let quiet = |from, until| alerts::Quiet {
        from: jiff::civil::time(from, 0, 0, 0),
        until: jiff::civil::time(until, 30, 0, 0),
    };
    assert_eq!(config.alerts.quiet_hours, Some(quiet(20, 7)));
    assert_eq!(
        (route.app.as_deref(), route.kind),
        (Some("acme"), Some(crate::model::Kind::Page))
    );
    assert_eq!(route.tokens, ["acme-shop-*"]);
    assert_eq!(route.owners, ["*@agency.example"]);
    assert_eq!(route.to, ["pages@agency.example"]);
    assert_eq!(route.cc, ["manager@example.com"]);
    assert!(route.copy_operators);
    assert_eq!(route.escalate_after, Some(span("1d")));
    assert_eq!(route.escalate_to, ["lead@agency.example"]);
    assert_eq!(route.language, Some(Language::English));
    let zone = route.timezone.as_ref().and_then(TimeZone::iana_name);
    assert_eq!(zone, Some("America/New_York"));
    assert_eq!(route.quiet_hours, Some(quiet(18, 9)));
    assert_eq!(route.working_days, [jiff::civil::Weekday::Monday]);
    assert_eq!(other.app.as_deref(), Some("business"));
    assert!(other.to.is_empty() && !other.copy_operators);
}

#[test]
fn the_documented_example_is_in_order() {
    let desk = Backend::new();
    let documented = include_str!("documented.toml");
    assert!(desk.warnings(documented).is_empty());

    let config = desk.load(documented).unwrap();
    assert_eq!(config.mail.from, "Perennial <perennial@example.com>");
    let listen = web::ListenAddress::Tcp("127.0.0.1:8480".parse().unwrap());
    assert_eq!(config.web.unwrap().listen, listen);
    let Target::File(file) = &config.sinks[0].target else {
        panic!("the example delivers tokens as files");
    };
    assert_eq!(file.readers, ["chatbot", "@www-data"].map(Account::parse));
}

#[test]
fn what_works_differently_than_one_may_think_is_a_warning() {
    let desk = Backend::new();
    let no_way = "perennial.toml: [alerts]: no email can be sent: none of smtp, sendmail and \
                  directory is set, so nobody is notified when a token needs attention";
    let silent = LEAST.split_once("[alerts]").unwrap().0;
    assert_eq!(desk.warnings(silent), [no_way]);

    let twins = format!("{LEAST}{}", silent.replace("acme\"", "acme2\""));
    let same_id = "perennial.toml:11: [[app]] id: the app on line 3 has this id too; Meta counts the \
                   calls of both together, so keep the sum of calls_per_hour in mind";
    assert_eq!(desk.warnings(&twins), [same_id]);

    let everybody =
        "[status]\noperators = [\"*\"]\n[[status.reader]]\nuser = \"*\"\ntokens = [\"*\"]\n";
    let expected = [
        "perennial.toml:10: [status] operators: everyone who can reach the socket may import and \
         forget tokens",
        "perennial.toml:12: [[status.reader]] user: everyone who can reach the socket may read these \
         tokens",
    ];
    assert_eq!(desk.warnings(&format!("{LEAST}{everybody}")), expected);
}

#[test]
fn own_templates_are_tried_before_an_email_needs_them() {
    let desk = Backend::new();
    fs::create_dir(desk.dir.path().join("templates")).unwrap();
    let folder = desk.dir.path().join("templates").display().to_string();
    let with = format!("{LEAST}templates = \"{folder}\"\nlanguage = \"de\"\n");
    let problems = desk.problems(&with);
    assert!(
        problems.contains("templates: holds no template"),
        "{problems}"
    );

    desk.file("templates/email.txt", 0o644, "{{ headline }}");
    assert_eq!(desk.warnings(&with), Vec::<String>::new());
    desk.file("templates/email.html", 0o644, "{{ headlin }}");
    let warnings = desk.warnings(&with);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("perennial.toml:9: [alerts] templates: email.html: undefined"));

    let gone = with
        .replace("/templates", "/gone")
        .replace("\"de\"", "\"fr\"");
    let problems = desk.problems(&gone);
    assert!(problems.contains("templates: cannot be read"), "{problems}");
    assert!(
        problems.contains("language: must be \"en\" or \"de\""),
        "{problems}"
    );
}

#[test]
fn a_relay_s_own_authority_is_a_certificate() {
    let desk = Backend::new();
    let no_pem = desk.file("ca.pem", 0o644, "-----BEGIN CERTIFICATE-----\nnonsense\n");
    for (path, message) in [
        (no_pem.as_str(), "ca: holds no certificate"),
        ("/gone/ca.pem", "ca: cannot be read"),
        ("/dev/zero", "ca: holds no certificate"),
        ("ca.pem", "ca: "),
    ] {
        let relay = format!("smtp = {{ url = \"smtps://example.com\", ca = \"{path}\" }}");
        let problems = desk.problems(LEAST.replace("sendmail = true", &relay));
        assert!(problems.contains(message), "{problems}");
    }
}

const SAMPLE: &str = include_str!("../../../packaging/perennial.toml");

#[test]
fn the_sample_can_be_used_as_it_is() {
    let desk = Backend::new();
    assert_eq!(desk.warnings(SAMPLE), Vec::<String>::new());
}

#[test]
fn what_the_sample_leaves_out_is_what_holds_without_it() {
    let desk = Backend::new();
    let uncommented = |line: &'static str| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting,
        Some(_) | None => line,
    };
    let spelled_out: Vec<&str> = SAMPLE.lines().map(uncommented).collect();
    let mut spelled_out = desk.load(spelled_out.join("\n")).unwrap();
    let as_shipped = desk.load(SAMPLE).unwrap();

    assert!(spelled_out.metrics.listen.take().is_some());
    assert!(spelled_out.metrics.textfile.take().is_some());
    assert!(spelled_out.heartbeat.take().is_some());
    assert!(spelled_out.ui.take().is_some());
    assert_eq!(spelled_out.status.readers.len(), 1);
    spelled_out.status.readers.clear();
    assert_eq!(spelled_out.alerts.routes.len(), 1);
    spelled_out.alerts.routes.clear();
    let web = spelled_out.web.take().unwrap();
    assert_eq!(web.listen, web::ListenAddress::Tcp(defaults::LISTEN));
    assert_eq!(spelled_out.logins.public_url, Some(web.public_url));
    assert!(spelled_out.alerts.login_links.take().is_some());
    spelled_out.logins.public_url = None;
    spelled_out.status.logins.public_url = None;
    assert_eq!(spelled_out.timezone.iana_name(), Some("Europe/Berlin"));
    spelled_out.timezone = TimeZone::UTC;
    spelled_out.alerts.timezone = TimeZone::UTC;
    assert_eq!(format!("{spelled_out:#?}"), format!("{as_shipped:#?}"));
}

#[test]
fn a_configuration_does_not_print_its_secrets() {
    let printed = format!("{:?}", Backend::new().load(ALL).unwrap());
    assert!(printed.contains("smtp.example.com"));
    assert!(!printed.contains(CANARY) && !printed.contains(KEY));
}

#[test]
fn what_a_daemon_holds_open_needs_a_restart() {
    let desk = Backend::new();
    let before = desk.load(LEAST).unwrap();
    assert!(before.needs_restart(&desk.load(LEAST).unwrap()).is_empty());

    let other_key = "CCIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
    fs::write(desk.dir.path().join("credentials/hook"), other_key).unwrap();
    let moved = "[inventory]\npath = \"/a\"\nkey.credential = \"hook\"\n[status]\nsocket = \"/b\"\n\
         [metrics]\nlisten = \"127.0.0.1:1\"\ntextfile = \"/c.prom\"\n";
    let mut after = desk.load(format!("{LEAST}{moved}")).unwrap();
    let expected = [
        "inventory.path",
        "inventory.key",
        "status.socket",
        "metrics.listen",
    ];
    assert_eq!(before.needs_restart(&after), expected);
    after.keep_bound_settings(&before);
    assert_eq!(after.metrics.listen, None);
    assert!(after.metrics.textfile.is_some(), "it is live at once");
}

#[test]
fn what_a_daemon_holds_open_stays_and_the_rest_is_taken_over() {
    let desk = Backend::new();
    let web = |listen: &str| {
        format!("[web]\nlisten = \"{listen}\"\npublic_url = \"https://new.example.com\"\n")
    };
    let mut before = desk.load(LEAST).unwrap();
    let place = before.inventory.place.clone();
    let moved = "[inventory]\npath = \"/a\"\n[status]\nsocket = \"/b\"\nviewers = [\"anna\"]\n";
    let newer = || {
        desk.load(format!("{LEAST}{moved}{}", web("127.0.0.1:1")))
            .unwrap()
    };
    let mut after = newer();
    after.keep_bound_settings(&before);
    assert!(after.web.is_none() && after.alerts.login_links.is_none());
    assert_eq!(after.logins.public_url, None);
    before.replace_keeping_inventory(after);
    assert_eq!(before.inventory.place, place);
    assert_eq!(before.status.viewers, ["anna"]);
    let left = ["inventory.path", "status.socket", "web.listen"];
    assert_eq!(before.needs_restart(&newer()), left);

    let running = desk.load(format!("{LEAST}{}", web("127.0.0.1:2"))).unwrap();
    let mut after = newer();
    after.keep_bound_settings(&running);
    assert_eq!(after.web.unwrap().listen, running.web.unwrap().listen);
}

#[test]
fn an_open_overview_stays_where_it_is_and_learns_whom_to_believe() {
    let desk = Backend::new();
    let ui = |listen: &str, peer: &str| {
        let keys = "user_header = \"X-Remote-User\"";
        let text = format!(
            "{LEAST}[ui]\nlisten = \"unix:{listen}\"\n{keys}\nheader_peers = [\"{peer}\"]\n"
        );
        desk.load(text).unwrap()
    };
    let without = || desk.load(LEAST).unwrap();
    let running = ui("/a", "www-data");
    for (mut newer, keys, peers) in [
        (ui("/a", "caddy"), &[][..], "caddy"),
        (ui("/b", "caddy"), &["ui.listen"], "caddy"),
        (without(), &["ui.listen"], "www-data"),
    ] {
        assert_eq!(running.needs_restart(&newer), keys);
        newer.keep_bound_settings(&running);
        let kept = newer.ui.unwrap();
        assert_eq!(kept.listen, Path::new("/a"));
        assert_eq!(kept.proxy.unwrap().peers, [peers]);
    }
    let mut newer = ui("/a", "caddy");
    assert_eq!(without().needs_restart(&newer), ["ui.listen"]);
    newer.keep_bound_settings(&without());
    assert!(newer.ui.is_none());
}

#[test]
fn an_app_s_id_needs_no_quotes() {
    let desk = Backend::new();
    let bare = LEAST.replace("id = \"1\"", "id = 257422819769992");
    assert_eq!(desk.load(bare).unwrap().apps[0].graph.id, "257422819769992");
    let large = LEAST.replace("id = \"1\"", "id = 99999999999999999999999");
    assert_eq!(
        desk.load(large).unwrap().apps[0].graph.id,
        "99999999999999999999999"
    );
}

#[test]
fn what_is_to_be_kept_is_found_without_the_secrets() {
    let desk = Backend::new();
    let found = |text: &str| {
        fs::write(desk.dir.path().join("perennial.toml"), text).unwrap();
        stores(&desk.dir.path().join("perennial.toml"))
    };
    let found_in =
        found("[[app]]\nname = 7\n[inventory]\nkey = { credential = \"a.key\" }").unwrap();
    assert_eq!(found_in.key, desk.dir.path().join("credentials/a.key"));
    assert_eq!(
        found_in.inventory,
        Some(PathBuf::from("/var/lib/perennial/inventory.db"))
    );
    let found_in = found("").unwrap();
    assert_eq!(
        found_in.key,
        desk.dir.path().join("credentials/inventory.key")
    );
    let found_in =
        found("[inventory]\npath = \"/srv/i.db\"\nkey = { file = \"/srv/a.key\" }").unwrap();
    assert_eq!(
        (found_in.key, found_in.backups.folder),
        ("/srv/a.key".into(), "/srv/backups".into())
    );
    assert!(found("[inventory]\npath = 7").is_err());
}
