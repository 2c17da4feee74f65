//! Decides what to do with a token and what an answer means. Pure: no clock, no I/O, no log.

mod answers;
mod app_diagnosis;
mod basis;
mod candidate;
mod check_result;
mod clock_trust;
mod course;
mod decide;
mod exchange;
mod exchanged;
mod known_answer;
mod learn;
mod permissions;
mod plan;
mod related;
mod replacement;
mod routine;
mod schedule;

pub use answers::{
    Answer, Derivation, DerivedSecret, Exchange, is_good_enough, page_fields, with_answer,
};
pub use app_diagnosis::{AppDiagnosis, blame, diagnose_app, is_hopeless, names_the_app};
pub use basis::Basis;
pub use candidate::{CandidateAnswer, replaces_without_asking, with_candidate};
pub use check_result::{
    candidate_later, check_result, completed_by_grant, concluded, kept_failing,
};
pub use clock_trust::{ClockTrust, LARGEST_SKEW, clock_trust, without_judging_ends};
pub use course::{Course, CourseStep, Expected};
pub use decide::{FollowUp, follow_up};
pub use exchange::{is_refusal, is_too_soon, rotation_due, was_not_made};
pub use exchanged::{exchanged_later, is_judged_alone, with_exchanged_candidate};
pub use known_answer::{after_known_answer, expected};
pub use learn::learn;
pub use plan::plan;
pub use related::{Announced, related};
pub use routine::routine;
pub use schedule::latest_check;

use crate::graph_api::{Error, Inspection};

/// Meta's answer about one token.
pub type InspectionResult = Result<Inspection, Error>;

#[cfg(test)]
mod answers_tests;
#[cfg(test)]
mod course_tests;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod learn_tests;
#[cfg(test)]
mod renewal_tests;
#[cfg(test)]
mod subscription_tests;
