//! A person logs in, or out: what Meta and people tell us of that.
//!
//! - `webhooks`: what Meta tells by itself

pub mod webhooks;
