//! The app's secrets, and the requests that carry them or a token. Nothing else in this module exposes a secret.

use std::borrow::Cow;

use form_urlencoded::Serializer;
use reqwest::header::HeaderValue;

use crate::model::Kind;
use crate::secret::Secret;

use super::platform::Grants;
use super::proof::Signer;
use super::{Error, SettingsError, TokenRejection, batch};

/// A request, ready to send. No `Debug`, because it holds secrets.
pub(super) struct Request {
    pub(super) root: Root,
    pub(super) target: Cow<'static, str>,
    pub(super) content: Content,
}

/// What comes before the target of a request.
#[derive(Clone, Copy)]
pub(super) enum Root {
    /// The host of the Graph API with the version.
    Versioned,
    /// The same without a version.
    Graph,
    /// The host that redeems the codes of logins.
    Codes,
}

/// What an exchange is for. Some platforms have a grant for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Lengthen,
    Renew,
}

pub(super) enum Content {
    Get { bearer: Option<HeaderValue> },
    Post { form: String },
}

impl Request {
    fn get(target: String, bearer: HeaderValue) -> Self {
        Self {
            root: Root::Versioned,
            target: target.into(),
            content: Content::Get {
                bearer: Some(bearer),
            },
        }
    }

    fn post(root: Root, target: &'static str, form: String) -> Self {
        Self {
            root,
            target: target.into(),
            content: Content::Post { form },
        }
    }
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
        Request::get(format!("/debug_token?{query}"), self.bearer.clone())
    }

    /// Inspects one token with the token of a tester.
    pub(super) fn inspect_as(&self, tester: &Secret, token: &Secret) -> Result<Request, Error> {
        self.read_as(tester, &["debug_token"], &[("input_token", token.expose())])
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
        Request::post(Root::Versioned, "/", form)
    }

    /// Requests a token that expires later, in exchange for one that lasts (`Renew`) or does not (`Lengthen`).
    pub(super) fn exchange(
        &self,
        grants: &Grants,
        step: Step,
        kind: Kind,
        token: &Secret,
    ) -> Result<Request, Error> {
        if !is_presentable(token) {
            return Err(Error::Refused(TokenRejection::unreadable()));
        }
        let secret = ("client_secret", self.secret.expose());
        let token = ("access_token", token.expose());
        Ok(match (grants, step) {
            (Grants::Facebook, _) => self.exchange_at_facebook(kind, token.1),
            (Grants::TwoSteps { exchange, .. }, Step::Lengthen) => {
                in_query("/access_token", [("grant_type", *exchange), secret, token])
            }
            (Grants::TwoSteps { refresh, .. }, Step::Renew) => {
                in_query("/refresh_access_token", [("grant_type", *refresh), token])
            }
        })
    }

    /// For system users, the request must name the 60 days, or Meta may return another type of token.
    fn exchange_at_facebook(&self, kind: Kind, token: &str) -> Request {
        let sixty_days = ("set_token_expires_in_60_days", "true");
        let fields = [
            ("grant_type", "fb_exchange_token"),
            ("client_id", &self.id),
            ("client_secret", self.secret.expose()),
            ("fb_exchange_token", token),
        ];
        let form = form(
            fields
                .into_iter()
                .chain((kind == Kind::SystemUser).then_some(sixty_days)),
        );
        Request::post(Root::Versioned, "/oauth/access_token", form)
    }

    /// Exchanges a login's code. The redirect URI must be the one that was sent to the dialog.
    pub(super) fn redeem(
        &self,
        grants: &Grants,
        code: &Secret,
        redirect_uri: Option<&str>,
    ) -> Request {
        let fields = [
            ("client_id", &*self.id),
            ("client_secret", self.secret.expose()),
            ("code", code.expose()),
        ];
        let (root, grant_type) = match grants {
            Grants::Facebook => (Root::Versioned, None),
            Grants::TwoSteps { .. } => (Root::Codes, Some(("grant_type", "authorization_code"))),
        };
        let redirect_uri = redirect_uri.map(|uri| ("redirect_uri", uri));
        let form = form(fields.into_iter().chain(redirect_uri).chain(grant_type));
        Request::post(root, "/oauth/access_token", form)
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
        Ok(Request::get(target, bearer))
    }
}

/// A request with everything in its query, as these platforms document it.
fn in_query<const N: usize>(path: &str, fields: [(&str, &str); N]) -> Request {
    Request {
        root: Root::Graph,
        target: format!("{path}?{}", form(fields)).into(),
        content: Content::Get { bearer: None },
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
