//! What the HTTP servers of the socket and of the public part share: who gets a connection, and how a connection that
//! gets none is answered, what happens to the rest of a body.

mod connection_slots;
mod drain;
mod refusal;

pub use connection_slots::{Full, Place, Places, Rank, Shares};
pub use drain::{Bounds, read_to_the_end};
pub use refusal::Refusals;
