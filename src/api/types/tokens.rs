//! A token as programs see it, without the secret.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ConsumerView, EmailAddress, EventView, Permission, TokenName};
use crate::model::{
    Cause, Consumer, EventId, Expiry, Kind, LastOrder, Next, Remedy, Rotation, Scopes, State,
    Subscription, Token, WebhookSubscription, string_enum,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// The name of the token.
    pub name: String,
    /// The name of the app.
    pub app: String,
    /// Its kind, according to Meta; null until the first check.
    pub kind: Option<Kind>,
    /// Whose token it is.
    pub subject: Option<SubjectView>,
    /// The name of the user token that a page token was derived from.
    pub parent: Option<String>,
    /// How it is doing.
    pub state: State,
    /// Why it does not work as it should.
    pub cause: Option<Cause>,
    /// What has to happen.
    pub remedy: Option<Remedy>,
    /// A short hash for comparing tokens; it does not reveal the secret.
    pub fingerprint: String,
    /// The version of the secret in use: 1 for the imported one, then counting up.
    pub version: u32,
    /// When Meta issued the secret.
    pub issued_at: Option<Timestamp>,
    /// When it expires; null when it never does, or when the expiry is unknown.
    pub expires_at: Option<Timestamp>,
    /// Whether Meta says that it never expires.
    #[serde(default)]
    pub never_expires: bool,
    /// When Meta stops reads of the person's data; null when never or unknown.
    pub data_access_expires_at: Option<Timestamp>,
    /// Its permissions.
    pub scopes: Vec<String>,
    /// The required permissions that it lacks.
    pub missing_scopes: Vec<String>,
    /// The addresses of those who are told about it.
    pub owners: Vec<String>,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// When Meta was last asked about it.
    pub checked_at: Option<Timestamp>,
    /// When it was last renewed.
    pub rotated_at: Option<Timestamp>,
    /// What the last exchange did.
    pub last_rotation: Option<Rotation>,
    /// The next call to Meta; null when only a person can change anything.
    pub next: Option<Next>,
    /// Who uses it, and which version.
    #[serde(default)]
    pub consumers: Vec<ConsumerView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectView {
    /// The id of the person, the page or the system user at Meta.
    pub id: String,
    /// The name at Meta.
    pub name: Option<String>,
}

/// `GET /v1/tokens/{name}`: the token's fields, its page tokens and its latest events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TokenDetail {
    #[serde(flatten)]
    pub token: TokenView,
    /// For a page: whether it sends its webhooks to the app; null until the first check of that.
    pub webhook_subscription: Option<SubscriptionView>,
    /// The permissions that it needs; empty where those of its app apply.
    #[serde(default)]
    pub require_scopes: Vec<String>,
    /// The owners of its parent, who are notified as long as it has none of its own.
    #[serde(default)]
    pub inherited_owners: Vec<String>,
    /// When the secret in use was submitted, exchanged or derived; null while it is the imported one.
    #[serde(default)]
    pub replaced_at: Option<Timestamp>,
    /// The latest order for it, and what became of it; null if there was none.
    #[serde(default)]
    pub last_order: Option<LastOrder>,
    /// How a person can log in to the app; null when nobody can.
    #[serde(default)]
    pub login: Option<LoginMethod>,
    /// The address of the person's calendar of coming logins. It is a key, so only operators get it; null for others,
    /// without `[web]`, and for a token that no person logs in for.
    #[serde(default)]
    pub calendar: Option<String>,
    /// The names of the page tokens that were derived from this token.
    pub children: Vec<String>,
    /// The latest events, newest first.
    pub events: Vec<EventView>,
}

string_enum! {
    /// How a person logs in to an app.
    LoginMethod {
        /// Through a link of the public part.
        Link = "link",
        /// Without a public part: the person pastes the address that the browser ends at.
        Paste = "paste",
    }
}

/// The latest answer from Meta's list of subscribed apps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionView {
    /// Whether the app gets the page's webhooks.
    pub subscription: Subscription,
    /// The `subscribed_fields` of the configuration that the app does not get.
    pub missing: Vec<String>,
    /// When Meta was asked.
    pub asked_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenList {
    /// The tokens of this page.
    pub tokens: Vec<TokenView>,
    /// Pass it as `after` to get the next page; null on the last page.
    pub next: Option<String>,
}

/// `PATCH /v1/tokens/{name}`. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionRequest {
    /// The new name.
    #[schema(value_type = Option<TokenName>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// All owners from now on; empty for none.
    #[schema(value_type = Option<Vec<EmailAddress>>, max_items = 20)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owners: Option<Vec<String>>,
    /// All permissions that it needs from now on; empty for those of its app.
    #[schema(value_type = Option<Vec<Permission>>, max_items = 100)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_scopes: Option<Vec<String>>,
}

/// The order was stored; events after this one say what comes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// The id of the event that records the order; later events name it in `order`.
    pub event: String,
}

impl From<EventId> for Accepted {
    fn from(id: EventId) -> Self {
        Self {
            event: id.0.to_string(),
        }
    }
}

impl From<(Token, Option<String>, Vec<Consumer>)> for TokenView {
    /// Takes the token, its parent's name and its consumers.
    fn from((token, parent, consumers): (Token, Option<String>, Vec<Consumer>)) -> Self {
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
            never_expires: facts.is_some_and(|facts| facts.expires_at == Expiry::Never),
            data_access_expires_at: facts.and_then(|facts| facts.data_access_expires_at.at()),
            scopes: facts
                .and_then(|facts| facts.scopes.as_ref())
                .map(list)
                .unwrap_or_default(),
            missing_scopes: list(&token.missing_scopes()),
            name: token.name,
            app: token.app,
            fingerprint: token.fingerprint,
            version: token.version,
            owners: token.owners,
            imported_at: token.imported_at,
            checked_at: token.checked_at,
            rotated_at: token.rotated_at,
            last_rotation: token.last_rotation,
            next: token.next,
            consumers: consumers.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<WebhookSubscription> for SubscriptionView {
    fn from(webhook_subscription: WebhookSubscription) -> Self {
        Self {
            subscription: webhook_subscription.subscription,
            missing: list(&webhook_subscription.missing),
            asked_at: webhook_subscription.asked_at,
        }
    }
}

fn list(scopes: &Scopes) -> Vec<String> {
    scopes.iter().map(str::to_owned).collect()
}
