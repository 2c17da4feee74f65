//! What a failed attempt means for a post and for its channel. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::model::{FailureScope, Post, PostFailure, PostKind};
use crate::outbox::http_post::PostError;
use crate::outbox::retry::{self, Failed, RetryPolicy};

/// A message about an incident is soon old, so it is tried often at first and for three days at most.
const RETRIES: RetryPolicy = RetryPolicy {
    longest_wait: SignedDuration::from_hours(2),
    give_up_after: SignedDuration::from_hours(3 * 24),
};

pub(super) fn failure(post: &Post, error: &PostError, now: Timestamp) -> PostFailure {
    let failed = Failed {
        attempts: post.attempts + 1,
        written_at: post.written_at,
        retry_after: error.retry_after(),
    };
    let jitter = retry::jitter(post.id.0, failed.attempts);
    let next = RETRIES.next_try(&failed, jitter, now);
    // Someone waits for the result of a test.
    let is_final = post.post.kind == PostKind::Test || *error == PostError::Gone;
    PostFailure {
        reason: error.to_string(),
        next_try_at: next.filter(|_| !is_final),
        scope: scope(error),
    }
}

fn scope(error: &PostError) -> FailureScope {
    match error {
        PostError::Gone | PostError::PrivateAddress => FailureScope::ChannelForGood,
        PostError::Refused { status, .. } => match status {
            300..=399 | 401 | 403 | 404 | 405 => FailureScope::ChannelForGood,
            400 | 413 | 422 => FailureScope::Message,
            _ => FailureScope::Channel,
        },
        PostError::TimedOut | PostError::Unreachable(_) => FailureScope::Channel,
    }
}
