//! Authorization codes: valid once, for a short time, for one app and one redirect URI.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::app::CodeGives;
use super::exchange::SystemUserValidity;
use super::ids::{AppKey, Id, TokenKey};
use super::{World, WorldError, later};
use crate::graph_sim::platform::Platform;

/// Meta documents no lifetime for Facebook.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Of codes of Instagram and Threads.
const LONGER_LIFE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug)]
pub(crate) struct Code {
    app: AppKey,
    person: Id,
    origin: Origin,
    auth_type: Option<Arc<str>>,
    expires_at: Timestamp,
    state: CodeState,
}

/// How a code was issued, which determines what its exchange must contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The login dialog; the exchange must repeat the redirect URI.
    Dialog { redirect_uri: String },
    /// A JavaScript dialog; there is no redirect URI.
    Embedded,
    /// The same, in which a business gives the token of its system user.
    Business { validity: SystemUserValidity },
    /// `oauth/client_code`; the exchange needs no secret.
    Client { redirect_uri: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CodeState {
    Fresh,
    Used,
}

/// Why a code is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeError {
    Unknown,
    Used,
    Expired,
    OtherRedirect,
}

impl World {
    /// Issues a code of a JavaScript login, which is exchanged without `redirect_uri`.
    pub fn embedded_code(
        &mut self,
        app: &str,
        person: &str,
        scopes: &[&str],
    ) -> Result<String, WorldError> {
        let (app, person) = self.consent(app, person, scopes, super::PageSelection::All)?;
        Ok(self.issue_code(app, person, Origin::Embedded, None))
    }

    pub(crate) fn issue_code(
        &mut self,
        app: AppKey,
        person: Id,
        origin: Origin,
        auth_type: Option<&str>,
    ) -> String {
        let mut text = String::from("AQ");
        self.push_random(&mut text, 160);
        let life = match self.app(app).platform {
            Platform::Facebook => LIFE,
            Platform::Instagram | Platform::Threads => LONGER_LIFE,
        };
        let code = Code {
            app,
            person,
            origin,
            auth_type: auth_type.map(Arc::from),
            expires_at: later(self.now, life),
            state: CodeState::Fresh,
        };
        self.codes.insert(text.clone(), code);
        text
    }

    /// Returns whether the code is for a client, which has no secret.
    pub(crate) fn is_client_code(&self, text: &str) -> bool {
        let code = self.codes.get(text);
        code.is_some_and(|code| matches!(code.origin, Origin::Client { .. }))
    }

    pub(crate) fn redeem(
        &mut self,
        app: AppKey,
        text: &str,
        redirect_uri: Option<&str>,
    ) -> Result<TokenKey, CodeError> {
        let now = self.now;
        let code = self.codes.get_mut(text).filter(|code| code.app == app);
        let code = code.ok_or(CodeError::Unknown)?;
        if code.state == CodeState::Used {
            return Err(CodeError::Used);
        }
        if code.expires_at <= now {
            return Err(CodeError::Expired);
        }
        let address = match &code.origin {
            Origin::Dialog { redirect_uri } | Origin::Client { redirect_uri } => {
                Some(redirect_uri.as_str())
            }
            Origin::Embedded | Origin::Business { .. } => None,
        };
        if address != redirect_uri {
            return Err(CodeError::OtherRedirect);
        }
        code.state = CodeState::Used;
        let (person, auth_type) = (code.person, code.auth_type.clone());
        if let Origin::Business { validity } = code.origin {
            return Ok(self.issue_from_now(app, person, validity));
        }
        let for_client = matches!(code.origin, Origin::Client { .. });
        let app_settings = self.app(app);
        let gives = match app_settings.platform {
            Platform::Instagram | Platform::Threads => CodeGives::ShortLived,
            Platform::Facebook if for_client => CodeGives::LongLived,
            Platform::Facebook => app_settings.code_gives,
        };
        Ok(self.issue_for_code(app, person, gives, auth_type))
    }

    fn issue_for_code(
        &mut self,
        app: AppKey,
        person: Id,
        gives: CodeGives,
        auth_type: Option<Arc<str>>,
    ) -> TokenKey {
        match gives {
            CodeGives::ShortLived => {
                let key = self.issue_short_user_token(app, person);
                self.token_mut(key).auth_type = auth_type;
                key
            }
            CodeGives::LongLived => self.issue_long_user_token(app, person),
            CodeGives::SystemUser => {
                self.issue_business_token(app, person, SystemUserValidity::Never)
            }
            CodeGives::SystemUserSixtyDays => {
                self.issue_business_token(app, person, SystemUserValidity::SixtyDays)
            }
        }
    }
}
