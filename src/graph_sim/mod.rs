//! A simulated Graph: rehearses the life of tokens without Meta, and a year in seconds. It shares
//! no code with the client that this crate talks to Meta with, so that both can be wrong only apart.

mod batch;
mod endpoints;
mod ledger;
mod server;
mod signature;
mod world;

#[cfg(test)]
mod wire_tests;

pub use ledger::{Endpoint, Ledger, Tally};
pub use server::Simulator;
pub use world::{
    AppSpec, CodeGives, Death, LongLived, PageSelection, Permission, ProofRule, Reexchange,
    Refusal, SystemUserLife, TokenKind, TokenTruth, World,
};
