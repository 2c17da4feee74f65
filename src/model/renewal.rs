//! What a renewal by a program does to a token's expiry.

use jiff::SignedDuration;

/// What a platform's renewals do, which decides when they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Renewal {
    /// They move the expiry of some tokens and not of others, so they are tried well before it.
    Sometimes,
    /// They give every token that is a day old another life of this length. If one is refused, only a login helps.
    Always(SignedDuration),
}
