//! Which channels hear of an incident, and what they are told. Queued in the transaction of the incident's change.

use super::Rules;
use super::channel::{Audience, PostChannel};
use super::recipients::Recipients;
use crate::email::context::EmailContext;
use crate::email::incident_email::{self, Brief};
use crate::inventory::{self, Tx};
use crate::model::{
    EmailReason, Incident, NewPost, PostContent, PostFacts, PostKind, PostedIncident, PostedSubject,
};

/// The channels that hear of an incident.
pub(super) fn channels<'r>(
    incident: &Incident,
    recipients: &Recipients,
    rules: &'r Rules,
) -> Vec<&'r str> {
    let is_operators = incident.incident_key.cause.concerns_operator()
        || recipients.to.is_empty()
        || recipients.to.iter().any(|to| rules.operators.contains(to));
    let hears = |channel: &&PostChannel| is_operators || channel.audience == Audience::Everybody;
    let channels = rules.channels.iter().filter(hears);
    channels.map(|channel| channel.name.as_str()).collect()
}

/// Queues what the channels hear of a change, if there is one.
pub(super) fn of_change(
    tx: &Tx<'_>,
    context: &EmailContext<'_>,
    channels: &[&str],
    rules: &Rules,
) -> Result<(), inventory::Error> {
    let Some(kind) = kind(context.incident, context.reason) else {
        return Ok(());
    };
    let context = for_channels(context, rules);
    let message = (kind, incident_email::brief(&context));
    enqueue(tx, &context, message, channels, rules)
}

/// Queues that an incident is over, for the channels that heard of it. Without an email about that, its tokens have
/// another problem now.
pub(super) fn of_end(
    tx: &Tx<'_>,
    context: &EmailContext<'_>,
    resolution_email: Option<EmailReason>,
    rules: &Rules,
) -> Result<(), inventory::Error> {
    let heard = tx.channels_of_incident(context.incident.id)?;
    let is_configured = |name: &&str| rules.channels.iter().any(|known| known.name == **name);
    let heard: Vec<&str> = heard
        .iter()
        .map(String::as_str)
        .filter(is_configured)
        .collect();
    let context = for_channels(context, rules);
    let brief = match resolution_email {
        Some(_) => incident_email::brief(&context),
        None => incident_email::closed(&context),
    };
    enqueue(
        tx,
        &context,
        (PostKind::IncidentResolved, brief),
        &heard,
        rules,
    )
}

/// What kind of change an email is about; `None` for a reminder, since nothing has changed.
const fn kind(incident: &Incident, reason: EmailReason) -> Option<PostKind> {
    match reason {
        EmailReason::Reminder => None,
        EmailReason::Recovered | EmailReason::Withdrawn => Some(PostKind::IncidentResolved),
        _ if incident.notified_at.is_none() => Some(PostKind::IncidentOpened),
        EmailReason::First
        | EmailReason::Grown
        | EmailReason::Nearer
        | EmailReason::Ended
        | EmailReason::Flapping
        | EmailReason::Escalated => Some(PostKind::IncidentUpdated),
    }
}

/// In the language and the time zone of the operators, since a channel has no recipients of its own.
fn for_channels<'a>(context: &EmailContext<'a>, rules: &'a Rules) -> EmailContext<'a> {
    EmailContext {
        recipients: &[],
        operators: &[],
        login_link: None,
        calendar: None,
        next_email: None,
        zone: &rules.timezone,
        language: rules.language,
        ..*context
    }
}

/// Queues one message for each of the channels.
fn enqueue(
    tx: &Tx<'_>,
    context: &EmailContext<'_>,
    (kind, brief): (PostKind, Brief),
    channels: &[&str],
    rules: &Rules,
) -> Result<(), inventory::Error> {
    let incident = context.incident;
    let number = tx.posts_about(incident.id)? + 1;
    let domain = rules.message_domain.replace('.', "-");
    let (id, opened) = (incident.id.0, incident.opened_at.as_second());
    let thread = format!("incident-{id}-{opened}@{domain}");
    let content = PostContent {
        thread,
        title: brief.title,
        text: brief.text,
        severity: brief.severity,
        facts: PostFacts::Incident(facts(context, kind)),
    };
    for channel in channels {
        let post = NewPost {
            channel: (*channel).to_owned(),
            incident: Some(incident.id),
            // Standard Webhooks puts a full stop after an id.
            message_id: format!("incident-{id}-{number}-{opened}@{domain}"),
            kind,
            content: content.clone(),
        };
        tx.enqueue_post(&post, context.now)?;
    }
    Ok(())
}

fn facts(context: &EmailContext<'_>, kind: PostKind) -> PostedIncident {
    let incident = context.incident;
    let incident_key = &incident.incident_key;
    let resolved_at = |is_over: bool| is_over.then_some(context.now);
    let subject = (!incident_key.subject.is_empty()).then(|| PostedSubject {
        id: incident_key.subject.clone(),
        name: incident.subject_name.clone(),
    });
    PostedIncident {
        id: incident.id,
        app: incident_key.app.clone(),
        cause: incident.cause,
        remedy: incident.cause.remedy(),
        subject,
        opened_at: incident.opened_at,
        deadline: incident.deadline,
        resolved_at: resolved_at(kind == PostKind::IncidentResolved),
        tokens_affected: context.count,
        tokens: context
            .tokens
            .iter()
            .map(|token| token.name.clone())
            .collect(),
    }
}
