//! A simulated Graph: rehearses the life of tokens without Meta, and a year in seconds. It shares
//! no code with the client that this crate talks to Meta with, so that both can be wrong only apart.

mod batch;
mod command;
mod control;
mod deliveries;
mod dialog;
mod endpoints;
mod faults;
mod happening;
mod intake;
mod ledger;
mod server;
mod signature;
mod transmission;
mod usage;
mod world;
mod world_file;

#[cfg(test)]
mod wire_tests;

pub use command::{Options, run};
pub use deliveries::Delivery;
pub use dialog::DialogAnswer;
pub use faults::{Fault, FaultRule, InjectedError, Outage};
pub use happening::Happening;
pub use ledger::{Endpoint, Ledger, Tally};
pub use server::Simulator;
pub use usage::RateLimit;
pub use world::{
    AppMode, AppSpec, CodeGives, Death, Household, LongLived, PageSelection, Permission, ProofRule,
    Reexchange, Refusal, SystemUserLife, SystemUserRule, Tenure, TokenKind, TokenTruth, World,
};
pub use world_file::{Error as WorldFileError, Issued, WorldFile};
