//! Why a server cannot have the inventory, each with what to do about it.

/// A server that cannot be used. It is named by its hosts and the database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    #[error("{server} cannot be reached: {reason}")]
    Unreachable { server: String, reason: String },
    #[error(
        "{server} does not let perennial in: {reason}. Check the user, the password and the database in [inventory] url"
    )]
    Login { server: String, reason: String },
    #[error(
        "the way to {server} cannot be encrypted: {reason}. Its certificate must be signed by [inventory] ca, or without \
         that by an authority that this machine trusts, and bear the host's name"
    )]
    Tls { server: String, reason: String },
    #[error(
        "{server} is not PostgreSQL but \"{version}\", which handles locks and transactions in another way. Nothing was \
         changed. Name a server of PostgreSQL in [inventory] url"
    )]
    NotPostgres { server: String, version: String },
    #[error(
        "{server} is PostgreSQL {version}, which is too old. Nothing was changed. Use 14 or newer"
    )]
    TooOld { server: String, version: String },
    #[error(
        "{server} hands a session's connection to others between two transactions, as PgBouncer does with pool_mode = \
         transaction or statement. Nothing was changed. Name the server itself in [inventory] url, or use pool_mode = \
         session"
    )]
    Pooler { server: String },
    #[error(
        "no schema of {server} is on the search path of its user. Nothing was changed. Create one: CREATE SCHEMA \
         perennial; ALTER ROLE … SET search_path = perennial"
    )]
    NoSchema { server: String },
    #[error(
        "{server} holds tables that are not of perennial. Nothing was changed. Name a database of its own in [inventory] \
         url"
    )]
    Foreign { server: String },
}

impl ServerError {
    /// Whether the operator must change something, so that another attempt alone does not help.
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::Login { .. }
            | Self::Tls { .. }
            | Self::NotPostgres { .. }
            | Self::TooOld { .. }
            | Self::Pooler { .. }
            | Self::NoSchema { .. }
            | Self::Foreign { .. } => true,
            Self::Unreachable { .. } => false,
        }
    }
}
