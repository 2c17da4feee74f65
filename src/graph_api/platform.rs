//! Meta's platforms: where each of them is reached, what it calls things, and what it can do. Everything else asks these
//! values and does not tell one platform from another.

use jiff::SignedDuration;

use crate::model::{Cause, Kind, Renewal};

/// A platform with hosts, apps and tokens of its own.
#[derive(Debug)]
pub struct Platform {
    /// As it stands in the configuration.
    pub name: &'static str,
    /// As people call it.
    pub title: &'static str,
    pub graph_url: &'static str,
    pub dialog_url: &'static str,
    /// Where the dialog redirects people, such as phones to m.facebook.com.
    pub dialog_redirects: &'static [&'static str],
    /// Where a login's code is redeemed, if that is not `graph_url`.
    pub code_url: Option<&'static str>,
    pub graph_version: &'static str,
    /// The path of the login dialog, in which `{version}` stands for the version.
    pub dialog_path: &'static str,
    /// An empty page to which a person may be sent back from a login, below `dialog_url`.
    pub landing_path: Option<&'static str>,
    /// Whether it has a debugger that answers the testers of an app only.
    pub has_debugger_for_testers: bool,
    /// Whether its JavaScript gives codes as well, as an embedded signup does.
    pub gives_codes_to_scripts: bool,
    /// What the dialog appends to a code.
    pub code_suffix: &'static str,
    /// How long the token lasts that a code is redeemed for, where the answer does not say so.
    pub(super) code_lasts: Option<SignedDuration>,
    pub(super) inspection: Inspected,
    pub(super) grants: Grants,
    pub renewal: Renewal,
    /// Texts of errors that stand for the end of a token although their codes do not.
    pub(super) ends: &'static [(&'static str, Cause)],
}

/// How a token's state is found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inspected {
    /// By the debugger, which any app may ask about its own tokens, many at once.
    ByApp,
    /// By using it: the token's subject is read. That says nothing about its end.
    ByUse {
        kind: Kind,
        /// The field with the id of the subject.
        id: &'static str,
        /// What is read.
        fields: &'static str,
    },
}

impl Inspected {
    /// What to read of a token's subject: its id and its name.
    pub(super) const fn profile_fields(&self) -> &'static str {
        match self {
            Self::ByApp => "id,name",
            Self::ByUse { fields, .. } => fields,
        }
    }
}

/// How a token is exchanged for one that lasts longer.
#[derive(Debug)]
pub(super) enum Grants {
    /// One grant for short-lived and for long-lived tokens.
    Facebook,
    /// One that makes a short-lived token long-lived, and one that renews a long-lived one.
    TwoSteps {
        exchange: &'static str,
        refresh: &'static str,
    },
}

const AN_HOUR: SignedDuration = SignedDuration::from_hours(1);
const SIXTY_DAYS: SignedDuration = SignedDuration::from_hours(60 * 24);

pub static FACEBOOK: Platform = Platform {
    name: "facebook",
    title: "Facebook",
    graph_url: "https://graph.facebook.com",
    dialog_url: "https://www.facebook.com",
    dialog_redirects: &["https://*.facebook.com"],
    code_url: None,
    graph_version: "v25.0",
    dialog_path: "/{version}/dialog/oauth",
    landing_path: Some("/connect/login_success.html"),
    has_debugger_for_testers: false,
    gives_codes_to_scripts: true,
    code_suffix: "#_=_",
    code_lasts: None,
    inspection: Inspected::ByApp,
    grants: Grants::Facebook,
    renewal: Renewal::Sometimes,
    ends: &[],
};

pub static INSTAGRAM: Platform = Platform {
    name: "instagram",
    title: "Instagram",
    graph_url: "https://graph.instagram.com",
    dialog_url: "https://www.instagram.com",
    dialog_redirects: &["https://*.instagram.com"],
    code_url: Some("https://api.instagram.com"),
    graph_version: "v25.0",
    dialog_path: "/oauth/authorize",
    landing_path: None,
    has_debugger_for_testers: false,
    gives_codes_to_scripts: false,
    code_suffix: "#_",
    code_lasts: Some(AN_HOUR),
    inspection: Inspected::ByUse {
        kind: Kind::InstagramUser,
        id: "user_id",
        fields: "user_id,username",
    },
    grants: Grants::TwoSteps {
        exchange: "ig_exchange_token",
        refresh: "ig_refresh_token",
    },
    renewal: Renewal::Always(SIXTY_DAYS),
    ends: &[],
};

pub static THREADS: Platform = Platform {
    name: "threads",
    title: "Threads",
    graph_url: "https://graph.threads.net",
    dialog_url: "https://threads.net",
    dialog_redirects: &[
        "https://*.threads.net",
        "https://*.threads.com",
        "https://threads.com",
        "https://*.instagram.com",
    ],
    code_url: None,
    graph_version: "v1.0",
    dialog_path: "/oauth/authorize",
    landing_path: None,
    has_debugger_for_testers: true,
    gives_codes_to_scripts: false,
    code_suffix: "#_",
    code_lasts: Some(AN_HOUR),
    inspection: Inspected::ByUse {
        kind: Kind::ThreadsUser,
        id: "id",
        fields: "id,username",
    },
    grants: Grants::TwoSteps {
        exchange: "th_exchange_token",
        refresh: "th_refresh_token",
    },
    renewal: Renewal::Always(SIXTY_DAYS),
    ends: &[("requested resource does not exist", Cause::Expired)],
};

impl Platform {
    pub const ALL: [&'static Self; 3] = [&FACEBOOK, &INSTAGRAM, &THREADS];

    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|platform| platform.name == name)
    }

    /// Whether many tokens can be asked about in one call.
    pub fn takes_batches(&self) -> bool {
        self.inspection == Inspected::ByApp
    }
}
