//! The free space on the disk of the inventory, by the rule of the monitor.

use crate::doctor::{Check, Finding, Subject};
use crate::monitor::{Alarm, detected_problems};

const CHECK: Check = Check::Disk;

pub(in crate::doctor) fn check(subject: &Subject<'_>) -> Finding {
    let known = subject.known;
    if known.is_on_server() {
        return Finding::not_checked(
            CHECK,
            "the inventory is on a server; look at its disk there",
        );
    }
    let (Some(free), Some(inventory)) = (subject.daemon.free, known.inventory()) else {
        return Finding::only_root(CHECK, "this user may not look at the disk of the inventory");
    };
    let folder = inventory.parent().unwrap_or(inventory).display();
    let problems = detected_problems(subject.daemon, subject.now);
    match problems.into_iter().find(|it| it.alarm == Alarm::DiskLow) {
        Some(problem) => Finding::problem(
            CHECK,
            problem.why,
            format!("Free some space: df -h {folder}; du -sh {folder}/*"),
        ),
        None => Finding::good(CHECK, format!("{} MiB free in {folder}", free >> 20)),
    }
}
