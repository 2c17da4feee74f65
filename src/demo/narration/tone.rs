//! Whether a line is good news.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum LineTone {
    Plain,
    Good,
    Warn,
    Bad,
}
