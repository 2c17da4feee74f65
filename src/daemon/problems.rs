//! What is wrong with the daemon and its apps, as sentences for the status.

use crate::model::{AppRecord, Cause, ChannelCounts, DeliveryCounts, Unchecked, UnsubscribedPages};

/// New secrets that exist only in memory.
pub(super) fn not_stored(secrets: usize) -> Option<String> {
    let which = match secrets {
        0 => return None,
        1 => "1 renewed token is".to_owned(),
        many => format!("{many} renewed tokens are"),
    };
    Some(format!(
        "{which} only in memory, because the inventory cannot store new secrets. Do not stop the daemon until this is \
         fixed, see journalctl -u perennial"
    ))
}

/// Pages that are not subscribed to the app's webhooks.
pub(super) fn unnotified(unsubscribed: &UnsubscribedPages) -> String {
    let UnsubscribedPages {
        app,
        pages,
        example,
    } = unsubscribed;
    let which = match pages {
        1 => format!("the page of {example} is not subscribed"),
        n => format!("{n} pages, such as that of {example}, are not subscribed"),
    };
    format!("app {app}: {which} to all of subscribed_fields. See perennial show {example}")
}

/// A sink whose receiver wants nothing more.
pub(super) fn disabled_sink((sink, reason): &(String, String)) -> String {
    format!(
        "nothing is delivered to {sink} any more: {reason}. Once that is corrected: perennial deliveries --retry {sink}"
    )
}

/// Deliveries that are not tried again by themselves.
pub(super) fn undelivered(counts: DeliveryCounts) -> Option<String> {
    let which = match counts.failed {
        0 => return None,
        1 => "1 delivery has failed".to_owned(),
        many => format!("{many} deliveries have failed"),
    };
    Some(format!(
        "{which}. See why: perennial deliveries --state failed"
    ))
}

/// Tokens whose checks fail while those of other tokens succeed.
pub(super) fn not_checked(unchecked: &Unchecked) -> String {
    let Unchecked {
        app,
        tokens,
        example,
    } = unchecked;
    let which = match tokens {
        1 => format!("the token {example}"),
        n => format!("{n} tokens, such as {example},"),
    };
    format!(
        "app {app}: {which} could not be checked for more than a day. See perennial show {example}"
    )
}

pub(super) fn abandoned_tokens(name: &str) -> String {
    format!(
        "{name} is set aside: the daemon crashed twice while it checked this token, so it is no longer checked or renewed. \
         Please report the crash. To try again: perennial check {name}"
    )
}

/// A channel of posts that does not take messages.
pub(super) fn channel_fails(channel: &ChannelCounts) -> Option<String> {
    let since = channel.failing_since?;
    let name = &channel.channel;
    let waiting = match channel.waiting {
        0 => String::new(),
        1 => "; 1 message waits".to_owned(),
        many => format!("; {many} messages wait"),
    };
    Some(format!(
        "messages do not reach {name} since {since}{waiting}. See why: perennial post-test {name}"
    ))
}

/// A sentence about what is wrong with an app.
pub(super) fn app_error(app: &AppRecord) -> Option<String> {
    let name = &app.name;
    let served = app.served_version.as_ref().map(|served| {
        format!("app {name}: Meta answers with Graph {served}, which is not the configured version")
    });
    let Some(error) = app.error else {
        return served;
    };
    let what_to_do = match error.cause {
        Cause::VersionEnded => ". Set a newer graph_version",
        _ => "",
    };
    Some(format!(
        "app {name}: {} since {}{what_to_do}. Its tokens are not checked or renewed meanwhile, and are still served",
        error.cause, error.since
    ))
}
