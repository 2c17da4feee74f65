//! The top of the file, and when and where Perennial works: `[inventory]`, `[rotation]`, `[schedule]`.

use super::{CRON, DURATION, NUMBER, PATH, SECRET, Section, TEXT, optional, with_default};

pub(super) const TOP: Section = Section {
    header: "",
    about: "Keys at the top of the file, before any section.",
    keys: &[optional(
        "timezone",
        TEXT,
        "The time zone of schedules and emails, such as `\"Europe/Berlin\"`. Default: the time zone of the machine.",
    )],
};

pub(super) const INVENTORY: Section = Section {
    header: "[inventory]",
    about: "Where the tokens are stored.",
    keys: &[
        with_default(
            "path",
            PATH,
            "\"/var/lib/perennial/inventory.db\"",
            "The database, as a file.",
        ),
        optional(
            "url",
            SECRET,
            "A PostgreSQL database, instead of `path`: `postgres://user:password@db.example.com/perennial`. It needs \
             PostgreSQL 14 or newer. The connection to another machine is always encrypted and the server's certificate \
             verified. You can name several hosts, with commas between them; Perennial uses the one that takes writes. \
             Copy such an inventory with the server's own tools, such as pg_dump. Several daemons may use it, all with \
             the same key. One of them at a time does each duty, and another takes over when it stops.",
        ),
        optional(
            "ca",
            PATH,
            "Only with `url`: the certificates of the authority that signed the server's certificate, as PEM. Default: the \
             authorities that this machine trusts.",
        ),
        optional(
            "node",
            TEXT,
            "Only with `url`: the name of this daemon among those that share the database; each needs its own. Default: \
             the machine's name. Give all of them the same apps and rules: they compare their configurations, and \
             `perennial status` names the sections that differ. Upgrade them one after the other.",
        ),
        with_default(
            "serve_from_memory",
            DURATION,
            "\"1h\"",
            "Only with `url`: how long a secret that was read is served from memory while the database server is away. At \
             most 24h.",
        ),
        optional(
            "backups",
            PATH,
            "Where `[schedule] backup` stores its copies. Default: the folder `backups` beside the database.",
        ),
        with_default("keep_backups", NUMBER, "14", "How many copies are kept."),
        with_default(
            "keep_events",
            DURATION,
            "\"400d\"",
            "How long events, sent emails, resolved incidents and finished data deletions are kept. At least 60d. The \
             journal also keeps no more than a million events and ten for each token. Emails that wait to be sent, and \
             open incidents with their emails, are always kept.",
        ),
        with_default(
            "key",
            SECRET,
            "{ credential = \"inventory.key\" }",
            "32 random bytes, raw or as base64, that protect every secret in the database. Without this key the tokens \
             cannot be recovered. Back it up.",
        ),
    ],
};

pub(super) const ROTATION: Section = Section {
    header: "[rotation]",
    about: "When tokens are checked and renewed.",
    keys: &[
        with_default(
            "check_every",
            DURATION,
            "\"24h\"",
            "How often Perennial checks each token. It checks more often when a token is about to expire.",
        ),
        with_default(
            "rotate_before_expiry",
            DURATION,
            "\"30d\"",
            "How long before it expires a token is renewed, if Meta lets a program do that.",
        ),
        with_default(
            "retry_after",
            "list of durations",
            "[\"1m\", \"5m\", \"30m\", \"2h\", \"6h\"]",
            "How long Perennial waits after failed calls. The last value repeats.",
        ),
    ],
};

pub(super) const SCHEDULE: Section = Section {
    header: "[schedule]",
    about: "Cron lines with six fields: second, minute, hour, day, month, weekday, in the time zone above.",
    keys: &[
        with_default(
            "sweep",
            CRON,
            "\"*/30 * * * * *\"",
            "How often Perennial looks for tokens that are due.",
        ),
        with_default(
            "mail",
            CRON,
            "\"*/15 * * * * *\"",
            "How often Perennial looks for emails that wait to be sent.",
        ),
        with_default(
            "digest",
            CRON,
            "\"0 0 8 * * Mon\"",
            "When the weekly summary is emailed. `\"\"` turns it off.",
        ),
        with_default(
            "backup",
            CRON,
            "\"0 30 3 * * *\"",
            "When the inventory is copied. `\"\"` turns it off.",
        ),
    ],
};
