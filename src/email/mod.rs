//! Emails: what they say (`model`, `text`, `templates`) and how they are sent (`mailer`).

pub(crate) mod context;
pub(crate) mod digest;
pub(crate) mod digest_context;
mod expiry_bars;
mod formatting;
pub(crate) mod incident_email;
mod instructions;
pub mod mailer;
pub(crate) mod model;
pub(crate) mod operator_emails;
pub mod samples;
mod sender;
mod sentences;
mod system_email;
mod templates;
pub mod text;
mod token_rows;

pub use digest_context::GraphVersion;
pub use sender::Sender;
pub use system_email::SystemEmail;
pub use templates::{TemplateError, Templates};
