//! `POST /v1/imports`: many tokens in one request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;

/// How many tokens one request may contain.
pub const MOST_IMPORTS: usize = 500;

/// How long its body may be, in bytes.
pub const LARGEST_IMPORT: usize = 512 * 1024;

/// The results, in the order of the tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportResults {
    /// What became of each, in the order of the request.
    pub results: Vec<ImportResult>,
}

/// The result for one token. The others do not depend on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportResult {
    /// 201 if the token was added, 200 if it was there already, else that of the problem.
    pub status: u16,
    /// The token's name in the inventory; null if there is a problem.
    pub name: Option<String>,
    /// Why this token was not imported; null if it was.
    pub problem: Option<Problem>,
}

impl From<Problem> for ImportResult {
    fn from(problem: Problem) -> Self {
        Self {
            status: problem.status,
            name: None,
            problem: Some(problem),
        }
    }
}
