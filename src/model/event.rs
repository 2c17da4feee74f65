//! What happened, in the words that the journal keeps and programs read. Never a secret.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::correction::{NewName, NewOwners, NewRequirements};
use super::event_detail::{
    Checked, DeliveryProgress, EmailProgress, LoginEnd, MetaCode, Mismatch, PageSubscription,
    Refusal, Reload, SecretAccess,
};
use super::{Cause, EventId, IncidentId, LoginId, OrderKind, Outcome, PostProgress, Scopes, State};

/// The events, and their kinds for the description of the socket.
macro_rules! events {
    ($($(#[$doc:meta])* $name:ident $detail:tt,)+) => {
        /// What happened, with the details that belong to it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind", content = "detail", rename_all = "snake_case")]
        pub enum Event {
            $($(#[$doc])* $name $detail,)+
            /// From another version of Perennial, or with its details deleted because a person asked for it.
            #[serde(untagged)]
            Unknown { kind: String, detail: Map<String, Value> },
        }

        /// The kinds of events in the journal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum EventKind { $($(#[$doc])* $name,)+ }

        impl Event {
            /// `None` for a kind that this version does not know.
            pub const fn kind(&self) -> Option<EventKind> {
                match self {
                    $(Self::$name { .. } => Some(EventKind::$name),)+
                    Self::Unknown { .. } => None,
                }
            }
        }
    };
}

events! {
    Imported { asked_by: String },
    Discovered { through: String, page: String },
    Forgotten { asked_by: String },
    Renamed (NewName),
    OwnersChanged (NewOwners),
    /// The token needs other permissions.
    RequirementsChanged (NewRequirements),
    Ordered { order: OrderKind, asked_by: String },
    /// An order to check was carried out, and there is nothing else to report.
    Checked (Checked),
    /// An order to check or rotate was not carried out, because no call could be made for the app.
    OrderRefused {
        cause: Cause,
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// The state or its cause changed.
    Changed {
        from: State,
        to: State,
        cause: Option<Cause>,
        #[serde(flatten)]
        meta: Option<MetaCode>,
    },
    /// Permissions that the token had are gone.
    PermissionsLost {
        permissions: Scopes,
    },
    PermissionsRestored {
        permissions: Scopes,
    },
    /// Meta reported by webhook that something changed for a person.
    WebhookNotice { tokens: u64 },
    /// A person asked Meta to have their data deleted, and it was.
    DataDeleted { tokens: u64, code: String },
    Rotated {
        outcome: Outcome,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    Derived {
        through: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<Cause>,
    },
    /// The app's webhook subscription for a page changed.
    WebhookSubscription (PageSubscription),
    CandidateKept {
        asked_by: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        login: Option<LoginId>,
    },
    CandidateAccepted {
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    CandidateRefused {
        #[serde(flatten)]
        why: Refusal,
    },
    SecretRead (SecretAccess),
    /// A request for a secret was refused.
    SecretRefused (SecretAccess),
    /// The daemon crashed twice while it was checking this token. The token is no longer checked.
    SetAside {},
    AppFailing { cause: Cause },
    AppRecovered { cause: Cause },
    IncidentOpened { incident: IncidentId, cause: Cause },
    IncidentAcknowledged { incident: IncidentId, until: Timestamp, asked_by: String },
    IncidentResolved { incident: IncidentId, cause: Cause },
    LoginOpened { login: LoginId, asked_by: String },
    LoginAnswered { login: LoginId },
    LoginEnded (LoginEnd),
    /// The address of a person's calendar no longer works, or that of the operators' (`operators`).
    CalendarRevoked { person: String, asked_by: String },
    EmailWritten (EmailProgress),
    EmailSent (EmailProgress),
    EmailDelayed (EmailProgress),
    /// Some recipients do not get the email, or only after a change.
    EmailUndelivered (EmailProgress),
    /// A sink has a version of the token.
    Delivered (DeliveryProgress),
    DeliveryFailed (DeliveryProgress),
    /// The receiver of a sink wants nothing more.
    SinkDisabled { sink: String, reason: String },
    /// An operator had failed deliveries tried again, of one sink or of all.
    DeliveriesRetried {
        #[serde(skip_serializing_if = "Option::is_none")]
        sink: Option<String>,
        asked_by: String,
    },
    /// A consumer confirmed the version that it uses.
    InUse { consumer: String, version: u32, asked_by: String },
    ConsumerRetired { consumer: String, asked_by: String },
    PostSent (PostProgress),
    PostDelayed (PostProgress),
    /// The message is not tried again.
    PostGivenUp (PostProgress),
    Started {},
    Reloaded (Reload),
    BackedUp { path: String },
    BackupFailed { reason: String },
    /// A copy has replaced the inventory. Events from after that copy are missing.
    Restored {},
    /// A standby of the database took over without the last commits. The newest event that it has is from `after`.
    CommitsLost {
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<Timestamp>,
    },
    /// This many events are only in the log, because the journal could not be written.
    JournalGap { events: u64 },
}

/// What a person is called in the journal.
#[derive(Clone, Debug)]
pub struct PersonTraces {
    /// The person's id at Meta.
    pub person: String,
    /// The names of the person's tokens.
    pub tokens: HashSet<String>,
    pub incidents: HashSet<IncidentId>,
}

impl Event {
    /// Restores an event from its two parts.
    pub fn from_parts(kind: &str, detail: Map<String, Value>) -> Self {
        let tagged = json!({ "kind": kind, "detail": detail });
        Self::deserialize(tagged).unwrap_or_else(|_| Self::Unknown {
            kind: kind.to_owned(),
            detail,
        })
    }

    /// The kind and the details, as the journal keeps them and the socket shows them.
    pub fn parts(&self, order: Option<EventId>) -> (String, Map<String, Value>) {
        let tagged = serde_json::to_value(self).unwrap_or_default();
        let kind = tagged["kind"].as_str().unwrap_or_default().to_owned();
        let mut detail = tagged["detail"].as_object().cloned().unwrap_or_default();
        if let Some(order) = order {
            detail.insert("order".to_owned(), String::from(order).into());
        }
        (kind, detail)
    }

    /// The order that led to an event with these details.
    pub fn order_in(detail: &Map<String, Value>) -> Option<EventId> {
        let order = detail.get("order")?.as_str()?;
        order.parse().ok().map(EventId)
    }

    /// Whether it names the person, one of the person's tokens as another than its own, or one of their incidents.
    pub fn bears(&self, traces: &PersonTraces) -> bool {
        match self {
            Self::CandidateRefused {
                why: Refusal::Mismatch(Mismatch::OtherSubject { subject, expected }),
            } => [subject, expected].contains(&&traces.person),
            Self::Discovered { through: token, .. }
            | Self::Derived { through: token, .. }
            | Self::LoginEnded(LoginEnd {
                token: Some(token), ..
            }) => traces.tokens.contains(token),
            Self::CalendarRevoked { person, .. } => *person == traces.person,
            Self::Unknown { detail, .. } => detail.values().any(|value| *value == traces.person),
            _ => self
                .incident()
                .is_some_and(|incident| traces.incidents.contains(&incident)),
        }
    }

    /// The incident that it is about.
    pub const fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::IncidentOpened { incident, .. }
            | Self::IncidentAcknowledged { incident, .. }
            | Self::IncidentResolved { incident, .. } => Some(*incident),
            Self::EmailWritten(email)
            | Self::EmailSent(email)
            | Self::EmailDelayed(email)
            | Self::EmailUndelivered(email) => email.incident,
            Self::PostSent(post) | Self::PostDelayed(post) | Self::PostGivenUp(post) => {
                post.incident
            }
            _ => None,
        }
    }
}
