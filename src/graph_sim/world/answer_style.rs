//! Details in which recorded answers of Instagram and Threads differ from each other. An app chooses.

use serde::Deserialize;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnswerStyle {
    pub permissions: PermissionsFormat,
    pub envelope: AnswerEnvelope,
    pub refreshed: RefreshedToken,
    pub expired: ExpiredAnswer,
    /// The answer to the refresh of a token that is not a day old.
    pub too_young: RefreshRefusal,
}

/// The `permissions` in Instagram's answer to a code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermissionsFormat {
    #[default]
    List,
    /// One string with commas.
    Text,
}

/// Instagram's answers to a code and to `me`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerEnvelope {
    #[default]
    Plain,
    /// The only entry of a list in `data`, as in Meta's documentation.
    DataList,
}

/// What a refresh returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshedToken {
    /// A new token; the old one lives on to its own end.
    #[default]
    NewToken,
    /// The same token with a later end.
    SameToken,
}

/// The error about an expired token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiredAnswer {
    #[default]
    WithoutSubcode,
    SubcodeZero,
    /// Threads: "The requested resource does not exist".
    MissingResource,
}

/// The error with which a refresh is refused. Meta documents none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshRefusal {
    /// Code 10.
    #[default]
    PermissionMissing,
    /// Code 100.
    UnsupportedRequest,
    /// Code 190.
    InvalidSession,
}
