//! What people see: tables, bars, colors, times, and the journal's events as sentences.

pub(crate) mod bars;
pub(crate) mod charts;
pub(crate) mod event_text;
pub(crate) mod output;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod time;
