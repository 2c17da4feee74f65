//! `[alerts]`: who gets emails, when, and how they are sent.

use super::{
    ADDRESSES, DURATION, PATH, SECRET, SECRETS, SWITCH, Section, TEXT, TEXTS, optional, required,
    with_default,
};

pub(super) const ALERTS: Section = Section {
    header: "[alerts]",
    about: "Who gets emails, and when. Set one of `smtp`, `sendmail` and `directory`, which say how emails are sent.",
    keys: &[
        required(
            "from",
            TEXT,
            "The sender of the emails, such as `\"Perennial <perennial@example.com>\"`.",
        ),
        required(
            "to",
            ADDRESSES,
            "The operators. They get emails about operating problems and about tokens without an owner, and the summary.",
        ),
        with_default(
            "warn_before",
            "list of durations",
            "[\"14d\", \"7d\", \"3d\", \"1d\"]",
            "How long before a token expires its owner is warned.",
        ),
        with_default(
            "remind_every",
            DURATION,
            "\"3d\"",
            "How often reminders follow.",
        ),
        with_default(
            "language",
            TEXT,
            "\"en\"",
            "The language of emails: `\"en\"` for English or `\"de\"` for German.",
        ),
        with_default(
            "plan_window",
            DURATION,
            "\"14d\"",
            "Tokens of the same person that expire within this time after the first warning go into the same email.",
        ),
        with_default(
            "copy_operators",
            SWITCH,
            "false",
            "Whether operators get a copy of every email. Their copy has the names of tokens and the commands to run.",
        ),
        optional(
            "company",
            TEXT,
            "The name of your company, at the top of every email and public page.",
        ),
        optional(
            "contact",
            TEXT,
            "Whom to ask: an email address, a phone number or a name, at the end of every email and public page.",
        ),
        optional(
            "escalate_after",
            DURATION,
            "If no one acts within this time after an email, the email goes to a second person. To act is to acknowledge \
             the incident, to start a login, or to fix part of the problem. Without this key, no second person gets the \
             email.",
        ),
        optional(
            "escalate_to",
            ADDRESSES,
            "The second person. Default: the addresses in `to`.",
        ),
        optional(
            "quiet_hours",
            "hours",
            "Hours in which emails that can wait are not sent, such as `\"20:00-07:00\"`, in the recipient's time zone. \
             Emails about tokens that do not work, or that expire within a day, are sent at any time.",
        ),
        optional(
            "working_days",
            TEXTS,
            "The days on which emails that can wait are sent, such as `[\"Mon\", \"Tue\"]`. Default: every day.",
        ),
        optional(
            "templates",
            PATH,
            "A folder with your own templates, `email.txt` and `email.html`. Perennial uses its own template for each file \
             that is not there.",
        ),
        optional(
            "smtp",
            "table",
            "The mail server that emails are sent through. See `[alerts.smtp]`.",
        ),
        optional(
            "sendmail",
            SWITCH,
            "`true` sends emails through a mail program of this machine, such as msmtp. The unit must be allowed to run \
             it: install the example sendmail.conf. For Postfix or Exim on this machine, use \
             `smtp = { url = \"smtp://localhost:25\" }` instead.",
        ),
        optional(
            "directory",
            PATH,
            "Emails are not sent. This folder gets one .eml file for each.",
        ),
        optional(
            "route",
            "sections",
            "Different settings for some tokens. See `[[alerts.route]]`.",
        ),
        optional(
            "post",
            "sections",
            "Channels that incidents are posted to. See `[[alerts.post]]`.",
        ),
    ],
};

pub(super) const SMTP: Section = Section {
    header: "[alerts.smtp]",
    about: "The mail server. Usually written in one line: `smtp = { url = \"…\", password = { credential = \"…\" } }`.",
    keys: &[
        required(
            "url",
            TEXT,
            "`smtps://user@smtp.example.com:465` is TLS from the first byte. `smtp://user@smtp.example.com:587` is STARTTLS; \
             it may be unencrypted only to this machine.",
        ),
        optional(
            "password",
            SECRET,
            "The password of the user in the address.",
        ),
        optional(
            "ca",
            PATH,
            "The certificates of the authority that signed the server's certificate, as PEM. Default: the authorities that \
             this machine trusts.",
        ),
    ],
};

