//! Whose database it is, and how its schema is made.

/// What a database says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::inventory) struct Identity {
    pub(in crate::inventory) owner: Owner,
    /// The number of its schema; 0 for an empty database.
    pub(in crate::inventory) version: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::inventory) enum Owner {
    /// It has no tables.
    Nobody,
    Perennial,
    /// Perennial, but what it held was moved to another place.
    Moved,
    /// A version before the first release.
    Prerelease,
    Other,
}

/// One step of the schema, as each engine takes it.
#[derive(Clone, Copy, Debug)]
pub(in crate::inventory) struct SchemaFile<'f> {
    pub(in crate::inventory) sqlite: &'f str,
    pub(in crate::inventory) postgres: &'f str,
}
