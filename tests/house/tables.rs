//! Who may use what. A wall is moved here, in a commit of its own that says why.

/// The modules from the ground up, and what each may use of those that stand before it.
pub const FLOORS: &[(&str, &str)] = &[
    ("secret", ""),
    ("token", "secret"),
    ("graph_api", "secret token"),
    ("inventory", "secret token"),
    // The workers do not know each other: they meet in the inventory.
    ("alerts", "secret token inventory"),
    ("rotation", "secret token graph_api inventory"),
    ("login", "secret token graph_api inventory"),
    // How connections are shared out and refused, the same for socket and public part.
    ("http", ""),
    // They never act: they read the inventory and file orders there. Of the logins they know the way to Meta's dialog
    // and back, which is pure; without `graph_api` they could not even make the rest.
    ("status", "secret token inventory login http"),
    ("web", "secret token inventory login http"),
    // It fills in the settings of the others, none of which knows it.
    (
        "config",
        "secret token inventory alerts rotation login status web",
    ),
    // It works when the daemon does not.
    ("watch", "alerts status config"),
    (
        "daemon",
        "secret token graph_api inventory alerts rotation login status web config",
    ),
    // It tries what the operator answers before the daemon exists.
    ("setup", "secret alerts config daemon"),
    // Another company's computer, as far as the daemon can tell.
    ("graph_sim", ""),
    (
        "demo",
        "secret token inventory status config daemon graph_sim",
    ),
    (
        "cli",
        "secret token inventory status config watch daemon setup graph_sim demo",
    ),
];

/// A dependency of Cargo.toml, and where in `src` it may be named.
pub type Tool = (&'static str, &'static [&'static str]);

/// The home of each dependency, as files without their `.rs` or folders. `""` is everywhere.
pub const TOOLS: &[Tool] = &[
    ("anstream", &["cli"]),
    ("anstyle", &["cli", "demo"]),
    ("anyhow", &["cli/serve", "graph_sim/command"]),
    ("axum", &["http", "status", "web", "graph_sim"]),
    (
        "base64",
        &[
            "secret/key",
            "secret/unguessable",
            "graph_api/signature",
            "graph_sim",
        ],
    ),
    ("chacha20poly1305", &["secret/seal"]),
    ("chrono", &["daemon/schedule"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli/shell"]),
    ("clap_mangen", &["cli/man"]),
    ("croner", &["config/check/schedule", "daemon/schedule"]),
    ("csv", &["cli/import"]),
    ("form_urlencoded", &["login", "graph_sim"]),
    ("futures-util", &[""]),
    ("getrandom", &["secret"]),
    ("hkdf", &["secret/key"]),
    (
        "hmac",
        &["secret/seal", "graph_api/proof", "graph_sim/signature"],
    ),
    ("http-body-util", &["http", "status", "graph_sim"]),
    ("hyper", &["http", "status", "web", "graph_sim"]),
    ("hyper-util", &["status", "web", "graph_sim"]),
    ("indicatif", &["cli/import"]),
    ("jiff", &[""]),
    ("lettre", &["alerts/mailer"]),
    (
        "minijinja",
        &["alerts/layout", "web/page", "graph_sim/dialog"],
    ),
    (
        "nix",
        &[
            "inventory/copy",
            "inventory/owned",
            "cli/core_dumps",
            "config/credentials",
            "setup/places",
            "status",
            "watch",
        ],
    ),
    ("rand", &["demo", "graph_sim/world"]),
    ("reqwest", &["graph_api"]),
    ("rpassword", &["cli/secrets"]),
    ("rusqlite", &["inventory"]),
    ("sd-notify", &["daemon/systemd"]),
    ("secrecy", &["secret"]),
    ("serde", &[""]),
    ("serde_json", &[""]),
    (
        "sha2",
        &["secret", "graph_api/proof", "graph_sim/signature"],
    ),
    ("signal-hook", &["daemon/signals"]),
    ("signal-hook-tokio", &["daemon/signals"]),
    ("subtle", &["secret"]),
    (
        "tempfile",
        &["inventory/copy", "inventory/restore", "setup", "demo"],
    ),
    ("terminal_size", &["cli/screen"]),
    ("thiserror", &[""]),
    ("tokio", &[""]),
    ("tokio-cron-scheduler", &["daemon/schedule"]),
    ("tokio-util", &[""]),
    ("toml", &["config", "graph_sim/world_file"]),
    ("tracing", &[""]),
    ("tracing-journald", &["daemon/logging"]),
    ("tracing-subscriber", &["daemon/logging"]),
    ("unicode-width", &["cli/text"]),
    ("url", &["config"]),
    ("utoipa", &["token", "status"]),
    (
        "zeroize",
        &["secret", "config/credentials", "status/request", "cli/keys"],
    ),
];

/// Where a secret leaves its wrapping, and why it must.
pub const EXPOSURES: &[(&str, &str)] = &[
    ("secret/mod", "its own length and equality"),
    (
        "inventory/logins",
        "a login link for a letter; and the name of its outcome",
    ),
    ("secret/seal", "sealing, and the fingerprint"),
    ("graph_api/credentials", "what Meta is sent"),
    (
        "login/dialog",
        "the click's own secret on its way to Meta's dialog, and a pasted address",
    ),
    (
        "web/routes/login",
        "the name of an outcome, for the browser that came back",
    ),
    (
        "web/routes/outcome",
        "the link that led here, for another try",
    ),
    ("alerts/mailer/smtp", "the password of the mail server"),
    (
        "status/snapshot/secrets",
        "the one audited call that hands a token out, and what is handed in",
    ),
    (
        "setup/files",
        "the app's secret and the mail server's password become files",
    ),
    ("cli/get", "`perennial get` writes it to standard output"),
    (
        "demo/watch",
        "the simulated world is asked whether it lives",
    ),
];

/// The only caller of the machine's clock.
pub const CLOCK: &str = "daemon/clock";

/// Schema files by their SHA-256: a shipped one is never edited, for inventories were made with it.
pub const SCHEMA: &[(&str, &str)] = &[
    (
        "0001_inventory.sql",
        "8197354d8d841677d8b0a3f820592d3a34ea17154b574ff99d53623451e2bf0d",
    ),
    (
        "0002_webhooks.sql",
        "e8d348916885b7f0024295a4a5afb6bb111c4254bc991e05a59c896902f8ea61",
    ),
    (
        "0003_undelivered.sql",
        "60722564cc84cc3633a6d2ae33acece3d161f21ec92e6141777fda8468d5827e",
    ),
    (
        "0004_login.sql",
        "4bf11ab79be54881729375e67eee1adc55bccd91262a5187a78962c51d61774d",
    ),
    (
        "0005_telling.sql",
        "e86aeee88fe860d43b34f2686b814901de1a36ef84dfc0fc7cad43e6001aa86b",
    ),
    (
        "0006_upkeep.sql",
        "9e474bc3cb016fb1c9babe1151ee1a76bced4b4fc125962c30cf723a9384c45e",
    ),
    (
        "0007.sql",
        "54fd970055eea42e20526ed5176f775019abfb580f543e8a22b40f36b8a7e772",
    ),
];
