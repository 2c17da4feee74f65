//! What a file of a sink contains.

use serde::Serialize;

use crate::model::Deliverable;
use crate::secret::Secret;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileFormat {
    /// The token alone, without a line end.
    #[default]
    Raw,
    /// One line, `NAME_TOKEN=…`, for shells and for `EnvironmentFile=` of systemd.
    Env,
    /// The same object as the socket's answer for a secret.
    Json,
}

#[derive(Serialize)]
struct Document<'a> {
    name: &'a str,
    access_token: &'a str,
    version: u32,
    expires_at: Option<jiff::Timestamp>,
}

impl FileFormat {
    /// The content, which is a secret as well.
    pub(super) fn content(self, token: &Deliverable, secret: &Secret) -> Secret {
        match self {
            Self::Raw => secret.clone(),
            Self::Env => Secret::new(format!(
                "{}={}\n",
                variable(&token.name),
                quoted(secret.expose())
            )),
            Self::Json => {
                let document = Document {
                    name: &token.name,
                    access_token: secret.expose(),
                    version: token.version,
                    expires_at: token.expires_at.at(),
                };
                let json = serde_json::to_string(&document).unwrap_or_default();
                Secret::new(json + "\n")
            }
        }
    }
}

/// The name of a variable: the token's name in capitals, with `_` for everything else but digits. No shell takes one
/// that begins with a digit.
fn variable(token: &str) -> String {
    let letter = |c: char| match c.to_ascii_uppercase() {
        c @ ('A'..='Z' | '0'..='9') => c,
        _ => '_',
    };
    let name: String = token.chars().map(letter).collect();
    let begins_with_digit = name.starts_with(|c: char| c.is_ascii_digit());
    format!("{}{name}_TOKEN", if begins_with_digit { "_" } else { "" })
}

/// Quoted for shells and for systemd alike, if that is necessary. Tokens have no spaces and no control characters.
fn quoted(token: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if token.chars().all(is_plain) {
        return token.to_owned();
    }
    let mut quoted = String::from('"');
    for c in token.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::policy::fixtures::wanted;

    #[test]
    fn each_format_holds_the_token() {
        let secret = Secret::new("EAAcanary");
        for (format, expected) in [
            (FileFormat::Raw, "EAAcanary"),
            (FileFormat::Env, "ACME_1_TOKEN=EAAcanary\n"),
            (
                FileFormat::Json,
                "{\"name\":\"acme-1\",\"access_token\":\"EAAcanary\",\"version\":2,\"expires_at\":null}\n",
            ),
        ] {
            assert_eq!(format.content(&wanted(), &secret).expose(), expected);
        }
    }

    #[test]
    fn a_variable_has_a_name_and_a_value_that_shells_take() {
        for (name, expected) in [
            ("acme-main", "ACME_MAIN_TOKEN"),
            ("a.b_C", "A_B_C_TOKEN"),
            ("1st", "_1ST_TOKEN"),
        ] {
            assert_eq!(variable(name), expected);
        }
        assert_eq!(quoted("123|abc"), "\"123|abc\"");
        assert_eq!(quoted("a\"b$c`d\\e"), "\"a\\\"b\\$c\\`d\\\\e\"");
    }
}
