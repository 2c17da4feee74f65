//! Apps: their dashboard settings and their own app tokens.

use std::collections::{BTreeMap, HashSet};
use std::ops::Deref;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::answer_style::AnswerStyle;
use super::ids::{AppKey, Id};
use super::{World, WorldError};
use crate::graph_sim::platform::Platform;
use crate::graph_sim::signature;

/// A new app.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppSpec {
    pub id: String,
    pub secret: String,
    pub name: String,
    /// Decides what its tokens are and which calls it can make.
    pub platform: Platform,
    /// Of Instagram and Threads.
    pub answers: AnswerStyle,
    pub proof: ProofRule,
    /// Allowed redirect URIs of the login dialog; an empty list allows any.
    pub redirect_uris: Vec<String>,
    pub code_gives: CodeGives,
    pub long_lived: LongLived,
    /// The limit of calls with the app token per rolling hour; `None` means no limit and no usage headers.
    pub calls_per_hour: Option<u32>,
    /// Where Meta posts a `signed_request` when a person removes the app.
    pub deauthorize_url: Option<String>,
    /// Where Meta posts a `signed_request` when a person requests the deletion of their data.
    pub data_deletion_url: Option<String>,
    /// Where Meta posts permission changes.
    pub webhook_url: Option<String>,
    pub mode: AppMode,
    pub system_users: SystemUserRule,
    /// Login for Business: scopes by `config_id`.
    pub configurations: BTreeMap<String, Vec<String>>,
}

/// "Require App Secret" in the dashboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofRule {
    /// A call may omit the proof, but a wrong one is rejected.
    #[default]
    Optional,
    Required,
}

/// The token for which a login's code is exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeGives {
    #[default]
    ShortLived,
    LongLived,
    /// Login for Business with a configuration for system users (default: never expires).
    SystemUser,
    SystemUserSixtyDays,
}

/// Whether people without a role in the app can log in to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppMode {
    #[default]
    Live,
    Development,
}

/// Some businesses may only issue system-user tokens that expire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemUserRule {
    #[default]
    MayLastForever,
    MustExpire,
}

/// The lifetime of the app's long-lived user tokens. `Never` is what several people measured for tokens with page
/// permissions; the exchange then answers without `expires_in`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongLived {
    #[default]
    SixtyDays,
    Never,
}

/// An app of the world; dereferences to its dashboard settings.
#[derive(Debug)]
pub(crate) struct App {
    spec: AppSpec,
    pub(crate) developers: HashSet<Id>,
    pub(super) status: AppStatus,
    /// Counts the resets of the secret that ended all tokens.
    pub(super) epoch: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AppStatus {
    Live,
    Deleted,
}

impl Deref for App {
    type Target = AppSpec;

    fn deref(&self) -> &AppSpec {
        &self.spec
    }
}

impl App {
    fn new(spec: AppSpec) -> Self {
        Self {
            spec,
            developers: HashSet::new(),
            status: AppStatus::Live,
            epoch: 0,
        }
    }

    /// The token that `client_credentials` returns; `id|secret` is equivalent.
    pub(crate) fn token(&self) -> String {
        let digest = signature::hmac(&self.secret, self.id.as_bytes());
        format!("{}|{}", self.id, &URL_SAFE_NO_PAD.encode(digest)[..27])
    }

    pub(super) fn owns_token_tail(&self, tail: &str) -> bool {
        tail == self.secret
            || self
                .token()
                .split_once('|')
                .is_some_and(|(_, own)| own == tail)
    }

    pub(crate) fn may_return_to(&self, address: &str) -> bool {
        self.redirect_uris.is_empty() || self.redirect_uris.iter().any(|known| known == address)
    }
}

impl World {
    pub fn add_app(&mut self, spec: AppSpec) {
        self.apps.push(App::new(spec));
    }

    /// Makes a person a developer. Developers may inspect tokens with their own user token.
    pub fn make_developer(&mut self, app: &str, person: &str) -> Result<(), WorldError> {
        let app = self.app_key(app)?;
        let person = self.person_id(person)?;
        self.apps[app.0].developers.insert(person);
        Ok(())
    }

    /// Sets a new secret and ends every token issued before. Meta lists "app secret reset" among the reasons why tokens
    /// end.
    pub fn reset_app_secret(&mut self, app: &str, secret: &str) -> Result<(), WorldError> {
        self.replace_app_secret(app, secret)?;
        let app = self.app_key(app)?;
        self.apps[app.0].epoch += 1;
        Ok(())
    }

    /// Sets a new secret. Tokens issued under the old one live on; only proofs and calls need the new secret.
    pub fn replace_app_secret(&mut self, app: &str, secret: &str) -> Result<(), WorldError> {
        let app = self.app_key(app)?;
        secret.clone_into(&mut self.apps[app.0].spec.secret);
        Ok(())
    }

    /// Sets where Meta posts from now on: to the webhook's URL, and to the callbacks below it.
    pub fn set_callbacks(&mut self, app: &str, webhook_url: &str) -> Result<(), WorldError> {
        let app = self.app_key(app)?;
        let spec = &mut self.apps[app.0].spec;
        spec.webhook_url = Some(webhook_url.to_owned());
        spec.deauthorize_url = Some(format!("{webhook_url}/deauthorize"));
        spec.data_deletion_url = Some(format!("{webhook_url}/data-deletion"));
        Ok(())
    }

    pub fn delete_app(&mut self, app: &str) -> Result<(), WorldError> {
        let app = self.app_key(app)?;
        self.apps[app.0].status = AppStatus::Deleted;
        Ok(())
    }

    pub fn first_app(&self) -> Option<AppSpec> {
        self.apps.first().map(|app| app.spec.clone())
    }

    pub(crate) fn app_key(&self, id: &str) -> Result<AppKey, WorldError> {
        let found = self.apps.iter().position(|app| app.id == id);
        found
            .map(AppKey)
            .ok_or_else(|| WorldError::unknown("app", id))
    }

    /// Returns the app with this id at this platform.
    pub(crate) fn app_at(&self, platform: Platform, id: &str) -> Option<AppKey> {
        let key = self.app_key(id).ok()?;
        Some(key).filter(|key| self.app(*key).platform == platform)
    }

    pub(crate) fn platform_of_app(&self, id: &str) -> Option<Platform> {
        let key = self.app_key(id).ok()?;
        Some(self.app(key).platform)
    }

    pub(crate) fn app(&self, key: AppKey) -> &App {
        &self.apps[key.0]
    }
}
