//! What the HTTP servers of the socket and of the public part share: who gets a connection, and how a connection that
//! gets none is answered.

mod places;
mod refusal;

pub use places::{Full, Place, Places, Rank, Shares};
pub use refusal::Refusals;
