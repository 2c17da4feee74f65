//! The rules: what each module may use. Change a rule in a commit of its own that says why.

/// The modules from the lowest up, and which of the modules before it each may use.
pub const FLOORS: &[(&str, &str)] = &[
    ("files", ""),
    ("http_client", ""),
    ("look", ""),
    ("secret", ""),
    ("model", "secret"),
    ("calendar", "model"),
    ("graph_api", "http_client secret model"),
    ("inventory", "files secret model"),
    ("outbox", "http_client secret"),
    ("email", "files look secret model inventory"),
    // The workers do not use each other: they communicate through the inventory.
    ("alerts", "secret model inventory email"),
    ("delivery", "files secret model inventory outbox"),
    ("login", "secret model graph_api inventory"),
    ("posts", "secret model inventory outbox"),
    ("rotation", "secret model graph_api inventory"),
    ("webhooks", "secret model graph_api inventory"),
    // It looks ahead with the policies of the workers, and with none of what they do.
    ("forecast", "model email alerts rotation"),
    // The server itself, and what its routes share: for the socket and the web part.
    ("http", "model inventory"),
    // These never act: they read the inventory and store orders in it. Of `login` they use only the pure parts around
    // Meta's dialog; without `graph_api` they could not use the rest.
    ("api", "secret model inventory login http"),
    (
        "web",
        "look secret model calendar inventory email login webhooks http",
    ),
    ("api_client", "http_client secret model api"),
    // It has no rights but those of its user on the socket.
    ("ui", "look secret model http api api_client"),
    // It fills in the settings of the other modules, none of which uses it.
    (
        "config",
        "secret model graph_api inventory outbox email alerts delivery rotation login posts api web ui",
    ),
    // It works when the daemon does not.
    ("monitor", "files model email api api_client config"),
    (
        "doctor",
        "secret model graph_api inventory outbox email api api_client config monitor",
    ),
    (
        "daemon",
        "files secret model graph_api inventory outbox email alerts delivery rotation login posts webhooks forecast http api web api_client ui config",
    ),
    // It tries the operator's answers before the daemon exists.
    ("setup", "files secret model graph_api email config"),
    // It stands for Meta's servers, so the daemon knows nothing of it.
    ("graph_sim", ""),
    (
        "demo",
        "look secret model inventory http api web api_client config daemon graph_sim",
    ),
    (
        "cli",
        "files secret model calendar inventory api api_client ui config monitor doctor daemon setup graph_sim demo",
    ),
];

