//! `[[app]]`.

use super::{NUMBER, SECRET, SECRETS, Section, TEXT, TEXTS, optional, required, with_default};

pub(super) const APP: Section = Section {
    header: "[[app]]",
    about: "One for each Meta app.",
    keys: &[
        required("name", TEXT, "Your name for the app."),
        required(
            "id",
            TEXT,
            "The app ID, from Meta's app dashboard. It needs no quotes.",
        ),
        required(
            "secret",
            SECRETS,
            "The app secret, from App settings, Basic. While you change it, list the new and the old one: they are tried \
             in order.",
        ),
        with_default(
            "platform",
            TEXT,
            "\"facebook\"",
            "`\"facebook\"`, `\"instagram\"` (Instagram Login) or `\"threads\"`. An app of Instagram or Threads has an app ID \
             and a secret of its own. The platform decides the defaults of `graph_version`, `graph_url` and `dialog_url`, \
             and how tokens are checked and renewed.",
        ),
        optional(
            "tester_token",
            SECRET,
            "Only for an app of Threads: the token of one of its testers. Perennial asks the debugger of Threads with it, \
             and so learns when each token ends and what it permits. Without it, or if the debugger refuses it, each \
             token is checked by reading its profile.",
        ),
        with_default(
            "graph_version",
            TEXT,
            "\"v25.0\"",
            "The version of the Graph API that Perennial uses.",
        ),
        optional(
            "version_ends",
            "table of dates",
            "When versions end, such as `{ \"v25.0\" = 2027-02-23 }`. These dates override those that Perennial knows.",
        ),
        with_default(
            "graph_url",
            TEXT,
            "\"https://graph.facebook.com\"",
            "Where the Graph API is. Unencrypted http is accepted only for this machine. If you set it, the codes of \
             logins are redeemed there too. Threads also answers at https://graph.threads.com.",
        ),
        with_default(
            "dialog_url",
            TEXT,
            "\"https://www.facebook.com\"",
            "Where people log in.",
        ),
        optional(
            "scopes",
            TEXTS,
            "The permissions that a login asks for. A token without required permissions of its own must have them; a \
             page token must have those that apply to pages.",
        ),
        optional(
            "login_config_id",
            TEXT,
            "The ID of a configuration of Login for Business, instead of `scopes`.",
        ),
        optional(
            "subscribed_fields",
            TEXTS,
            "The webhook fields that pages must be subscribed to for Messenger, such as `\"messages\"`. Once a week, \
             Perennial checks each page whose token has `pages_messaging` and `pages_manage_metadata`. Without this key, \
             it does not check.",
        ),
        with_default(
            "calls_per_hour",
            NUMBER,
            "200",
            "The most calls per hour that checks may make. Meta's usage headers can lower it further.",
        ),
        with_default(
            "batch",
            NUMBER,
            "50",
            "How many tokens Perennial checks in one call, from 1 to 50. 1 turns batches off.",
        ),
    ],
};
