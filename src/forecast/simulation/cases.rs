//! The incidents of a simulation: which tokens belong to them, and their reviews.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::Simulation;
use super::case::Case;
use super::member::{Due, Member, class_index, is_login};
use crate::alerts::Recipients;
use crate::alerts::policy::{self, Decision, Filing, ReviewContext};
use crate::model::{EmailReason, IncidentKey, IncidentTokens, PendingToken};

impl Simulation<'_> {
    /// A token with a problem belongs to the incident that is open about it.
    pub(super) fn join_open_case(&mut self, at: usize) {
        let Some(member) = self.members.get_mut(at) else {
            return;
        };
        let key = policy::incident_key(member.course.token());
        let Some(key) = key else { return };
        let other = policy::sibling(&key);
        let is_about = |case: &Case| {
            case.incident.incident_key == key || Some(&case.incident.incident_key) == other.as_ref()
        };
        member.case = self.cases.iter().position(is_about);
    }

    /// Incidents whose tokens are not here do not concern this person's forecast.
    pub(super) fn drop_cases_without_members(&mut self) {
        let used: BTreeSet<usize> = self.members.iter().filter_map(|of| of.case).collect();
        for (number, case) in self.cases.iter_mut().enumerate() {
            if !used.contains(&number) {
                case.close();
            }
        }
    }

    /// Assigns a class to the incident that its state calls for.
    pub(super) fn file(&mut self, at: usize, now: Timestamp) {
        let Some(member) = self.members.get(at) else {
            return;
        };
        let token = member.course.token();
        if self.has_left || token.cause().is_none() && member.case.is_none() {
            return;
        }
        let here = member.case.and_then(|case| self.cases.get(case));
        let pending = PendingToken {
            token: token.clone(),
            incident: here.map(|case| IncidentTokens {
                incident: case.incident.id,
                incident_key: case.incident.incident_key.clone(),
                ahead: member.is_ahead,
            }),
        };
        match policy::filing(&pending, self.conditions.alerts, now) {
            Filing::Stay => {}
            Filing::Leave(_) => self.leave_case(at, now),
            Filing::Join(key) => self.join(at, key, now),
            Filing::Move { to, .. } => {
                self.leave_case(at, now);
                self.join(at, to, now);
            }
        }
    }

    fn leave_case(&mut self, at: usize, now: Timestamp) {
        let Some(member) = self.members.get_mut(at) else {
            return;
        };
        let works = member.course.token().cause().is_none();
        let case = member.case.take().and_then(|case| self.cases.get_mut(case));
        if let Some(case) = case {
            case.has_recovered |= works;
            case.incident.awaiting_since = None;
            case.review_soon(now);
        }
    }

    fn join(&mut self, at: usize, key: IncidentKey, now: Timestamp) {
        let Some(member) = self.members.get_mut(at) else {
            return;
        };
        let cause = member.course.token().cause().unwrap_or(key.cause);
        let open = |key: &IncidentKey| {
            let is_it = |case: &Case| case.is_open && case.incident.incident_key == *key;
            self.cases.iter().position(is_it)
        };
        let other = policy::sibling(&key).filter(|_| cause.is_upcoming());
        let known = open(&key).or_else(|| other.and_then(|other| open(&other)));
        let number = known.unwrap_or_else(|| {
            let number = self.cases.len();
            self.cases.push(Case::new(key, cause, number, now));
            number
        });
        let is_new = member.case != Some(number);
        member.case = Some(number);
        member.is_ahead = false;
        if let Some(case) = self.cases.get_mut(number) {
            if is_new {
                case.incident.ever_affected += member.count;
            }
            case.review_soon(now);
        }
    }

    pub(super) fn reviews_at(&mut self, now: Timestamp) {
        for number in 0..self.cases.len() {
            let review_at = self.cases.get(number).and_then(Case::review_at);
            if review_at.is_some_and(|at| at <= now) {
                self.review(number, now);
            }
        }
    }

    fn review(&mut self, number: usize, now: Timestamp) {
        self.refresh(number, now);
        let Some(case) = self.cases.get(number) else {
            return;
        };
        let context = ReviewContext {
            recovered: u64::from(case.has_recovered),
            ..ReviewContext::default()
        };
        let recipients = self.recipients(case);
        match policy::review(
            &case.incident,
            &context,
            recipients,
            self.conditions.alerts,
            now,
        ) {
            Decision::Wait { until } => self.review_next(number, until, now),
            Decision::Stabilize { until } => self.review_next(number, Some(until), now),
            Decision::Write {
                reason,
                next_review,
            } => self.write(number, reason, next_review, now),
            Decision::Close { resolution_email } => self.resolve(number, resolution_email, now),
        }
    }

    pub(super) fn recipients(&self, case: &Case) -> &'_ Recipients {
        match case.incident.incident_key.cause.concerns_operator() {
            true => self.conditions.operators,
            false => self.conditions.recipients,
        }
    }

    /// Brings cause, deadline and numbers up to date with the tokens of the incident.
    pub(super) fn refresh(&mut self, number: usize, now: Timestamp) {
        let Some(case) = self.cases.get_mut(number) else {
            return;
        };
        let incident = &mut case.incident;
        let of_case = |member: &&Member| member.case == Some(number);
        let here = self.members.iter().filter(of_case);
        incident.affected = here.clone().map(|member| member.count).sum();
        let affected = here.clone().filter(|member| !member.is_ahead);
        incident.still_affected = affected.clone().map(|member| member.count).sum();
        incident.deadline = here
            .clone()
            .filter_map(|member| member.course.token().deadline())
            .min();
        let causes = affected.filter_map(|member| {
            let token = member.course.token();
            let cause = token.cause()?;
            Some((
                cause != incident.incident_key.cause,
                token.deadline(),
                cause,
            ))
        });
        incident.cause = causes.min().map_or(incident.cause, |(.., cause)| cause);
        self.note_due_login(number, now);
    }

    /// A login is due as long as an incident is open that a login resolves.
    fn note_due_login(&mut self, number: usize, now: Timestamp) {
        let Some(case) = self.cases.get(number) else {
            return;
        };
        let incident = &case.incident;
        if incident.still_affected == 0 || !is_login(incident.cause.remedy()) {
            return;
        }
        let deadline = incident.deadline.unwrap_or(now);
        let by = match incident.cause.is_upcoming() {
            true => deadline,
            false => deadline.min(now),
        };
        let here = self.members.iter().enumerate();
        let here = here.filter(|(_, member)| member.case == Some(number));
        let due = self.due.get_or_insert(Due {
            by,
            members: BTreeSet::new(),
        });
        due.by = due.by.min(by);
        due.members.extend(here.map(|(at, _)| class_index(at)));
    }

    pub(super) fn review_next(&mut self, number: usize, at: Option<Timestamp>, now: Timestamp) {
        if let Some(case) = self.cases.get_mut(number) {
            // Whatever the policies say, time must go on.
            let soonest = now + SignedDuration::from_secs(1);
            case.incident.review_at = at.map(|at| at.max(soonest));
        }
    }

    fn resolve(&mut self, number: usize, email: Option<EmailReason>, now: Timestamp) {
        if let Some(reason) = email {
            self.send(number, reason, now);
        }
        for member in &mut self.members {
            if member.case == Some(number) {
                member.case = None;
                member.is_ahead = false;
            }
        }
        if let Some(case) = self.cases.get_mut(number) {
            case.close();
        }
        let is_due = |case: &Case| case.is_open && is_login(case.incident.cause.remedy());
        if !self.cases.iter().any(is_due) {
            self.due = None;
        }
    }
}
