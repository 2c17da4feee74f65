//! The incidents of a story: which tokens belong to them, and which emails are written.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Due, Member, Story, class_index, is_login};
use crate::alerts::Recipients;
use crate::alerts::policy::{self, Decision, Filing, ReviewContext};
use crate::forecast::timeline::Email;
use crate::model::{
    Cause, EmailReason, Incident, IncidentId, IncidentKey, IncidentState, IncidentTokens,
    PendingToken,
};

/// An incident that is open, or was.
#[derive(Debug)]
pub(super) struct Case {
    incident: Incident,
    /// How many emails have asked for action.
    told: u32,
    /// Its tokens work because someone acted.
    has_recovered: bool,
    is_open: bool,
}

impl Case {
    /// An incident of the inventory. How many emails it has had is not known, only whether.
    pub(super) fn open_now(incident: Incident) -> Self {
        Self {
            told: u32::from(incident.notified_at.is_some()),
            incident,
            has_recovered: false,
            is_open: true,
        }
    }

    fn new(key: IncidentKey, cause: Cause, number: usize, now: Timestamp) -> Self {
        // Those of the inventory count up from 1.
        let id = IncidentId(-1 - i64::try_from(number).unwrap_or(i64::MAX - 1));
        Self {
            incident: Incident {
                id,
                ..opened(key, cause, now)
            },
            told: 0,
            has_recovered: false,
            is_open: true,
        }
    }

    pub(super) fn review_at(&self) -> Option<Timestamp> {
        self.incident.review_at.filter(|_| self.is_open)
    }

    pub(super) const fn close(&mut self) {
        self.is_open = false;
    }

    fn review_soon(&mut self, now: Timestamp) {
        let at = self.incident.review_at.map_or(now, |at| at.min(now));
        self.incident.review_at = Some(at);
    }
}

/// An incident that begins, before anybody is notified.
pub(in crate::forecast) fn opened(key: IncidentKey, cause: Cause, now: Timestamp) -> Incident {
    Incident {
        id: IncidentId(0),
        incident_key: key,
        cause,
        subject_name: None,
        state: IncidentState::Open,
        opened_at: now,
        deadline: None,
        review_at: Some(now),
        notified: Vec::new(),
        notified_cause: None,
        notified_at: None,
        awaiting_since: None,
        escalated_at: None,
        relapses: 0,
        well_since: None,
        flapping_notified_at: None,
        apps: Vec::new(),
        affected: 0,
        still_affected: 0,
        ever_affected: 0,
    }
}

impl Story<'_> {
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

    /// Incidents whose tokens are not here belong to nobody's story.
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
        match policy::filing(&pending, self.scene.alerts, now) {
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
        match policy::review(&case.incident, &context, recipients, self.scene.alerts, now) {
            Decision::Wait { until } => self.review_next(number, until, now),
            Decision::Stabilize { until } => self.review_next(number, Some(until), now),
            Decision::Write {
                reason,
                next_review,
            } => self.write(number, reason, next_review, now),
            Decision::Close { resolution_email } => self.resolve(number, resolution_email, now),
        }
    }

    fn recipients(&self, case: &Case) -> &'_ Recipients {
        match case.incident.incident_key.cause.concerns_operator() {
            true => self.scene.operators,
            false => self.scene.recipients,
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

    fn review_next(&mut self, number: usize, at: Option<Timestamp>, now: Timestamp) {
        if let Some(case) = self.cases.get_mut(number) {
            // Whatever the policies say, a story must go on.
            let soonest = now + SignedDuration::from_secs(1);
            case.incident.review_at = at.map(|at| at.max(soonest));
        }
    }

    fn write(
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
            let later = now.checked_add(self.scene.alerts.remind_every).ok();
            return self.review_next(number, later, now);
        }
        self.add_upcoming(number, now);
        self.refresh(number, now);
        self.send(number, reason, now);
        self.review_next(number, next_review, now);
        let Some(case) = self.cases.get_mut(number) else {
            return;
        };
        let is_told = !matches!(reason, EmailReason::Escalated | EmailReason::Grown);
        case.told += u32::from(is_told);
        case.incident = policy::as_notified(&case.incident, reason, now);
        case.incident.review_at = next_review;
        let (told, by_login) = (case.told, is_login(case.incident.cause.remedy()));
        let deadline = case.incident.deadline.filter(|end| *end > now);
        let is_last = next_review.is_none_or(|next| deadline.is_some_and(|end| next >= end));
        self.review_next(number, next_review, now);
        if by_login && self.acts_on(told, reason, is_last) {
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
        let horizon = policy::horizon(self.scene.alerts, now);
        for member in &mut self.members {
            let token = member.course.token();
            let ends = token.deadline().is_some_and(|end| end <= horizon);
            if member.case.is_none() && token.works() && token.cause().is_none() && ends {
                member.case = Some(number);
                member.is_ahead = true;
            }
        }
    }

    fn send(&mut self, number: usize, reason: EmailReason, now: Timestamp) {
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
        let told = match reason {
            EmailReason::Escalated => &self.scene.recipients.escalation,
            _ => &self.scene.recipients.to,
        };
        case.incident.notified.extend(told.iter().cloned());
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
