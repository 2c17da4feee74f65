//! `[[delivery]]`: which tokens are handed to which programs.

use super::{
    ACCOUNTS, DURATION, SECRETS, SWITCH, Section, TEXT, TEXTS, optional, required, with_default,
};

pub(super) const DELIVERY: Section = Section {
    header: "[[delivery]]",
    about: "Where new versions of tokens are delivered. Set one of `file`, `command` and `webhook`. What each sink should have \
            is compared with what it has at the start, at a reload and every night.",
    keys: &[
        required(
            "name",
            TEXT,
            "Its name, in the status and for `perennial deliveries --retry`. It is also the name of a consumer: see \
             `perennial consumers`.",
        ),
        required(
            "tokens",
            TEXTS,
            "Which tokens: names, or patterns with `*`.",
        ),
        optional(
            "file",
            "table",
            "A file for each token. See `[delivery.file]`.",
        ),
        optional(
            "command",
            TEXTS,
            "The program and its arguments. It reads the token from standard input, and its environment has only \
             PERENNIAL_TOKEN (the name), PERENNIAL_VERSION and PERENNIAL_EXPIRES_AT (a time, never, or empty if it is \
             unknown). Exit code 0 within 60 seconds means that it took the token. When it ends, the processes that it \
             started are ended as well. The unit does not let the daemon run programs: install the example \
             exec-hooks.conf.",
        ),
        optional(
            "webhook",
            "table",
            "A request for each new version. See `[delivery.webhook]`.",
        ),
        with_default(
            "on_dead",
            TEXT,
            "\"keep\"",
            "What happens to the file of a token that is dead or was removed: `\"keep\"` or `\"remove\"`.",
        ),
        optional(
            "grace",
            DURATION,
            "How long a consumer may go on with an earlier version, such as `\"24h\"`, before the operators get an email that \
             names it. Default: for ever. A user who fetches the new version from the socket needs no confirmation, unless \
             that user has confirmed a version before. The delivery itself needs one for each version after the first: by \
             `perennial in-use` of a user in `readers`, or by `{\"in_use\": true}` in the answer to a webhook. \
             `perennial consumers NAME --remove CONSUMER` retires a consumer.",
        ),
    ],
};

pub(super) const FILE: Section = Section {
    header: "[delivery.file]",
    about: "A file for each token. Usually written in one line: `file = { path = \"…\", readers = [\"…\"] }`.",
    keys: &[
        required(
            "path",
            "absolute path with {name}",
            "Where the file is. `{name}` is replaced by the token's name. The unit lets the daemon write below \
             /run/perennial. For other places, install the example delivery-paths.conf.",
        ),
        optional(
            "readers",
            ACCOUNTS,
            "Who may read the files, besides root. They get an entry in the access list (ACL) of the file and may pass \
             through its folder. `ls -l` then shows the mode 0440, because the bits of the group are the mask of the list; \
             `getfacl` shows the list. A number stands for an account that has no name on this machine, such as one of \
             another container.",
        ),
        with_default(
            "format",
            TEXT,
            "\"raw\"",
            "`\"raw\"`: the token alone. `\"env\"`: one line `NAME_TOKEN=\"…\"`, for EnvironmentFile= and for shells; NAME is \
             the token's name in capitals, with _ for everything but letters and digits. `\"json\"`: the same object as \
             `GET /v1/tokens/{name}/secret`.",
        ),
    ],
};

pub(super) const WEBHOOK: Section = Section {
    header: "[delivery.webhook]",
    about: "A request by Standard Webhooks 1.0.0 for each new version. Usually written in one line: \
            `webhook = { url = \"…\", secret = { credential = \"…\" } }`.",
    keys: &[
        required(
            "url",
            TEXT,
            "The address that gets the request. https, or http to this machine.",
        ),
        required(
            "secret",
            SECRETS,
            "The secret that signs it: `whsec_` and 24 to 64 bytes in base64. A list signs with each of them, while the \
             receiver changes its secret.",
        ),
        with_default(
            "body",
            TEXT,
            "\"thin\"",
            "`\"thin\"`: name, version, fingerprint and expiry; the receiver fetches the token. `\"full\"`: with the token.",
        ),
        with_default(
            "allow_private",
            SWITCH,
            "false",
            "Whether the name in the URL may lead to an address of a private network.",
        ),
    ],
};
