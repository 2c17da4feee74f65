//! Tell people: one cause that needs one person is one incident and one letter.

use jiff::SignedDuration;

/// What the operator decides about warning and reminding.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Steps before the earlier clock at which to write, longest first.
    pub warn_before: Vec<SignedDuration>,
    pub remind_every: SignedDuration,
    /// Who gets operator faults, and the letters of tokens without an owner.
    pub operators: Vec<String>,
}
