//! The emails of a simulation, and what the person does who gets them.

use jiff::Timestamp;

use super::Simulation;
use super::member::{class_index, is_login};
use crate::alerts::policy;
use crate::forecast::timeline::Email;
use crate::model::EmailReason;

impl Simulation<'_> {
    pub(super) fn write(
        &mut self,
        number: usize,
        reason: EmailReason,
        next_review: Option<Timestamp>,
        now: Timestamp,
    ) {
        let nobody = self
            .cases
            .get(number)
            .is_none_or(|case| self.recipients(case).to.is_empty());
        if nobody {
            let later = now.checked_add(self.conditions.alerts.remind_every).ok();
            return self.review_next(number, later, now);
        }
        self.add_upcoming(number, now);
        self.refresh(number, now);
        self.send(number, reason, now);
        self.review_next(number, next_review, now);
        let Some(case) = self.cases.get_mut(number) else {
            return;
        };
        let asks = !matches!(reason, EmailReason::Escalated | EmailReason::Grown);
        case.emails += u32::from(asks);
        case.incident = policy::as_notified(&case.incident, reason, now);
        case.incident.review_at = next_review;
        let (emails, by_login) = (case.emails, is_login(case.incident.cause.remedy()));
        let deadline = case.incident.deadline.filter(|end| *end > now);
        let is_last = next_review.is_none_or(|next| deadline.is_some_and(|end| next >= end));
        self.review_next(number, next_review, now);
        if by_login && self.acts_on(emails, reason, is_last) {
            self.log_in(now);
        }
    }

    /// The person's tokens that end soon after are in the same email.
    fn add_upcoming(&mut self, number: usize, now: Timestamp) {
        let Some(case) = self.cases.get(number) else {
            return;
        };
        if !case.incident.cause.is_upcoming() || case.incident.incident_key.subject.is_empty() {
            return;
        }
        let horizon = policy::horizon(self.conditions.alerts, now);
        for member in &mut self.members {
            let token = member.course.token();
            let ends = token.deadline().is_some_and(|end| end <= horizon);
            if member.case.is_none() && token.works() && token.cause().is_none() && ends {
                member.case = Some(number);
                member.is_ahead = true;
            }
        }
    }

    pub(super) fn send(&mut self, number: usize, reason: EmailReason, now: Timestamp) {
        let here = self.members.iter().enumerate();
        let here = here.filter(|(_, member)| member.case == Some(number));
        let classes = here.map(|(at, _)| class_index(at)).collect();
        let Some(case) = self.cases.get_mut(number) else {
            return;
        };
        let incident = &case.incident;
        self.timeline.emails.push(Email {
            at: now,
            reason,
            incident_cause: incident.incident_key.cause,
            cause: incident.cause,
            deadline: incident.deadline,
            is_escalated: incident.escalated_at.is_some(),
            classes,
        });
        let emails = match reason {
            EmailReason::Escalated => &self.conditions.recipients.escalation,
            _ => &self.conditions.recipients.to,
        };
        case.incident.notified.extend(emails.iter().cloned());
    }
}
