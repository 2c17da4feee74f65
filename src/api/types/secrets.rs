//! The messages in which a token crosses the socket. This is the only file of the API that exposes a secret: to write
//! it into these messages, and to check its shape before an import.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::{AccessToken, EmailAddress, Permission, TokenName};
use crate::secret::Secret;

/// `POST /v1/tokens`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// The name of the app.
    pub app: String,
    /// The secret.
    #[serde(serialize_with = "openly")]
    #[schema(value_type = AccessToken, write_only)]
    pub access_token: Secret,
    /// The name that the token gets; one is made up without it.
    #[schema(value_type = Option<TokenName>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Email addresses of the people to notify when only a person can help.
    #[schema(value_type = Vec<EmailAddress>, max_items = 20)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// The permissions that the token must have; those of the app without it.
    #[schema(value_type = Vec<Permission>, max_items = 100)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require_scopes: Vec<String>,
    /// Also import the pages that this user token reaches.
    #[serde(default)]
    pub discover: bool,
}

impl ImportRequest {
    pub const fn new(app: String, access_token: Secret) -> Self {
        Self {
            app,
            access_token,
            name: None,
            owners: Vec::new(),
            require_scopes: Vec::new(),
            discover: false,
        }
    }
}

/// `PUT /v1/tokens/{name}/secret`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CandidateRequest {
    /// The new secret.
    #[serde(serialize_with = "openly")]
    #[schema(value_type = AccessToken, write_only)]
    pub access_token: Secret,
}

/// `GET /v1/tokens/{name}/secret`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretView {
    /// The name of the token.
    pub name: String,
    /// The secret.
    #[serde(serialize_with = "openly")]
    #[schema(value_type = String)]
    pub access_token: Secret,
    /// The version of the token, which grows with each new secret.
    pub version: u32,
    /// Null when it never expires, or when the expiry is unknown.
    pub expires_at: Option<Timestamp>,
}

pub(super) fn openly<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Meta's tokens have a few hundred characters; anything longer than this is not a token.
const LONGEST: usize = 8 * 1024;

/// Returns the pasted token without the line end, or why it cannot be a token. The reason does not repeat the token.
pub(in crate::api) fn plausible(pasted: &Secret) -> Result<Secret, &'static str> {
    let token = Secret::trimmed(pasted.expose());
    if token.is_empty() {
        return Err("access_token is empty");
    }
    if token.len() > LONGEST {
        return Err("access_token is longer than 8 KiB; no token of Meta is that long");
    }
    if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("access_token contains spaces or characters that no token of Meta has");
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_token_is_taken_in() {
        let plausible = |text: &str| plausible(&Secret::new(text)).map(|token| token.len());
        assert_eq!(plausible("EAAcanary\n"), Ok(9));
        assert_eq!(plausible(&"x".repeat(LONGEST)), Ok(LONGEST));
        for refused in [
            "",
            " \n",
            "EAA canary",
            "EAAcan\u{e4}ry",
            "EAA\0",
            "EAA\r\nX",
        ] {
            assert!(plausible(refused).is_err(), "{refused:?}");
        }
        assert!(plausible(&"x".repeat(LONGEST + 1)).is_err());
    }
}
