//! A token as programs see it: everything but the secret.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::EventView;
use crate::inventory::{EventId, WebhookSubscription};
use crate::model::{
    Action, Cause, Kind, Next, Outcome, Remedy, Rotation, Scopes, State, Subscription, Token,
    string_enum,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    pub name: String,
    pub app: String,
    /// As Meta says; null until it was asked.
    pub kind: Option<Kind>,
    pub subject: Option<SubjectView>,
    /// The name of the user token that a page token was derived from.
    pub parent: Option<String>,
    pub state: State,
    pub cause: Option<Cause>,
    pub remedy: Option<Remedy>,
    /// For people to compare tokens by; tells nothing of the secret.
    pub fingerprint: String,
    /// IncidentSelection secret is in use: 1 for the imported one, then counting up.
    pub version: u32,
    pub issued_at: Option<Timestamp>,
    /// Null when it never ends, or nobody knows.
    pub expires_at: Option<Timestamp>,
    /// When Meta stops reads of the person's data; null when never or unknown.
    pub data_access_expires_at: Option<Timestamp>,
    pub scopes: Vec<String>,
    pub missing_scopes: Vec<String>,
    pub owners: Vec<String>,
    pub imported_at: Timestamp,
    pub checked_at: Option<Timestamp>,
    pub rotated_at: Option<Timestamp>,
    pub last_rotation: Option<RotationView>,
    /// The next visit to Meta; null when only a person can change anything.
    pub next: Option<NextView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectView {
    pub id: String,
    pub name: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RotationView {
    pub outcome: Outcome,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextView {
    pub action: Action,
    pub at: Timestamp,
}

/// `GET /v1/tokens/{name}`: the token's own fields, and what surrounds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TokenDetail {
    #[serde(flatten)]
    pub token: TokenView,
    /// Of a page: whether it tells the app of what happens on it; null when nobody has asked.
    pub listening: Option<SubscriptionView>,
    /// The owners of its parent, who are notified as long as it has none of its own.
    #[serde(default)]
    pub inherited_owners: Vec<String>,
    /// When the secret in use was handed in, exchanged or derived; null while it is the imported one.
    #[serde(default)]
    pub replaced_at: Option<Timestamp>,
    /// How a person can log in to the app; null when nobody can.
    #[serde(default)]
    pub login: Option<LoginMethod>,
    /// The names of the page tokens derived from it.
    pub children: Vec<String>,
    /// The latest, newest first.
    pub events: Vec<EventView>,
}

string_enum! {
    /// How a person logs in to an app.
    LoginMethod {
        /// Through a link of the public part.
        Link = "link",
        /// Without a public part: the address that the browser ends at is pasted.
        Paste = "paste",
    }
}

/// As Meta's list of subscribed apps said last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionView {
    pub subscription: Subscription,
    /// Of `subscribed_fields` in the configuration, those that the app is not told of.
    pub missing: Vec<String>,
    pub asked_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenList {
    pub tokens: Vec<TokenView>,
    /// Pass it as `after` for the rest; null when this was all.
    pub next: Option<String>,
}

/// An order was filed; what comes of it is told in events after this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    pub event: String,
}

impl From<EventId> for Accepted {
    fn from(id: EventId) -> Self {
        Self {
            event: id.0.to_string(),
        }
    }
}

impl From<(Token, Option<String>)> for TokenView {
    /// The token, and its parent's name.
    fn from((token, parent): (Token, Option<String>)) -> Self {
        let facts = token.facts.as_ref();
        Self {
            kind: facts.map(|facts| facts.kind),
            subject: facts.map(|facts| SubjectView {
                id: facts.subject.clone(),
                name: token.subject_name.clone(),
            }),
            parent,
            state: token.state(),
            cause: token.cause(),
            remedy: token.remedy(),
            issued_at: facts.and_then(|facts| facts.issued_at),
            expires_at: facts.and_then(|facts| facts.expires_at.at()),
            data_access_expires_at: facts.and_then(|facts| facts.data_access_expires_at.at()),
            scopes: facts.map(|facts| list(&facts.scopes)).unwrap_or_default(),
            missing_scopes: list(&token.missing_scopes()),
            name: token.name,
            app: token.app,
            fingerprint: token.fingerprint,
            version: token.version,
            owners: token.owners,
            imported_at: token.imported_at,
            checked_at: token.checked_at,
            rotated_at: token.rotated_at,
            last_rotation: token.last_rotation.map(RotationView::from),
            next: token.next.map(NextView::from),
        }
    }
}

impl From<WebhookSubscription> for SubscriptionView {
    fn from(listening: WebhookSubscription) -> Self {
        Self {
            subscription: listening.subscription,
            missing: list(&listening.missing),
            asked_at: listening.asked_at,
        }
    }
}

fn list(scopes: &Scopes) -> Vec<String> {
    scopes.iter().map(str::to_owned).collect()
}

impl From<Rotation> for RotationView {
    fn from(rotation: Rotation) -> Self {
        Self {
            outcome: rotation.outcome,
            at: rotation.at,
        }
    }
}

impl From<Next> for NextView {
    fn from(next: Next) -> Self {
        Self {
            action: next.action,
            at: next.at,
        }
    }
}
