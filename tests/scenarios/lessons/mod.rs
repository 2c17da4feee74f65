//! What others who do this job got wrong, each as a story that fails when we do the same.
//!
//! - `renewing`: success that is none, a look called a renewal, an end that nobody told
//! - `refusals`: a grant thrown away, a verdict from words, health from age
//! - `saving`: nothing stored over something, stale reading, news before they are true, a grant dropped
//! - `sweeping`: one that stops all, the ended left out, all at one beat · `mending`: back-off without a cause
//! - `telling`: ends told twice, mail about nothing · `answering`: ready without work, everybody kept waiting
//! - `secrecy`: what logs let slip · `durable`: what a neighbour, a deleted row or a full disk took along
//! - `crashing`: a row that nothing survives

mod answering;
mod crashing;
mod durable;
mod mending;
mod refusals;
mod renewing;
mod saving;
mod secrecy;
mod sweeping;
mod telling;
