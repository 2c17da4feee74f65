//! Why an inventory was not moved, each with what to do about it.

/// The source is as it was, and so is the target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    #[error(
        "both places are files. Nothing was changed. To move a file, stop the daemon, copy the inventory with perennial \
         backup, and name the copy in [inventory] path"
    )]
    BothFiles,
    #[error(
        "both places are on servers. Nothing was changed. Stop every daemon, and move it with the server's own tools: \
         pg_dump and pg_restore"
    )]
    BothServers,
    #[error("there is no inventory in {0}. Nothing was changed. Check --from")]
    NoInventory(String),
    #[error(
        "{place} has the schema {found}, and this version moves only schema {known}. Nothing was changed. Start the \
         daemon of this version on {place} once, which upgrades it; then stop it, and move it"
    )]
    OlderSchema {
        place: String,
        found: u32,
        known: u32,
    },
    #[error(
        "{place} is not empty: it holds another inventory, or a daemon has already been started on it. Nothing was \
         changed. Name an empty file or database with --to. If you do not need what is there, move the file away, or \
         make the database anew with dropdb and createdb"
    )]
    NotEmpty { place: String },
    #[error(
        "the tables of the two places differ: {0}. Nothing was changed. Remove what is not of perennial, and try again"
    )]
    Tables(String),
    #[error(
        "the table {table} has {from} rows, of which {to} arrived. The target was left empty, and the source is \
         unchanged. Please report this"
    )]
    Counts { table: String, from: u64, to: u64 },
    #[error(
        "{place} changed while it was filled, so it was left empty. The source is unchanged. Make sure that nothing else \
         uses it, and try again"
    )]
    Changed { place: String },
    #[error(
        "{0} secrets cannot be opened at the target, although they can at the source. The target was left empty, and \
         the source is unchanged. Please report this"
    )]
    Secrets(u64),
}
