//! A simulated Graph: rehearses the life of tokens without Meta, and a year in seconds. It shares
//! no code with the client that this crate talks to Meta with, so that both can be wrong only apart.

mod batch;
mod control;
mod deliveries;
mod dialog;
mod endpoints;
mod faults;
mod happening;
mod ledger;
mod server;
mod signature;
mod transmission;
mod usage;
mod world;

#[cfg(test)]
mod wire_tests;

pub use deliveries::Delivery;
pub use dialog::DialogAnswer;
pub use faults::{Fault, FaultRule, InjectedError, Outage};
pub use happening::Happening;
pub use ledger::{Endpoint, Ledger, Tally};
pub use server::Simulator;
pub use usage::RateLimit;
pub use world::{
    AppMode, AppSpec, CodeGives, Death, LongLived, PageSelection, Permission, ProofRule,
    Reexchange, Refusal, SystemUserLife, SystemUserRule, Tenure, TokenKind, TokenTruth, World,
};
