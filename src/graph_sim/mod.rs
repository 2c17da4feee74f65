//! A simulated Graph API of Facebook, Instagram and Threads: tests the life of tokens without Meta, a year in seconds. It
//! shares no code with this crate's Graph client, so that no single mistake can affect both.

mod answer_headers;
mod batch;
mod call_log;
mod command;
mod connection_faults;
mod control;
mod deliver;
mod dialog;
mod endpoints;
mod faults;
mod http_request;
mod multipart;
mod platform;
mod server;
mod sha1;
mod signature;
mod simulator;
mod world;
mod world_file;

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod wire_tests;

pub use call_log::{CallCounts, CallLog, Endpoint};
pub use command::{Options, run};
pub use dialog::DialogAnswer;
pub use faults::{Fault, FaultRule, InjectedError, Outage};
pub use platform::Platform;
pub use simulator::Simulator;
pub use world::{
    Action, AnswerEnvelope, AnswerStyle, AppMode, AppSpec, CodeGives, Death, Delivery,
    EmbeddedSignup, ExpiredAnswer, FleetMember, LongLived, PageSelection, Permission,
    PermissionsFormat, ProofRule, RateLimit, Reexchange, RefreshRefusal, RefreshedToken,
    SystemUserRule, SystemUserValidity, Tenure, TokenKind, TokenTruth, World, WorldError,
};
pub use world_file::{Error as WorldFileError, Issued, WorldFile};
