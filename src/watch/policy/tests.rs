//! A table per rule: what is found, and when somebody is written to.

use super::*;
use crate::status::snapshot::{MailReport, Sweep, Upkeep};

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
    report.upkeep = Upkeep::default();
    report.mail = MailReport::default();
    report.sweep = Sweep {
        last_finished_at: Some(at(NOW - 1)),
        next_at: Some(at(NOW + 1)),
        ..Sweep::default()
    };
    report
}

fn found(report: StatusReport, app_in_trouble: bool, free: u64) -> Vec<Alarm> {
    let facts = Facts {
        daemon: Answer::Report(Box::new(report)),
        free: Some(free),
        size: 100 << 20,
        app_in_trouble,
    };
    findings(&facts, at(NOW))
        .iter()
        .map(|finding| finding.alarm)
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
    // A schedule of once a day is no lateness.
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
        changed(|report| report.upkeep.crashes_last_hour = 3),
        [Alarm::Crashing]
    );
    assert_eq!(
        changed(|report| report.upkeep.backup_error = Some("full".to_owned())),
        [Alarm::NoBackup]
    );
}

#[test]
fn one_letter_per_cause_a_reminder_a_day_and_one_when_it_is_over() {
    let down = [Finding::new(Alarm::Down, "nobody".to_owned())];
    let mut standings = Standings::new();
    let mut written = Vec::new();
    let look = |standings: &mut Standings, minute: i64, findings: &[Finding]| {
        let due = letters(standings, findings, at(minute));
        for letter in &due {
            sent(standings, letter, at(minute));
        }
        let told = due.iter().map(|letter| match letter.occasion {
            Occasion::First { .. } => "first",
            Occasion::Reminder { .. } => "reminder",
            Occasion::Over { .. } => "over",
        });
        told.collect::<Vec<_>>().join(" ")
    };
    // Down for two days, looked at every quarter of an hour; back for a quarter in between; then back for good.
    for quarter in 0..200 {
        let minute = quarter * 15;
        let is_down = quarter < 192 && quarter != 50;
        let told = look(&mut standings, minute, if is_down { &down } else { &[] });
        if !told.is_empty() {
            written.push((minute, told));
        }
    }
    let expected = [(0, "first"), (1440, "reminder"), (2910, "over")];
    assert_eq!(
        written,
        expected.map(|(minute, told)| (minute, told.to_owned()))
    );
    assert!(standings.is_empty());
}

#[test]
fn a_letter_that_could_not_leave_is_tried_again_as_the_same() {
    let down = [Finding::new(Alarm::Down, "nobody".to_owned())];
    let mut standings = Standings::new();
    let first = letters(&mut standings, &down, at(0));
    let again = letters(&mut standings, &down, at(15));
    assert_eq!(first[0].ids("example.com"), again[0].ids("example.com"));
    assert_eq!(first[0].ids("example.com").1, None);
    // Over before anybody heard of it.
    assert_eq!(letters(&mut standings, &[], at(30)), []);
    assert!(standings.is_empty());
}
