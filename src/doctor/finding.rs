//! What a check found: one line, and what to do about it.

/// The parts of Perennial and its surroundings, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Machine,
    Inventory,
    Daemon,
    Meta,
    People,
    Consumers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Configuration,
    Credentials,
    Clock,
    Disk,
    Key,
    Backup,
    Daemon,
    Nodes,
    Incidents,
    App,
    Versions,
    PublicAddress,
    Email,
    Consumers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Good,
    /// It works now, and someone should look at it.
    Warning,
    Problem,
    /// This user may not look at it, or there is nothing to look at.
    NotChecked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub check: Check,
    pub outcome: Outcome,
    pub says: String,
    pub to_do: Option<String>,
}

impl Finding {
    pub(super) fn good(check: Check, says: impl Into<String>) -> Self {
        Self::new(check, Outcome::Good, says, None)
    }

    pub(super) fn warning(check: Check, says: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self::new(check, Outcome::Warning, says, Some(to_do.into()))
    }

    pub(super) fn problem(check: Check, says: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self::new(check, Outcome::Problem, says, Some(to_do.into()))
    }

    pub(super) fn not_checked(check: Check, why: impl Into<String>) -> Self {
        Self::new(check, Outcome::NotChecked, why, None)
    }

    /// Root could look at it.
    pub(super) fn only_root(check: Check, why: impl Into<String>) -> Self {
        let to_do = "To check it, too: sudo perennial doctor".to_owned();
        Self::new(check, Outcome::NotChecked, why, Some(to_do))
    }

    fn new(check: Check, outcome: Outcome, says: impl Into<String>, to_do: Option<String>) -> Self {
        Self {
            check,
            outcome,
            says: says.into(),
            to_do,
        }
    }
}

impl Check {
    pub const fn group(self) -> Group {
        match self {
            Self::Configuration | Self::Credentials | Self::Clock | Self::Disk => Group::Machine,
            Self::Key | Self::Backup => Group::Inventory,
            Self::Daemon | Self::Nodes | Self::Incidents => Group::Daemon,
            Self::App | Self::Versions => Group::Meta,
            Self::PublicAddress | Self::Email => Group::People,
            Self::Consumers => Group::Consumers,
        }
    }

    /// The name in JSON. It must not change.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Credentials => "credentials",
            Self::Clock => "clock",
            Self::Disk => "disk",
            Self::Key => "key",
            Self::Backup => "backup",
            Self::Daemon => "daemon",
            Self::Nodes => "nodes",
            Self::Incidents => "incidents",
            Self::App => "app",
            Self::Versions => "versions",
            Self::PublicAddress => "public_address",
            Self::Email => "email",
            Self::Consumers => "consumers",
        }
    }
}

impl Group {
    /// The name in JSON. It must not change.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Inventory => "inventory",
            Self::Daemon => "daemon",
            Self::Meta => "meta",
            Self::People => "people",
            Self::Consumers => "consumers",
        }
    }
}

impl Outcome {
    /// The name in JSON. It must not change.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Problem => "problem",
            Self::NotChecked => "not_checked",
        }
    }
}
