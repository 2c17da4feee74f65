//! Who may look: the socket, the public part, the overview, and monitoring.

use super::{ACCOUNTS, PATH, SECRET, Section, TEXT, TEXTS, optional, required, with_default};

pub(super) const STATUS: Section = Section {
    header: "[status]",
    about: "The socket for programs and for the commands.",
    keys: &[
        with_default(
            "socket",
            PATH,
            "\"/run/perennial/perennial.sock\"",
            "Where the socket is. A change takes effect at a restart.",
        ),
        with_default(
            "viewers",
            ACCOUNTS,
            "[\"*\"]",
            "Who may look. `\"*\"` is everyone whom the mode of the socket admits.",
        ),
        with_default(
            "operators",
            ACCOUNTS,
            "[\"root\"]",
            "Who may import, check, rotate, acknowledge and forget.",
        ),
        optional(
            "reader",
            "sections",
            "Who may read the tokens themselves. See `[[status.reader]]`.",
        ),
    ],
};

pub(super) const READER: Section = Section {
    header: "[[status.reader]]",
    about: "Who, apart from root, may read the tokens themselves.",
    keys: &[
        required("user", "user or @group", "Who may read."),
        required(
            "tokens",
            TEXTS,
            "Which tokens: names, or patterns with `*`.",
        ),
    ],
};

pub(super) const WEB: Section = Section {
    header: "[web]",
    about: "The public part, behind your TLS proxy: login links, their callback, and Meta's webhooks. Changes take effect at \
            a restart.",
    keys: &[
        with_default(
            "listen",
            "address",
            "\"127.0.0.1:8480\"",
            "An address of this machine with its port, or `unix:/path`.",
        ),
        required(
            "public_url",
            TEXT,
            "Its address for people. Add this address with `/login/callback` to the app's valid OAuth redirect URIs.",
        ),
        optional(
            "webhook_verify_token",
            SECRET,
            "The secret that Meta repeats when you set up a webhook.",
        ),
    ],
};

pub(super) const UI: Section = Section {
    header: "[ui]",
    about: "The overview at a fixed address, behind your own proxy. Each user has the rights there that the same user of \
            this machine has on the socket. Without this section, `perennial ui` shows the overview to one browser.",
    keys: &[
        required(
            "listen",
            "address",
            "`unix:/path`, such as `\"unix:/run/perennial/ui.sock\"`. The mode is that of the socket. A change takes effect at \
             a restart.",
        ),
        optional(
            "user_header",
            TEXT,
            "The header in which the proxy names the user, who must be a user of this machine. Without it, the user that \
             the proxy runs as counts, for everyone.",
        ),
        optional(
            "header_peers",
            ACCOUNTS,
            "From whom the header is believed. No one else gets a page. Required with `user_header`.",
        ),
    ],
};

pub(super) const METRICS: Section = Section {
    header: "[metrics]",
    about: "Figures for monitoring systems. They are always at /metrics on the socket.",
    keys: &[
        optional(
            "listen",
            "address",
            "Also at this address with its port, such as `\"127.0.0.1:9478\"`, which serves nothing else. A change takes \
             effect at a restart.",
        ),
        optional(
            "textfile",
            PATH,
            "Also in this file, which is written after each sweep and at least once a minute, for node exporter. The unit \
             must be allowed to write there: install the example metrics-textfile.conf.",
        ),
    ],
};

pub(super) const HEARTBEAT: Section = Section {
    header: "[heartbeat]",
    about: "An outside watcher that raises the alarm when Perennial stops calling it.",
    keys: &[required(
        "url",
        SECRET,
        "The address of the watcher. Perennial calls it with GET after each sweep that visited everything that was due in \
         every app, at most once a minute.",
    )],
};