/// A dependency of Cargo.toml, and where in `src` it may be used.
pub type Tool = (&'static str, &'static [&'static str]);

/// The places where each dependency may be used, as folders or as files without `.rs`. `""` is everywhere.
pub const TOOLS: &[Tool] = &[
    ("anstream", &["cli"]),
    ("anstyle", &["cli", "demo"]),
    ("anyhow", &["cli/commands/run", "graph_sim/command"]),
    ("axum", &["http", "api", "web", "ui", "graph_sim"]),
    ("bytes", &["inventory/engine/postgres"]),
    (
        "base64",
        &[
            "secret/key",
            "secret/random_id",
            "graph_api/signature",
            "outbox/standard_webhooks",
            "graph_sim",
        ],
    ),
    ("chacha20poly1305", &["secret/seal"]),
    ("chrono", &["daemon/schedule"]),
    ("clap", &["cli"]),
    (
        "clap_complete",
        &["cli/completion", "cli/parse", "cli/commands/completions"],
    ),
    ("clap_mangen", &["cli/commands/man"]),
    ("croner", &["config/check/schedule", "daemon/schedule"]),
    ("csv", &["cli/commands/import"]),
    (
        "form_urlencoded",
        &["graph_api", "login", "webhooks", "ui/form", "graph_sim"],
    ),
    ("futures-util", &[""]),
    ("getrandom", &["secret"]),
    ("hkdf", &["secret/key"]),
    (
        "hmac",
        &[
            "secret/seal",
            "secret/digest_key",
            "graph_api/proof",
            "graph_sim/signature",
            "outbox/standard_webhooks",
        ],
    ),
    ("http-body-util", &["http", "api", "graph_sim"]),
    ("hyper", &["http", "graph_sim"]),
    ("hyper-util", &["http", "graph_sim"]),
    (
        "indicatif",
        &["cli/commands/import", "cli/commands/move_inventory"],
    ),
    ("jiff", &[""]),
    ("lettre", &["email/mailer"]),
    (
        "minijinja",
        &[
            "email/templates",
            "web/page",
            "ui/page",
            "ui/filters",
            "ui/state",
            "ui/server",
            "graph_sim/dialog",
            "demo/report",
        ],
    ),
    (
        "nix",
        &[
            "files",
            "inventory/copy",
            "inventory/file_ownership",
            "cli/core_dumps",
            "config/credentials",
            "setup/paths",
            "api",
            "monitor",
            "delivery/sinks",
        ],
    ),
    (
        "percent-encoding",
        &["api_client/paths", "config/smtp_url", "graph_sim/batch"],
    ),
    (
        "prometheus-client",
        &["api/metrics", "api/request_durations"],
    ),
    ("rand", &["demo", "graph_sim/world"]),
    (
        "reqwest",
        &["http_client", "graph_api", "outbox/http_post", "api_client"],
    ),
    ("rpassword", &["cli/secret_input"]),
    // The tests look at the tables from outside.
    ("rusqlite", &["inventory/engine"]),
    ("rustix", &["delivery/sinks"]),
    (
        "rustls",
        &[
            "http_client",
            "inventory/engine/postgres/tls",
            "inventory/engine/postgres/server",
        ],
    ),
    (
        "rustls-platform-verifier",
        &["inventory/engine/postgres/tls"],
    ),
    ("sd-notify", &["daemon/systemd"]),
    ("secrecy", &["secret"]),
    ("serde", &[""]),
    ("serde_json", &[""]),
    ("sha1", &["graph_sim/signature"]),
    (
        "sha2",
        &[
            "secret",
            "calendar/revision",
            "graph_api/proof",
            "graph_sim/signature",
            "outbox/standard_webhooks",
        ],
    ),
    ("signal-hook", &["daemon/signals"]),
    ("signal-hook-tokio", &["daemon/signals"]),
    ("subtle", &["secret"]),
    (
        "tempfile",
        &[
            "inventory/copy",
            "inventory/restore",
            "inventory/moving/sides",
            "setup",
            "demo",
            "cli/commands/ui",
        ],
    ),
    ("terminal_size", &["cli/terminal/output"]),
    ("thiserror", &[""]),
    ("tokio", &[""]),
    ("tokio-cron-scheduler", &["daemon/schedule"]),
    ("tokio-postgres", &["inventory/engine/postgres"]),
    ("tokio-rustls", &["inventory/engine/postgres/tls"]),
    ("tokio-util", &[""]),
    ("toml", &["config", "email/text", "graph_sim/world_file"]),
    ("tracing", &[""]),
    ("tracing-journald", &["daemon/logging"]),
    ("tracing-subscriber", &["daemon/logging"]),
    ("unicode-width", &["cli/terminal/text"]),
    ("url", &["config"]),
    ("utoipa", &["model", "api"]),
    (
        "zeroize",
        &[
            "secret",
            "config/credentials",
            "outbox/standard_webhooks",
            "api/request",
            "cli/key_file",
        ],
    ),
];

/// The names outside of src/inventory/engine that belong to one engine of the inventory, and where they are.
pub const ENGINES: &[(&str, &str)] = &[
    // Each schema file is written once for each.
    ("inventory/schema", "sqlite"),
    ("inventory/schema", "postgres"),
    // The library in the program is too old.
    ("inventory/error", "UnsafeSqlite"),
    ("daemon/error", "UnsafeSqlite"),
];

/// The places where a secret is exposed, and why it must be.
pub const EXPOSURES: &[(&str, &str)] = &[
    ("secret/mod", "its own length and equality"),
    (
        "inventory/engine/postgres/address",
        "the URL of a server, which holds the password that the server is sent",
    ),
    (
        "inventory/logins",
        "a login link for an email; and the name of its outcome",
    ),
    (
        "inventory/calendars",
        "the address of a calendar, for an email or an operator",
    ),
    ("secret/seal", "sealing, and the fingerprint"),
    ("graph_api/credentials", "what Meta is sent"),
    (
        "login/oauth_dialog",
        "the click's own secret on its way to Meta's dialog, and a pasted address or code",
    ),
    (
        "web/routes/login",
        "the name of an outcome, for the browser that came back",
    ),
    (
        "web/routes/login_result",
        "the link that led here, for another try",
    ),
    (
        "outbox/http_post",
        "the URL that a message is sent to, which may hold the receiver's key",
    ),
    (
        "ui/access",
        "the prefix and the cookie of the overview, for the address and the browser that may open it",
    ),
    (
        "ui/state",
        "the token of a form, for the page with the form",
    ),
    ("outbox/standard_webhooks", "the key of a signature"),
    ("posts/format/pagerduty", "the key that PagerDuty is sent"),
    (
        "delivery/sinks/file",
        "a file holds the token; and what lies there is compared with it",
    ),
    ("delivery/sinks/file_format", "the content of a file"),
    (
        "delivery/sinks/command",
        "a command reads the token, which is removed from what it says",
    ),
    (
        "delivery/sinks/webhook",
        "a webhook with body = \"full\" gets the token",
    ),
    ("email/mailer/smtp", "the password of the mail server"),
    (
        "api/types/secrets",
        "the one audited call that hands a token out, and what is handed in",
    ),
    (
        "setup/files",
        "the app's secret and the mail server's password become files",
    ),
    (
        "cli/commands/get",
        "`perennial get` writes it to standard output",
    ),
    (
        "demo/observer",
        "the simulated world is asked whether it lives",
    ),
];

/// The only module that reads the machine's clock.
pub const CLOCK: &str = "daemon/clock";

/// Schema files by their SHA-256. Until the first release, a change to a file needs a new fixture and a new hash here.
/// After it, do not edit any, because inventories were made with them.
pub const SCHEMA: &[(&str, &str)] = &[
    (
        "0001_inventory.sql",
        "6844848a1ebca35f6f7e0b933229de22adfd9828604f9a37f3055cc84243dd04",
    ),
    (
        "postgres/0001_inventory.sql",
        "c81f121cc90f7409c6ad745f19120562db8dd553fc67b297a4f570786eb062e3",
    ),
];

/// Circles of files that are still there, each as the files or folders that it lies in. The list may only get shorter.
pub const CIRCLES: &[&str] = &[];
