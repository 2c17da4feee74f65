//! Emails that say again what an earlier one said: they are counted, not shown.

use std::collections::BTreeSet;

use crate::model::{EmailProgress, IncidentId};

const REMINDER: &str = "Reminder: ";
const SUMMARY: &str = "Summary: ";
/// How the subjects begin of emails that it is over.
const OVER: [&str; 2] = ["Working again", "Renewed in time"];
/// So often the chatbot has a line of its own.
const DELIVERIES: u32 = 3;

#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// Incidents with a reminder that was shown.
    reminded: BTreeSet<IncidentId>,
    summary: Option<String>,
    over: BTreeSet<&'static str>,
    delivered: u32,
    pub(super) reminders: u32,
    pub(super) summaries: u32,
    pub(super) resolutions: u32,
}

impl Repeats {
    /// Returns whether the email deserves a line.
    pub(super) fn count(&mut self, email: &EmailProgress) -> bool {
        if email.subject.starts_with(SUMMARY) {
            let is_new = self.summary.as_ref() != Some(&email.subject);
            self.summary = Some(email.subject.clone());
            self.summaries += u32::from(!is_new);
            return is_new;
        }
        if let Some(over) = OVER.iter().find(|over| email.subject.starts_with(**over)) {
            let shown = self.over.insert(over);
            self.resolutions += u32::from(!shown);
            return shown;
        }
        let Some(incident) = email.incident else {
            return true;
        };
        let shown = !email.subject.starts_with(REMINDER) || self.reminded.insert(incident);
        self.reminders += u32::from(!shown);
        shown
    }

    /// The same for what the chatbot does on one day.
    pub(super) const fn shows_delivery(&mut self) -> bool {
        self.delivered += 1;
        self.delivered <= DELIVERIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_shown_when_it_says_something_else_and_one_reminder_of_each_incident() {
        let mut repeats = Repeats::default();
        for (subject, incident, shown) in [
            ("Summary: All work", None, true),
            ("Summary: All work", None, false),
            ("Log in: Zoe", Some(1), true),
            ("Reminder: Log in: Zoe", Some(1), true),
            ("Reminder: Log in: Zoe", Some(1), false),
            ("Reminder: Log in: Ines", Some(2), true),
            ("Summary: One does not", None, true),
            ("Summary: All work", None, true),
        ] {
            let email = EmailProgress {
                subject: subject.to_owned(),
                incident: incident.map(IncidentId),
                ..EmailProgress::default()
            };
            assert_eq!(repeats.count(&email), shown, "{subject}");
        }
        assert_eq!((repeats.summaries, repeats.reminders), (1, 1));
    }
}
