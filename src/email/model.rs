//! What an email says, as its templates get it, and as it is sent.

use serde::Serialize;

use crate::model::NewEmail;

/// An email ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RenderedEmail {
    pub(crate) subject: String,
    pub(crate) text: String,
    /// Empty for a text-only email.
    pub(crate) html: String,
}

impl RenderedEmail {
    /// The email in the outbox. It is about no incident and answers no other email.
    pub(crate) fn addressed(self, recipients: Vec<String>, message_id: String) -> NewEmail {
        NewEmail {
            incident: None,
            message_id,
            in_reply_to: None,
            recipients,
            subject: self.subject,
            text: self.text,
            html: self.html,
        }
    }
}

/// The values of both templates, as documented for operators in docs/src/emails.md.
#[derive(Debug, Default, Serialize)]
pub(crate) struct EmailModel {
    pub(crate) language: &'static str,
    pub(crate) subject: String,
    pub(crate) color: &'static str,
    pub(crate) label: String,
    pub(crate) headline: String,
    pub(crate) about: String,
    pub(crate) why: String,
    /// What to press, if one click is all that is asked for.
    pub(crate) button: Option<ButtonLine>,
    /// The numbers of the summary.
    pub(crate) numbers: Vec<BigNumber>,
    pub(crate) expiries_title: &'static str,
    pub(crate) expiries: Vec<ExpiryGroup>,
    pub(crate) instructions_title: &'static str,
    pub(crate) instructions: Vec<InstructionLine>,
    pub(crate) otherwise_title: &'static str,
    pub(crate) otherwise: String,
    pub(crate) tokens_title: &'static str,
    pub(crate) tokens: Vec<Row>,
    pub(crate) count: String,
    pub(crate) more: Option<String>,
    pub(crate) sections: Vec<Section>,
    pub(crate) footer: Vec<String>,
}

/// Tokens that share both expiries.
#[derive(Debug, Serialize)]
pub(crate) struct ExpiryGroup {
    pub(crate) title: String,
    pub(crate) bars: Vec<ExpiryBar>,
}

/// The bar of one expiry.
#[derive(Debug, Serialize)]
pub(crate) struct ExpiryBar {
    pub(crate) label: &'static str,
    /// The time left, as text.
    pub(crate) left: String,
    /// The filled part of the bar, 0 to 100.
    pub(crate) percent: i64,
    pub(crate) rest: i64,
    pub(crate) color: &'static str,
}

/// One step of what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct InstructionLine {
    pub(crate) text: String,
    /// A command to run on Perennial's machine.
    pub(crate) command: Option<String>,
    /// A link to open in a browser.
    pub(crate) link: Option<String>,
}

/// A link shown as a button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ButtonLine {
    pub(crate) label: String,
    pub(crate) link: String,
    /// What to do there, and why it is safe.
    pub(crate) notes: Vec<String>,
}

/// A number that is read first, and what it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct BigNumber {
    pub(crate) value: String,
    pub(crate) label: &'static str,
    /// What happened since the last summary; empty if nothing did.
    pub(crate) change: String,
    pub(crate) color: &'static str,
}

/// A section of the summary with its own heading.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) lines: Vec<Row>,
    pub(crate) more: Option<String>,
}

/// A token, or a line of the summary.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Row {
    pub(crate) title: String,
    pub(crate) detail: String,
}
