//! Mistakes of other programs for the same job, each as a test that fails if this program makes it, too.
//!
//! - `renewing`: failures reported as success, checks reported as renewals, a guessed expiry
//! - `refusals`: a token discarded after one rejection, errors judged by their message, health judged by age
//! - `saving`: an empty secret stored over a token, stale reads, results published before they are stored, lost tokens
//! - `sweeping`: one token that stops all others, expired tokens ignored, all checks in the same minute
//! - `mending`: a back-off that outlasts its cause
//! - `telling`: repeated "resolved" emails, emails without news · `answering`: ready without work, blocked requests
//! - `secrecy`: secrets in logs · `durable`: results lost to another token, a deleted row or a full disk
//! - `crashing`: a token that crashes the daemon

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