pub(super) const ROUTE: Section = Section {
    header: "[[alerts.route]]",
    about: "Different settings for some tokens. The first route that matches a token applies. An email goes to the \
            recipients of all its tokens, in the language and at the hours of whichever of their routes comes first in \
            the file.",
    keys: &[
        optional("app", TEXT, "Only tokens of this app."),
        optional(
            "kind",
            TEXT,
            "Only tokens of this kind: `\"user\"`, `\"page\"`, `\"system_user\"` or `\"app\"`.",
        ),
        optional(
            "tokens",
            TEXTS,
            "Only tokens with one of these names, or patterns with `*`.",
        ),
        optional(
            "owners",
            TEXTS,
            "Only tokens that one of these addresses owns, or patterns with `*`.",
        ),
        optional("to", ADDRESSES, "Recipients instead of the owners."),
        optional("cc", ADDRESSES, "Additional recipients."),
        with_default(
            "copy_operators",
            SWITCH,
            "false",
            "Whether the operators get a copy of these emails.",
        ),
        optional(
            "escalate_after",
            DURATION,
            "As in `[alerts]`, for these tokens only.",
        ),
        optional(
            "escalate_to",
            ADDRESSES,
            "As in `[alerts]`, for these tokens only.",
        ),
        optional("language", TEXT, "As in `[alerts]`, for these tokens only."),
        optional(
            "timezone",
            TEXT,
            "The time zone of the recipients. Default: that of the file.",
        ),
        optional(
            "quiet_hours",
            "hours",
            "As in `[alerts]`, for these tokens only.",
        ),
        optional(
            "working_days",
            TEXTS,
            "As in `[alerts]`, for these tokens only.",
        ),
    ],
};

pub(super) const POST: Section = Section {
    header: "[[alerts.post]]",
    about: "A channel that incidents are posted to, beside the emails. There may be several. A channel gets one message when \
            an incident opens, when it changes, and when it is resolved, at most one a second. A chat room gets one message \
            for all if more than ten incidents wait. A channel that does not accept messages is reported to the operators \
            by email, and on the other channels.",
    keys: &[
        required(
            "name",
            TEXT,
            "The name of the channel, for `perennial post-test`.",
        ),
        required(
            "format",
            TEXT,
            "`\"slack\"` (also for Mattermost, Rocket.Chat and Discord), `\"teams\"` for a workflow that posts adaptive cards, \
             `\"pagerduty\"` for the Events API v2, or `\"webhook\"` for a program: messages signed by Standard Webhooks, of \
             the types incident.opened, incident.updated, incident.resolved, channel.failing, channel.working and, if you \
             ask for them, token.renewed.",
        ),
        optional(
            "url",
            SECRET,
            "Where to post, as a credential, because the address contains the channel's key. Required, except for pagerduty.",
        ),
        with_default(
            "to",
            TEXT,
            "\"operators\"",
            "Which incidents: `\"operators\"` for those that the operators get emails about, or `\"all\"`.",
        ),
        optional(
            "secret",
            SECRETS,
            "Only for webhook, and required there: the secret that signs the messages, `whsec_` and 24 to 64 bytes in \
             base64. A list signs with each of them, while the receiver changes its secret.",
        ),
        optional(
            "routing_key",
            SECRET,
            "Only for pagerduty, and required there: the integration key.",
        ),
        optional(
            "events",
            TEXTS,
            "`[\"token.renewed\"]` posts renewed tokens as well. Not for pagerduty.",
        ),
        with_default(
            "allow_private",
            SWITCH,
            "false",
            "Whether the host's name may lead to an address of a private network. An address that is written in numbers, \
             and localhost, always may be private. Plain http is only for this machine.",
        ),
    ],
};
