//! Turns one line of an import into a request, or says why it cannot. An error never repeats the line, because it may
//! contain a token.

use clap::Args;
use serde_json::Value;

use crate::api::types::ImportRequest;
use crate::cli::terminal::text::counted;
use crate::secret::Secret;

use super::lines::NotText;

/// Values for everything that a line does not contain.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Defaults {
    /// The app that the tokens belong to, unless the file names it [default: the only configured app]
    #[arg(long)]
    pub(super) app: Option<String>,
    /// The name of the token; for a single token only
    #[arg(long)]
    pub(super) name: Option<String>,
    /// An email address to notify when only a person can help; may be repeated
    #[arg(long = "owner", value_name = "ADDRESS")]
    pub(super) owners: Vec<String>,
    /// A permission that the token must have; may be repeated
    #[arg(long = "require-scope", value_name = "SCOPE", value_delimiter = ',')]
    pub(super) require_scopes: Vec<String>,
    /// Also import the pages that a user token reaches
    #[arg(long)]
    pub(super) discover: bool,
}

/// The fields of a line; `None` for those that it does not contain.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) app: Option<String>,
    pub(super) access_token: Option<Secret>,
    pub(super) name: Option<String>,
    pub(super) owners: Option<Vec<String>>,
    pub(super) require_scopes: Option<Vec<String>>,
    pub(super) discover: Option<bool>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RowError {
    /// Not only this line: no more lines can be read.
    #[error("the source cannot be read to the end: {0}")]
    Unreadable(String),
    #[error(transparent)]
    NotText(#[from] NotText),
    #[error("is not JSON, from column {column} on")]
    NotJson { column: usize },
    #[error("is not a JSON object")]
    NotAnObject,
    #[error("{0} is not a field; the fields are {known}", known = FIELDS.join(", "))]
    UnknownField(String),
    #[error("{field} must be {expected}")]
    WrongType {
        field: &'static str,
        expected: &'static str,
    },
    #[error("a quotation mark is not closed")]
    OpenQuote,
    #[error("has {}, but the header names {expected}", counted(*found as u64, "field"))]
    FieldCount { found: usize, expected: usize },
    #[error("access_token is missing")]
    NoToken,
    #[error("access_token is empty")]
    EmptyToken,
    #[error("no app is named; add it to the line, or pass --app")]
    NoApp,
}

pub(super) const FIELDS: [&str; 6] = [
    "access_token",
    "app",
    "name",
    "owners",
    "require_scopes",
    "discover",
];

impl RowError {
    const fn wrong_type(field: &'static str, expected: &'static str) -> Self {
        Self::WrongType { field, expected }
    }

    /// Does not repeat a field name that may be a token.
    pub(super) fn unknown_field(name: &str) -> Self {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        if name.len() <= 30 && !name.is_empty() && name.bytes().all(is_word) {
            Self::UnknownField(name.to_owned())
        } else {
            Self::UnknownField("one of the names".to_owned())
        }
    }
}

impl Row {
    /// Sets a field. An error never repeats the value.
    pub(super) fn set(&mut self, field: &str, value: Value) -> Result<(), RowError> {
        match field {
            "access_token" => {
                self.access_token = Some(Secret::trimmed(&text("access_token", value)?));
            }
            "app" => self.app = Some(text("app", value)?),
            "name" => self.name = Some(text("name", value)?),
            "owners" => self.owners = Some(texts("owners", value)?),
            "require_scopes" => self.require_scopes = Some(texts("require_scopes", value)?),
            "discover" => self.discover = Some(flag(&value)?),
            other => return Err(RowError::unknown_field(other)),
        }
        Ok(())
    }

    pub(super) fn of(token: Secret) -> Self {
        Self {
            access_token: Some(token),
            ..Self::default()
        }
    }

    pub(super) fn request(self, defaults: &Defaults) -> Result<ImportRequest, RowError> {
        let access_token = self.access_token.ok_or(RowError::NoToken)?;
        if access_token.is_empty() {
            return Err(RowError::EmptyToken);
        }
        let app = self
            .app
            .or_else(|| defaults.app.clone())
            .ok_or(RowError::NoApp)?;
        let or = |detail: Option<Vec<String>>, default: &Vec<String>| {
            detail.unwrap_or_else(|| default.clone())
        };
        Ok(ImportRequest {
            app,
            access_token,
            name: self.name.or_else(|| defaults.name.clone()),
            owners: or(self.owners, &defaults.owners),
            require_scopes: or(self.require_scopes, &defaults.require_scopes),
            discover: self.discover.unwrap_or(defaults.discover),
        })
    }
}

fn text(field: &'static str, value: Value) -> Result<String, RowError> {
    let Value::String(text) = value else {
        return Err(RowError::wrong_type(field, "text in quotes"));
    };
    Ok(text)
}

fn texts(field: &'static str, value: Value) -> Result<Vec<String>, RowError> {
    let wrong = || RowError::wrong_type(field, "a list of texts");
    let Value::Array(items) = value else {
        return Err(wrong());
    };
    let items = items.into_iter().map(|item| text(field, item));
    items.collect::<Result<_, _>>().map_err(|_| wrong())
}

fn flag(value: &Value) -> Result<bool, RowError> {
    let flag = value.as_bool();
    flag.ok_or(RowError::wrong_type("discover", "true or false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Row {
        Row::of(Secret::trimmed(text))
    }

    #[test]
    fn a_line_says_more_than_the_options() {
        let defaults = Defaults {
            app: Some("acme".to_owned()),
            owners: vec!["ops@example.com".to_owned()],
            discover: true,
            ..Defaults::default()
        };
        let silent = token("EAAcanary\n").request(&defaults).unwrap();
        assert_eq!(silent.app, "acme");
        assert_eq!(silent.access_token, Secret::new("EAAcanary"));
        assert_eq!(silent.owners, ["ops@example.com"]);
        assert!(silent.discover);

        let row = Row {
            app: Some("other".to_owned()),
            owners: Some(Vec::new()),
            discover: Some(false),
            ..token("EAAcanary")
        };
        let outspoken = row.request(&defaults).unwrap();
        assert_eq!(outspoken.app, "other");
        assert!(outspoken.owners.is_empty() && !outspoken.discover);
    }

    #[test]
    fn without_a_token_or_an_app_there_is_no_request() {
        let row_error = |row: Row| row.request(&Defaults::default()).unwrap_err();
        assert_eq!(row_error(Row::default()), RowError::NoToken);
        assert_eq!(row_error(token(" \n")), RowError::EmptyToken);
        assert_eq!(row_error(token("EAAcanary")), RowError::NoApp);
    }
}
