//! One file per check.

pub(super) mod apps;
pub(super) mod backup;
pub(super) mod clock;
pub(super) mod configuration;
pub(super) mod consumers;
pub(super) mod credentials;
pub(super) mod daemon;
pub(super) mod disk;
pub(super) mod email;
pub(super) mod key;
pub(super) mod public_address;
pub(super) mod versions;

/// What is said of something on another machine that was not asked.
const LOCAL: &str = "not asked, because of --local";
