//! Events in plain English: the same words in the log, in `perennial events` and in the demo. They do not name the token.

use jiff::Timestamp;

use super::delivery_text;
use super::{
    Cause, Checked, EmailProgress, Event, IncidentId, LoginEnd, LoginOutcome, MetaCode, Refusal,
    Reload, Scopes, SecretAccess, State,
};

impl Event {
    /// What happened, in full.
    pub fn describe(&self) -> String {
        let more = match self {
            Self::Changed {
                meta: Some(meta), ..
            } => numbers(meta),
            Self::Rotated {
                expires_at: Some(end),
                ..
            }
            | Self::CandidateAccepted {
                expires_at: Some(end),
            } => format!(" (ends {})", end.strftime("%F")),
            _ => String::new(),
        };
        self.summary() + &more
    }

    /// What happened, without the dates and numbers in which tokens differ when the same happens to many.
    pub fn summary(&self) -> String {
        match self {
            Self::Imported { asked_by } => format!("imported by {asked_by}"),
            Self::Discovered { through, .. } => format!("found through {through}"),
            Self::Forgotten { asked_by } => format!("removed by {asked_by}"),
            Self::Renamed(name) => name.describe(),
            Self::OwnersChanged(owners) => owners.describe(),
            Self::RequirementsChanged(requirements) => requirements.describe(),
            Self::Ordered { order, asked_by } => format!("{order} ordered by {asked_by}"),
            Self::Checked(checked) => checked.describe(),
            Self::OrderRefused { cause, until } => order_refused(*cause, *until),
            Self::Changed {
                to, from, cause, ..
            } => changed(*from, *to, *cause),
            Self::WebhookNotice { tokens } => webhook_notice(*tokens),
            Self::DataDeleted { tokens, code } => data_deleted(*tokens, code),
            Self::PermissionsLost { permissions } => format!("lost permissions: {permissions}"),
            Self::PermissionsRestored { permissions } => restored(permissions),
            Self::Rotated { outcome, .. } => outcome.describe().to_owned(),
            Self::Derived { through, because } => derived(through, *because),
            Self::WebhookSubscription(page) => page.describe(),
            Self::CandidateKept { asked_by, .. } => candidate_kept(asked_by),
            Self::CandidateAccepted { .. } => "the new secret is confirmed and in use".to_owned(),
            Self::CandidateRefused { why } => candidate_refused(why),
            Self::SecretRead(access) => format!("secret read by {}{}", access.user, times(access)),
            Self::SecretRefused(access) => secret_refused(access),
            Self::SetAside {} => SET_ASIDE.to_owned(),
            Self::AppFailing { cause } => format!("the app is failing: {}", cause.describe()),
            Self::AppRecovered { .. } => "the app works again".to_owned(),
            Self::IncidentOpened { .. }
            | Self::IncidentResolved { .. }
            | Self::IncidentAcknowledged { .. } => incident(self),
            Self::LoginOpened { .. }
            | Self::LoginAnswered { .. }
            | Self::CalendarRevoked { .. } => login(self),
            Self::LoginEnded(end) => end.describe(),
            Self::EmailWritten(email) => format!("email written: {}", email.subject),
            Self::EmailSent(email) => format!("email sent: {}", email.subject),
            Self::EmailDelayed(email) => delayed(email),
            Self::EmailUndelivered(email) => undelivered(email),
            Self::PostSent(_)
            | Self::PostDelayed(_)
            | Self::PostGivenUp(_)
            | Self::Delivered(_)
            | Self::DeliveryFailed(_)
            | Self::SinkDisabled { .. }
            | Self::DeliveriesRetried { .. }
            | Self::InUse { .. }
            | Self::ConsumerRetired { .. } => delivery_text::summary(self),
            Self::Started {} => "the daemon started".to_owned(),
            Self::Reloaded(reload) => reload.describe(),
            Self::BackedUp { path } => format!("backed up to {path}"),
            Self::BackupFailed { reason } => format!("the backup failed: {reason}"),
            Self::Restored {} => "the inventory was replaced by an earlier copy of it".to_owned(),
            Self::CommitsLost { after } => commits_lost(*after),
            Self::JournalGap { events } => journal_gap(*events),
            Self::Unknown { kind, .. } => kind.replace('_', " "),
        }
    }
}

fn candidate_kept(asked_by: &str) -> String {
    format!("a new secret waits for Meta's confirmation, added by {asked_by}")
}

fn restored(permissions: &Scopes) -> String {
    format!("permissions are back: {permissions}")
}

fn commits_lost(after: Option<Timestamp>) -> String {
    let after = after.map_or_else(String::new, |after| format!(" after {after}"));
    format!(
        "the database lost commits: changes made{after} may be missing. All tokens are checked again"
    )
}

fn journal_gap(events: u64) -> String {
    format!("{events} events are in the log only: the journal could not be written")
}

fn incident(event: &Event) -> String {
    match event {
        Event::IncidentOpened { incident, cause } => incident_is(*incident, "opened", *cause),
        Event::IncidentResolved { incident, cause } => incident_is(*incident, "resolved", *cause),
        Event::IncidentAcknowledged {
            incident,
            until,
            asked_by,
        } => format!("incident {incident}: no reminders until {until}, as {asked_by} asked"),
        _ => String::new(),
    }
}

