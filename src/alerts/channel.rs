//! Where incidents are posted besides the emails.

/// A channel of `[[alerts.post]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostChannel {
    pub name: String,
    pub audience: Audience,
}

/// Which incidents a channel hears of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Those that the operators get emails about.
    #[default]
    Operators,
    Everybody,
}
