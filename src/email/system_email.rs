//! Emails about the daemon itself, to its operators. Plain text, and independent of the inventory, because they must
//! get through when little else works.

use super::formatting;
use crate::model::NewEmail;

/// The content of the email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemEmail {
    /// What is wrong, and where.
    pub subject: String,
    /// What is known about it, one paragraph each.
    pub why: Vec<String>,
    /// What to do about it, in order.
    pub instructions: Vec<String>,
    /// Which program sent it and why.
    pub footer: String,
}

impl SystemEmail {
    /// Builds the email. `message_id` has no angle brackets; `in_reply_to` is the first email about the same problem.
    pub fn email(
        &self,
        recipients: &[String],
        message_id: String,
        in_reply_to: Option<String>,
    ) -> NewEmail {
        NewEmail {
            incident: None,
            message_id,
            in_reply_to,
            recipients: recipients.to_vec(),
            subject: formatting::line(&self.subject),
            text: self.text(),
            html: String::new(),
        }
    }

    fn text(&self) -> String {
        let mut text = self.why.join("\n\n");
        if !self.instructions.is_empty() {
            text.push_str("\n\nWHAT TO DO\n");
        }
        for (step, number) in self.instructions.iter().zip(1..) {
            text.push_str(&format!("\n{number}. {step}\n"));
        }
        format!("{}\n\n-- \n{}\n", text.trim_end(), self.footer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_what_and_what_to_do() {
        let system_email = SystemEmail {
            subject: "Perennial is down\r\nBcc: all@example.com".to_owned(),
            why: vec![
                "It does not answer.".to_owned(),
                "Nor does it run.".to_owned(),
            ],
            instructions: vec!["Look:\n\n    systemctl status perennial".to_owned()],
            footer: "Written by perennial doctor.".to_owned(),
        };
        let to = ["ops@example.com".to_owned()];
        let email = system_email.email(&to, "down-1@example.com".to_owned(), None);
        assert_eq!(email.subject, "Perennial is down Bcc: all@example.com");
        assert_eq!(
            email.text,
            "It does not answer.\n\nNor does it run.\n\nWHAT TO DO\n\n1. Look:\n\n    systemctl status \
             perennial\n\n-- \nWritten by perennial doctor.\n"
        );
    }
}
