//! Simulates one person's tokens: checks and renewals, incidents and their emails, and the login of the person who got
//! them. The decisions are those of the daemon; only Meta's answers and the person's behaviour are assumed.
//!
//! - `member`: a class of tokens · `case`: an incident · `cases`: which tokens belong to which incident · `emails`: what is
//!   written, and who acts on it

mod case;
mod cases;
mod emails;
mod member;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::{SignedDuration, Timestamp};

use super::timeline::{Checks, LapseCause, OtherCalls, Timeline};
use crate::alerts::{self, Recipients};
use crate::model::{Cause, EmailReason, Incident, Outcome};
use crate::rotation;
use crate::rotation::policy::Expected;
use case::Case;
use member::{Due, class_index};

pub(super) use member::Member;

/// People act on the second reminder: that is the third email.
const ACTS_ON: u32 = 3;

/// What a simulation starts from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions<'a> {
    pub(super) rules: &'a rotation::Rules,
    pub(super) alerts: &'a alerts::Rules,
    /// Those of the person's incidents, and of those that only operators can resolve.
    pub(super) recipients: &'a Recipients,
    pub(super) operators: &'a Recipients,
    pub(super) exchange_extends: bool,
    pub(super) logs_in: bool,
    pub(super) leaves: Option<Timestamp>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

#[derive(Debug)]
pub(super) struct Simulation<'a> {
    conditions: Conditions<'a>,
    members: Vec<Member>,
    /// Those through which pages can be read.
    parents: Vec<usize>,
    steps: BinaryHeap<Reverse<(Timestamp, usize)>>,
    cases: Vec<Case>,
    due: Option<Due>,
    has_left: bool,
    timeline: Timeline,
}

impl<'a> Simulation<'a> {
    /// `incidents` are the person's open ones.
    pub(super) fn new(
        conditions: Conditions<'a>,
        members: Vec<Member>,
        incidents: Vec<Incident>,
    ) -> Self {
        let parents = members.iter().enumerate();
        let parents = parents.filter(|(_, member)| member.is_own());
        Self {
            conditions,
            parents: parents.map(|(at, _)| at).collect(),
            members,
            steps: BinaryHeap::new(),
            cases: incidents.into_iter().map(Case::open_now).collect(),
            due: None,
            has_left: false,
            timeline: Timeline::default(),
        }
    }

    pub(super) fn run(mut self) -> Timeline {
        self.begin();
        let mut leaves = self.conditions.leaves;
        while let Some(at) = self.next_moment(leaves) {
            if leaves == Some(at) {
                leaves = None;
                self.leave(at);
            }
            self.steps_at(at);
            self.reviews_at(at);
        }
        self.finish();
        self.timeline
    }

    fn begin(&mut self) {
        let from = self.conditions.from;
        for at in 0..self.members.len() {
            self.join_open_case(at);
        }
        self.drop_cases_without_members();
        for number in 0..self.cases.len() {
            self.refresh(number, from);
        }
        for at in 0..self.members.len() {
            self.checks_begin(at, from);
            self.step(at, from);
        }
    }

    fn next_moment(&self, leaves: Option<Timestamp>) -> Option<Timestamp> {
        let step = self.steps.peek().map(|Reverse((at, _))| *at);
        let review = self.cases.iter().filter_map(Case::review_at).min();
        let next = [step, review, leaves].into_iter().flatten().min()?;
        let next = next.max(self.conditions.from);
        (next <= self.conditions.to).then_some(next)
    }

    fn steps_at(&mut self, now: Timestamp) {
        while let Some(Reverse((at, member))) = self.steps.peek().copied()
            && at <= now
        {
            self.steps.pop();
            let is_current = self
                .members
                .get(member)
                .is_some_and(|of| of.next_step == Some(at));
            if is_current {
                self.step(member, now);
            }
        }
    }

    /// The next check of a class that may find or do anything.
    fn step(&mut self, at: usize, now: Timestamp) {
        let expected = Expected {
            exchange_extends: self.conditions.exchange_extends,
            has_parent: self.has_living_parent(),
        };
        let Some(member) = self.members.get_mut(at) else {
            return;
        };
        let was_alive = member.course.token().is_alive();
        let step = member.course.check(&expected, self.conditions.rules, now);
        let token = member.course.token();
        let (lives, facts) = (token.is_alive(), token.facts.as_ref());
        let ends = facts.map(|facts| (facts.expires_at.at(), facts.data_access_end()));
        let (end, data_access_end) = ends.unwrap_or_default();
        let class = class_index(at);
        if step.calls > 1 {
            let calls = step.calls - 1;
            self.timeline.other_calls.push(OtherCalls {
                class,
                at: now,
                calls,
            });
        }
        if step.derived || step.exchange == Some(Outcome::Renewed) {
            self.timeline.renewals.push((now, class));
        }
        if was_alive && !lives {
            self.checks_end(at, now);
            self.lapse(end, LapseCause::Expiry, at);
        } else if lives && data_access_end.is_some_and(|end| self.has_come(end, now)) {
            self.lapse(data_access_end, LapseCause::DataAccess, at);
        }
        self.go_on(at, now);
    }

