//! What the HTTP servers of the socket and of the public part share: who gets a connection, and how a connection that
//! gets none is answered, what happens to the rest of a body.

mod places;
mod refusal;
mod rest;

pub use places::{Full, Place, Places, Rank, Shares};
pub use refusal::Refusals;
pub use rest::{Bounds, read_to_the_end};
