//! Which of the posts that wait for a channel its next message reports: one, or all of them as a digest when people
//! would get too many at once. Pure.

use std::collections::HashSet;

use super::Format;
use super::format::Message;
use crate::model::{IncidentId, Post, PostFacts, PostKind, Severity};

/// With more incidents or renewals than this waiting, a chat room gets one digest.
const MOST_SINGLE: usize = 10;

/// How many posts one digest reports.
pub(super) const MOST: usize = 1_000;

/// How many of them it lists.
const LISTED: usize = 20;

/// The posts of the next message. A test comes first. Programs and on-call services get every incident, because each
/// has its own key there.
pub(super) fn next(mut due: Vec<Post>, format: &Format) -> Vec<Post> {
    if let Some(place) = due.iter().position(|due| due.post.kind == PostKind::Test) {
        return vec![due.swap_remove(place)];
    }
    let is_for_people = matches!(format, Format::Slack | Format::Teams);
    if !is_for_people || things(&due) <= MOST_SINGLE {
        due.truncate(1);
    }
    due
}

/// How many incidents and renewals the posts are about.
fn things(due: &[Post]) -> usize {
    let incidents = due.iter().filter_map(|due| due.post.incident);
    let incidents: HashSet<IncidentId> = incidents.collect();
    let others = due.iter().filter(|due| due.post.incident.is_none());
    incidents.len() + others.count()
}

/// The message that reports these posts; `None` if there are none.
pub(super) fn message(posts: &[Post]) -> Option<Message> {
    match posts {
        [] => None,
        [only] => Some(only.into()),
        [first, ..] => Some(digest(first, posts)),
    }
}

fn digest(first: &Post, posts: &[Post]) -> Message {
    let title = |post: &Post| match post.post.kind {
        PostKind::IncidentResolved => format!("resolved: {}", post.post.content.title),
        _ => post.post.content.title.clone(),
    };
    let mut lines: Vec<String> = posts.iter().take(LISTED).map(title).collect();
    let unlisted = posts.len() - lines.len();
    if unlisted > 0 {
        lines.push(format!("… {unlisted} more"));
    }
    let severities = posts.iter().map(|post| post.post.content.severity);
    Message {
        id: format!("digest-{}", first.post.message_id),
        thread: format!("digest-{}", first.post.content.thread),
        kind: PostKind::IncidentOpened,
        title: counted(posts),
        text: "So many at once are reported together. All that is open: perennial incidents"
            .to_owned(),
        lines,
        severity: severities
            .min_by_key(|severity| urgency(*severity))
            .unwrap_or(Severity::Info),
        facts: PostFacts::None {},
        written_at: first.written_at,
    }
}

/// Such as `Perennial: 11 incidents opened, 1 resolved`.
fn counted(posts: &[Post]) -> String {
    let count = |kind: PostKind| posts.iter().filter(|post| post.post.kind == kind).count();
    let counts = [
        (count(PostKind::IncidentOpened), "incidents opened"),
        (count(PostKind::IncidentUpdated), "changed"),
        (count(PostKind::IncidentResolved), "resolved"),
        (count(PostKind::TokenRenewed), "tokens renewed"),
        (count(PostKind::ChannelFailing), "channels failing"),
        (count(PostKind::ChannelWorking), "channels working again"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    format!("Perennial: {}", counts.join(", "))
}

const fn urgency(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    }
}