    /// Whether this end lies between the beginning and now, whatever else is wrong with the token.
    fn has_come(&self, end: Timestamp, now: Timestamp) -> bool {
        (self.conditions.from..=now).contains(&end)
    }

    fn has_living_parent(&self) -> bool {
        let lives = |at: &usize| {
            let member = self.members.get(*at);
            member.is_some_and(|member| member.course.token().is_alive())
        };
        self.parents.iter().any(lives)
    }

    /// Files the class, and plans its next step.
    fn go_on(&mut self, at: usize, now: Timestamp) {
        self.file(at, now);
        if let Some(member) = self.members.get_mut(at) {
            let next = member.course.next_step(self.conditions.rules);
            // Whatever the policies say, time must go on.
            let next = next.map(|next| next.max(now + SignedDuration::from_secs(1)));
            member.next_step = next;
            self.steps.extend(next.map(|next| Reverse((next, at))));
        }
    }

    /// The first end of a token's clocks. What ended before the forecast begins is not foreseen.
    fn lapse(&mut self, end: Option<Timestamp>, cause: LapseCause, at: usize) {
        let Some(member) = self.members.get_mut(at) else {
            return;
        };
        if std::mem::replace(&mut member.has_lapsed, true) {
            return;
        }
        let in_time = end.filter(|end| (self.conditions.from..=self.conditions.to).contains(end));
        let class = class_index(at);
        self.timeline
            .lapses
            .extend(in_time.map(|end| (end, cause, class)));
    }

    /// After this, nobody else renews what the person's logins renewed.
    fn leave(&mut self, now: Timestamp) {
        self.has_left = true;
        self.due = None;
        for case in &mut self.cases {
            case.close();
        }
        for at in 0..self.members.len() {
            let Some(member) = self.members.get_mut(at) else {
                continue;
            };
            member.case = None;
            member.next_step = None;
            if member.has_other_admin || !member.course.token().is_alive() {
                continue;
            }
            member.course.end(Cause::PageRoleLost, now);
            self.lapse(Some(now), LapseCause::PersonLeaves, at);
            self.checks_end(at, now);
        }
    }

    /// The person logs in. One login renews all that a login can renew.
    fn log_in(&mut self, now: Timestamp) {
        if let Some(due) = self.due.take() {
            self.timeline.logins.push(due.login());
        }
        for at in 0..self.members.len() {
            let Some(member) = self.members.get_mut(at) else {
                continue;
            };
            if member.is_renewed_by_login() {
                member.course.grant(self.conditions.rules, now);
                member.has_lapsed = false;
                self.checks_begin(at, now);
                self.go_on(at, now);
            }
        }
    }

    /// Whether the person acts on this email.
    fn acts_on(&self, emails: u32, reason: EmailReason, is_last: bool) -> bool {
        let asks = !matches!(reason, EmailReason::Escalated | EmailReason::Grown);
        self.conditions.logs_in && !self.has_left && asks && (emails >= ACTS_ON || is_last)
    }

    fn checks_begin(&mut self, at: usize, now: Timestamp) {
        if let Some(member) = self.members.get_mut(at)
            && member.course.token().is_alive()
        {
            member.checked_since.get_or_insert(now);
        }
    }

    fn checks_end(&mut self, at: usize, now: Timestamp) {
        let Some(member) = self.members.get_mut(at) else {
            return;
        };
        if let Some(from) = member.checked_since.take() {
            let class = class_index(at);
            self.timeline.checks.push(Checks {
                class,
                from,
                to: now,
            });
        }
    }

    fn finish(&mut self) {
        for at in 0..self.members.len() {
            self.checks_end(at, self.conditions.to);
        }
        let due = self.due.take().filter(|due| due.by <= self.conditions.to);
        self.timeline.logins.extend(due.as_ref().map(Due::login));
        self.timeline
            .logins
            .retain(|login| login.by <= self.conditions.to);
        self.timeline.shrink();
    }
}
