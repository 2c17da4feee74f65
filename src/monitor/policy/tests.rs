//! One table per rule: what is found, and when emails are sent.

use super::*;
use crate::api::types::StatusReport;
use crate::api::types::{MailReport, Maintenance, Sweep};
use crate::monitor::detection::{Answer, ProbeResult, detected_problems};

fn at(minutes: i64) -> Timestamp {
    "2026-11-25T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

const NOW: i64 = 10_000;

fn well() -> StatusReport {
    let mut report: StatusReport =
        serde_json::from_str(include_str!("../../cli/tests/status.json")).unwrap();
    report.started_at = at(0);
    report.ready = true;
    report.problems = Vec::new();
    report.maintenance = Maintenance::default();
    report.mail = MailReport::default();
    report.sweep = Sweep {
        last_finished_at: Some(at(NOW - 1)),
        next_at: Some(at(NOW + 1)),
        ..Sweep::default()
    };
    report
}

fn found(report: StatusReport, failing_app: bool, free: u64) -> Vec<Alarm> {
    let facts = ProbeResult {
        daemon: Answer::Report(Box::new(report)),
        free: Some(free),
        size: 100 << 20,
        failing_app,
    };
    detected_problems(&facts, at(NOW))
        .iter()
        .map(|problem| problem.alarm)
        .collect()
}

fn changed(change: impl FnOnce(&mut StatusReport)) -> Vec<Alarm> {
    let mut report = well();
    change(&mut report);
    found(report, false, 1 << 30)
}

#[test]
fn what_is_wrong_is_found_and_nothing_else() {
    assert_eq!(found(well(), false, 1 << 30), []);
    assert_eq!(found(well(), false, 99 << 20), [Alarm::DiskLow]);
    let late = |report: &mut StatusReport| {
        report.sweep.last_finished_at = Some(at(NOW - 62));
        report.sweep.next_at = Some(at(NOW - 61));
        report.ready = false;
    };
    assert_eq!(changed(late), [Alarm::SweepLate]);
    let to_come = |report: &mut StatusReport| {
        report.sweep.last_finished_at = Some(at(NOW + 60 * 24 * 60));
        report.sweep.next_at = report.sweep.last_finished_at;
    };
    assert_eq!(changed(to_come), [Alarm::SweepLate]);
    let mut asleep = well();
    late(&mut asleep);
    assert_eq!(
        found(asleep, true, 1 << 30),
        [],
        "somebody was told of the app"
    );
    // A sweep that runs once a day as scheduled is not late.
    assert_eq!(
        changed(|report| report.sweep.last_finished_at = Some(at(NOW - 600))),
        []
    );
    assert_eq!(
        changed(|report| report.mail.oldest_queued_at = Some(at(NOW - 61))),
        [Alarm::MailStuck]
    );
    assert_eq!(
        changed(|report| report.mail.oldest_queued_at = Some(at(NOW - 59))),
        []
    );
    assert_eq!(changed(|report| report.ready = false), [Alarm::NotReady]);
    assert_eq!(
        changed(|report| {
            report.ready = false;
            report.started_at = at(NOW - 5);
        }),
        []
    );
    assert_eq!(
        changed(|report| report.maintenance.crashes_last_hour = 3),
        [Alarm::Crashing]
    );
    assert_eq!(
        changed(|report| report.maintenance.backup_error = Some("full".to_owned())),
        [Alarm::NoBackup]
    );
}

#[test]
fn one_email_per_cause_a_reminder_a_day_and_one_when_it_is_over() {
    let down = [Problem::new(Alarm::Down, "nobody".to_owned())];
    let mut alarm_states = AlarmStates::new();
    let mut written = Vec::new();
    let look = |alarm_states: &mut AlarmStates, minute: i64, detected_problems: &[Problem]| {
        let due = emails(alarm_states, detected_problems, at(minute));
        for email in &due {
            sent(alarm_states, email, at(minute));
        }
        let notified = due.iter().map(|email| match email.email_reason {
            EmailReason::First { .. } => "first",
            EmailReason::Reminder { .. } => "reminder",
            EmailReason::Over { .. } => "over",
        });
        notified.collect::<Vec<_>>().join(" ")
    };
    // Down for two days with a run every 15 minutes; back for 15 minutes in between; then back for good.
    for quarter in 0..200 {
        let minute = quarter * 15;
        let is_down = quarter < 192 && quarter != 50;
        let notified = look(&mut alarm_states, minute, if is_down { &down } else { &[] });
        if !notified.is_empty() {
            written.push((minute, notified));
        }
    }
    let expected = [(0, "first"), (1440, "reminder"), (2910, "over")];
    assert_eq!(
        written,
        expected.map(|(minute, notified)| (minute, notified.to_owned()))
    );
    assert!(alarm_states.is_empty());
}

#[test]
fn an_email_that_could_not_leave_is_tried_again_as_the_same() {
    let down = [Problem::new(Alarm::Down, "nobody".to_owned())];
    let mut alarm_states = AlarmStates::new();
    let first = emails(&mut alarm_states, &down, at(0));
    let again = emails(&mut alarm_states, &down, at(15));
    assert_eq!(first[0].ids("example.com"), again[0].ids("example.com"));
    assert_eq!(first[0].ids("example.com").1, None);
    // Over before any email was sent.
    assert_eq!(emails(&mut alarm_states, &[], at(30)), []);
    assert!(alarm_states.is_empty());
}

#[test]
fn each_email_of_an_alarm_has_its_own_id_and_answers_the_first() {
    let down = [Problem::new(Alarm::Down, "nobody".to_owned())];
    let mut alarm_states = AlarmStates::new();
    let mut ids = Vec::new();
    for minute in [0, 1440, 2880] {
        let due = emails(&mut alarm_states, &down, at(minute));
        sent(&mut alarm_states, &due[0], at(minute));
        ids.push(due[0].ids("example.com"));
    }
    let id = |number: u32| format!("watch-down-1795564800-{number}@example.com");
    let expected = [(id(0), None), (id(1), Some(id(0))), (id(2), Some(id(0)))];
    assert_eq!(ids, expected);
}
