//! The app's secrets, and the requests that carry them or a token. Nothing else in this module exposes a secret.

use form_urlencoded::Serializer;
use reqwest::header::HeaderValue;

use crate::model::Kind;
use crate::secret::Secret;

use super::proof::Signer;
use super::{Error, SettingsError, TokenRejection, batch};

/// A request, ready to send. No `Debug`, because it holds secrets.
pub(super) enum Request {
    Get { target: String, bearer: HeaderValue },
    Post { target: &'static str, form: String },
}

/// The app's id with one of its secrets, and the values computed from them.
pub(super) struct Credentials {
    id: String,
    secret: Secret,
    /// `ID|SECRET`, which Meta accepts as a token of the app itself.
    app_token: Secret,
    bearer: HeaderValue,
    signer: Signer,
    own_proof: String,
}

/// Far longer than any token of Meta's; a longer one would exceed the limits on header size.
const LONGEST_TOKEN: usize = 4096;

impl Credentials {
    pub(super) fn new(id: &str, secret: &Secret) -> Result<Self, SettingsError> {
        if !is_presentable(secret) {
            return Err(SettingsError::Secret);
        }
        let app_token = Secret::new(format!("{id}|{}", secret.expose()));
        let signer = Signer::new(secret.expose()).ok_or(SettingsError::Secret)?;
        Ok(Self {
            id: id.to_owned(),
            secret: secret.clone(),
            bearer: bearer(&app_token).ok_or(SettingsError::Secret)?,
            own_proof: signer.proof(app_token.expose()),
            app_token,
            signer,
        })
    }

    /// Returns the key that verifies Meta's signatures.
    pub(super) fn signer(&self) -> Signer {
        self.signer.clone()
    }

    /// Inspects one token. The debugger accepts only GET, so the token is in the URL.
    pub(super) fn inspect(&self, token: &Secret) -> Request {
        let query = form([
            ("input_token", token.expose()),
            ("appsecret_proof", &self.own_proof),
        ]);
        Request::Get {
            target: format!("/debug_token?{query}"),
            bearer: self.bearer.clone(),
        }
    }

    /// Inspects the app's own token.
    pub(super) fn inspect_app(&self) -> Request {
        self.inspect(&self.app_token)
    }

    /// Inspects many tokens in one batch.
    pub(super) fn inspect_all<'t>(&self, tokens: impl Iterator<Item = &'t Secret>) -> Request {
        let form = form([
            ("access_token", self.app_token.expose()),
            ("appsecret_proof", &self.own_proof),
            ("include_headers", "false"),
            ("batch", &batch::entries(tokens.map(Secret::expose))),
        ]);
        Request::Post { target: "/", form }
    }

    /// Requests a token that expires later. For system users, the request must name the 60 days, or Meta may return
    /// another type of token.
    pub(super) fn exchange(&self, kind: Kind, token: &Secret) -> Result<Request, Error> {
        if !is_presentable(token) {
            return Err(Error::Refused(TokenRejection::unreadable()));
        }
        let sixty_days = ("set_token_expires_in_60_days", "true");
        let fields = [
            ("grant_type", "fb_exchange_token"),
            ("client_id", &self.id),
            ("client_secret", self.secret.expose()),
            ("fb_exchange_token", token.expose()),
        ];
        let form = form(
            fields
                .into_iter()
                .chain((kind == Kind::SystemUser).then_some(sixty_days)),
        );
        Ok(Request::Post {
            target: "/oauth/access_token",
            form,
        })
    }

    /// Exchanges a login's code. The redirect URI must be the one that was sent to the dialog.
    pub(super) fn redeem(&self, code: &Secret, redirect_uri: &str) -> Request {
        let form = form([
            ("client_id", &*self.id),
            ("client_secret", self.secret.expose()),
            ("redirect_uri", redirect_uri),
            ("code", code.expose()),
        ]);
        Request::Post {
            target: "/oauth/access_token",
            form,
        }
    }

    /// Reads an object with the given token.
    pub(super) fn read_as(
        &self,
        token: &Secret,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Request, Error> {
        let bearer = bearer(token).ok_or_else(|| Error::Refused(TokenRejection::unreadable()))?;
        let proof = self.signer.proof(token.expose());
        let query = form(query.iter().copied().chain([("appsecret_proof", &*proof)]));
        if !path.iter().all(|segment| is_plain(segment)) {
            return Err(Error::senseless(0));
        }
        let target = format!("/{}?{query}", path.join("/"));
        Ok(Request::Get { target, bearer })
    }
}

/// `name=value` pairs, as a query or as the body of a POST.
fn form<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Returns whether the value can be a token at all. One that cannot would make a whole batch fail.
pub(super) fn is_presentable(token: &Secret) -> bool {
    let value = token.expose();
    (1..=LONGEST_TOKEN).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Ids are digits; other characters could change the path.
fn is_plain(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !segment.is_empty() && segment.bytes().all(plain)
}

fn bearer(token: &Secret) -> Option<HeaderValue> {
    if !is_presentable(token) {
        return None;
    }
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}
