//! The sinks: how a version reaches a file, a webhook or a command.

mod access_list;
mod account;
mod command;
mod file;
mod file_format;
mod webhook;

pub use account::Account;
pub(super) use command::run;
pub use file::FileSink;
pub(super) use file::remove;
pub use file_format::FileFormat;
pub use webhook::{WebhookBody, WebhookSink};
pub(super) use webhook::{send, send_test};

/// A sink has the version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Receipt {
    /// The receiver said at once that it uses this version.
    pub(super) in_use: bool,
}
