//! What the two HTTP servers, socket and public part, share: connection slots, the answer to a connection that gets
//! none, and reading the rest of a body.

mod connection_slots;
mod drain;
mod refusal;

pub use connection_slots::{Full, Place, Places, Rank, Shares};
pub use drain::{Bounds, read_to_the_end};
pub use refusal::Rejections;
