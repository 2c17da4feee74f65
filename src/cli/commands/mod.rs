//! One file per command.

pub(crate) mod acknowledge;
pub(crate) mod backup;
pub(crate) mod check_config;
pub(crate) mod check_rotate;
pub(crate) mod completions;
pub(crate) mod consumers;
pub(crate) mod deliveries;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod forget;
pub(crate) mod get;
pub(crate) mod import;
pub(crate) mod incidents;
pub(crate) mod login;
pub(crate) mod mail_test;
pub(crate) mod man;
pub(crate) mod rekey;
pub(crate) mod reload;
pub(crate) mod restore;
pub(crate) mod run;
pub(crate) mod setup;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod tokens;
