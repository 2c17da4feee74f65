//! What happened, in the words that the journal keeps and programs read. Never a secret.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::correction::{NewName, NewOwners, NewRequirements};
use super::event_detail::{
    Checked, DeliveryProgress, EmailProgress, LoginEnd, MetaCode, PageSubscription, Refusal,
    Reload, SecretAccess,
};
use super::{Cause, IncidentId, LoginId, OrderKind, Outcome, PostProgress, Scopes, State};

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

        /// What happened, as the socket shows it: the details of each kind. More kinds may be added.
        #[derive(Clone, Debug, Deserialize, ToSchema)]
        #[serde(tag = "kind", content = "detail", rename_all = "snake_case")]
        #[schema(as = Event)]
        pub enum EventDetail { $($(#[$doc])* $name $detail,)+ }

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
    /// Someone imported the token.
    Imported {
        /// The user who imported it.
        asked_by: String,
    },
    /// Perennial found the page through a person's token, and derived this token.
    Discovered {
        /// The token through which it was found.
        through: String,
        /// The page's own name.
        page: String,
    },
    /// Someone removed the token.
    Forgotten {
        /// The user who removed it.
        asked_by: String,
    },
    /// Someone gave the token another name.
    Renamed (NewName),
    /// Someone changed who owns the token.
    OwnersChanged (NewOwners),
    /// Someone changed the permissions that the token must have.
    RequirementsChanged (NewRequirements),
    /// Someone asked for a check, a rotation, a rollback or a discovery. Later events name this one in `order`.
    Ordered {
        /// What was asked for.
        order: OrderKind,
        /// The user who asked.
        asked_by: String,
    },
    /// An order to check was carried out, and there is nothing else to report.
    Checked (Checked),
    /// An order was not carried out, because no call could be made for the app.
    OrderRefused {
        /// Why no call could be made.
        cause: Cause,
        /// When calls are possible again, if Meta said so.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// The token's state or its cause changed.
    Changed {
        /// The state before.
        from: State,
        /// The state now.
        to: State,
        /// Why, or null.
        cause: Option<Cause>,
        #[serde(flatten)]
        meta: Option<MetaCode>,
    },
    /// Permissions that the token had are gone.
    PermissionsLost {
        /// The permissions, with spaces between them.
        permissions: Scopes,
    },
    /// Permissions that were gone are back.
    PermissionsRestored {
        /// The permissions, with spaces between them.
        permissions: Scopes,
    },
    /// Meta reported by webhook that something changed for a person.
    WebhookNotice {
        /// How many of the person's tokens are checked because of it.
        tokens: u64,
    },
    /// A person asked Meta to have their data deleted, and it was.
    DataDeleted {
        /// How many tokens were removed.
        tokens: u64,
        /// The confirmation code that Meta shows to the person.
        code: String,
    },
    /// An exchange was made.
    Rotated {
        /// What it did, measured before and after.
        outcome: Outcome,
        /// When the new token expires, if it was renewed and expires.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    /// The page token was read again through a person's token.
    Derived {
        /// The token through which it was read.
        through: String,
        /// What was wrong with the one before.
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<Cause>,
    },
    /// The app's webhook subscription for a page changed.
    WebhookSubscription (PageSubscription),
    /// A new secret is kept beside the one in use until Meta confirms it.
    CandidateKept {
        /// The user who added it.
        asked_by: String,
        /// The login that gave it.
        #[serde(skip_serializing_if = "Option::is_none")]
        login: Option<LoginId>,
    },
    /// Meta confirmed the new secret, and it is in use.
    CandidateAccepted {
        /// When it expires, if it does.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    /// The new secret does not replace the one in use.
    CandidateRefused {
        #[serde(flatten)]
        why: Refusal,
    },
    /// A program read the secret.
    SecretRead (SecretAccess),
    /// A request for the secret was refused.
    SecretRefused (SecretAccess),
    /// The daemon crashed twice while it was checking this token. The token is no longer checked.
    SetAside {},
    /// No call for the app succeeds, so none of its tokens is judged.
    AppFailing {
        /// Why.
        cause: Cause,
    },
    /// Calls for the app succeed again.
    AppRecovered {
        /// What was wrong.
        cause: Cause,
    },
    /// Someone must act: an incident was opened.
    IncidentOpened {
        /// Its id.
        incident: IncidentId,
        /// Why someone must act.
        cause: Cause,
    },
    /// Someone asked for no reminders of an incident.
    IncidentAcknowledged {
        /// Its id.
        incident: IncidentId,
        /// When reminders begin again.
        until: Timestamp,
        /// The user who asked.
        asked_by: String,
    },
    /// An incident is over.
    IncidentResolved {
        /// Its id.
        incident: IncidentId,
        /// What was wrong.
        cause: Cause,
    },
    /// Someone asked for a login link.
    LoginOpened {
        /// The id of the login.
        login: LoginId,
        /// The user who asked.
        asked_by: String,
    },
    /// Meta sent the person of a login back.
    LoginAnswered {
        /// The id of the login.
        login: LoginId,
    },
    /// A login is over, with or without a token.
    LoginEnded (LoginEnd),
    /// The address of a person's calendar no longer works, or that of the operators' (`operators`).
    CalendarRevoked {
        /// The person's id at Meta, or `operators`.
        person: String,
        /// The user who revoked it.
        asked_by: String,
    },
    /// An email is in the queue.
    EmailWritten (EmailProgress),
    /// An email left.
    EmailSent (EmailProgress),
    /// An email could not be sent yet.
    EmailDelayed (EmailProgress),
    /// Some recipients do not get the email, or only after a change.
    EmailUndelivered (EmailProgress),
    /// A sink has a version of the token.
    Delivered (DeliveryProgress),
    /// A sink did not take a version of the token.
    DeliveryFailed (DeliveryProgress),
    /// The receiver of a sink wants nothing more.
    SinkDisabled {
        /// The name of the `[[delivery]]`.
        sink: String,
        /// What it answered.
        reason: String,
    },
    /// An operator had failed deliveries tried again, of one sink or of all.
    DeliveriesRetried {
        /// The name of the `[[delivery]]`; all of them without it.
        #[serde(skip_serializing_if = "Option::is_none")]
        sink: Option<String>,
        /// The user who asked.
        asked_by: String,
    },
    /// A consumer confirmed the version that it uses.
    InUse {
        /// The name of the consumer.
        consumer: String,
        /// The version of the token.
        version: u32,
        /// The user who confirmed it.
        asked_by: String,
    },
    /// A consumer no longer uses the token.
    ConsumerRetired {
        /// The name of the consumer.
        consumer: String,
        /// The user who said so.
        asked_by: String,
    },
    /// A channel has a message.
    PostSent (PostProgress),
    /// A channel did not take a message yet.
    PostDelayed (PostProgress),
    /// A channel did not take a message, and it is not tried again.
    PostGivenUp (PostProgress),
    /// The daemon started.
    Started {},
    /// The daemon read its configuration again.
    Reloaded (Reload),
    /// The inventory was copied.
    BackedUp {
        /// The file of the copy.
        path: String,
    },
    /// The inventory could not be copied.
    BackupFailed {
        /// Why.
        reason: String,
    },
    /// A copy has replaced the inventory. Events from after that copy are missing.
    Restored {},
    /// A standby of the database took over without the last commits.
    CommitsLost {
        /// When the newest event was recorded that it has.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<Timestamp>,
    },
    /// Events are only in the log, because the journal could not be written.
    JournalGap {
        /// How many.
        events: u64,
    },
}