fn login(event: &Event) -> String {
    match event {
        Event::LoginOpened { login, asked_by } => format!("login {login} asked for by {asked_by}"),
        Event::LoginAnswered { login } => format!("login {login}: a person returned from Meta"),
        Event::CalendarRevoked { person, asked_by } => {
            format!("the address of the calendar of {person} was revoked, as {asked_by} asked")
        }
        _ => String::new(),
    }
}

const SET_ASIDE: &str =
    "set aside: the daemon crashed twice while it worked on this token. Try again: perennial check";

impl Checked {
    fn describe(&self) -> String {
        let Some(why) = self.not_rotated else {
            return self.state.to_string();
        };
        let from = self.may_rotate_at.map_or_else(String::new, |at| {
            format!("; it may be tried again from {at}")
        });
        format!("{}; not renewed: {}{from}", self.state, why.describe())
    }
}

fn order_refused(cause: Cause, until: Option<Timestamp>) -> String {
    let until = until.map_or_else(String::new, |at| format!("; no calls until {at}"));
    format!("not done: {}{until}", cause.describe())
}

fn changed(from: State, to: State, cause: Option<Cause>) -> String {
    match cause {
        Some(cause) => format!("{to}: {}", cause.describe()),
        None => format!("{to}, was {from}"),
    }
}

/// The error codes and the trace id, which Meta's support asks for.
fn numbers(meta: &MetaCode) -> String {
    let subcode = meta
        .subcode
        .map_or_else(String::new, |sub| format!("/{sub}"));
    let trace = meta.fbtrace_id.as_ref();
    let trace = trace.map_or_else(String::new, |trace| format!(", fbtrace_id {trace}"));
    format!(" (code {}{subcode}{trace})", meta.code)
}

fn are(tokens: u64) -> String {
    match tokens {
        1 => "1 token is".to_owned(),
        many => format!("{many} tokens are"),
    }
}

fn webhook_notice(tokens: u64) -> String {
    format!("Meta reported a change, so {} checked", are(tokens))
}

fn data_deleted(tokens: u64, code: &str) -> String {
    let are = are(tokens);
    format!("a person had their data deleted through Meta: {are} forgotten (code {code})")
}

fn derived(through: &str, because: Option<Cause>) -> String {
    match because {
        Some(cause @ Cause::ReplacedElsewhere) => {
            format!("derived again through {through}: {}", cause.describe())
        }
        Some(_) | None => format!("derived again through {through}"),
    }
}

fn candidate_refused(why: &Refusal) -> String {
    format!("the new secret was refused: {}", why.describe())
}

fn secret_refused(access: &SecretAccess) -> String {
    let reason = access.reason.as_deref().unwrap_or_default();
    format!(
        "secret refused to {}{}: {reason}",
        access.user,
        times(access)
    )
}

fn times(access: &SecretAccess) -> String {
    let others = if access.others {
        " for further tokens"
    } else {
        ""
    };
    match access.repeated.as_ref().map(|repeated| repeated.times) {
        None => others.to_owned(),
        Some(1) => format!("{others}, once more within an hour"),
        Some(times) => format!("{others}, {times} times more within an hour"),
    }
}

fn incident_is(incident: IncidentId, what: &str, cause: Cause) -> String {
    format!("incident {incident} {what}: {}", cause.describe())
}

impl LoginEnd {
    fn describe(&self) -> String {
        let login = self.login;
        let why = match (self.outcome, &self.token) {
            (LoginOutcome::Granted, Some(token)) => {
                return format!("login {login}: it gave a new secret for {token}");
            }
            (LoginOutcome::Granted, None) => "it gave no token",
            (LoginOutcome::WrongPerson, _) => "another person logged in",
            (LoginOutcome::Failed(error), _) => error.describe(),
        };
        format!("login {login} failed: {why}")
    }
}

fn delayed(email: &EmailProgress) -> String {
    format!("email not sent: {}: {}", email.subject, why(email))
}

fn undelivered(email: &EmailProgress) -> String {
    let missed = email
        .reach
        .map_or(0, |reach| reach.recipients.saturating_sub(reach.got_it));
    let whom = match missed {
        1 => "one of its recipients".to_owned(),
        many => format!("{many} of its recipients"),
    };
    let (subject, reason) = (&email.subject, why(email));
    match email.next_try_at {
        Some(at) => format!("email does not reach {whom}: {subject}: {reason}; next attempt {at}"),
        None => format!("email will not reach {whom}: {subject}: {reason}"),
    }
}

fn why(email: &EmailProgress) -> &str {
    email.reason.as_deref().unwrap_or("unknown")
}

impl Reload {
    fn describe(&self) -> String {
        let who = &self.asked_by;
        if !self.live {
            return format!("a new configuration was refused, asked for by {who}");
        }
        let rest = self.needs_restart.as_ref();
        let rest = rest.map_or_else(String::new, |keys| format!("; needs a restart: {keys}"));
        format!("a new configuration is live, asked for by {who}{rest}")
    }
}
