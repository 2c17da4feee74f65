//! Emails: what they say (`model`, `text`, `templates`) and how they are sent (`mailer`).

pub(crate) mod context;
pub(crate) mod digest_context;
mod expiry_bars;
mod formatting;
mod instructions;
pub mod mailer;
pub(crate) mod model;
mod reason;
pub mod samples;
mod sentences;
mod system_email;
mod templates;
pub mod text;
mod token_rows;

pub use digest_context::GraphVersion;
pub use reason::EmailReason;
pub use system_email::SystemEmail;
pub use templates::{TemplateError, Templates};
