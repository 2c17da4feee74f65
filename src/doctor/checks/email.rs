//! The mail path: the server answers and accepts the login. No email is sent.

use super::LOCAL;
use crate::doctor::{Check, Finding, Reach, Subject};
use crate::email::mailer::{PathCheck, Transport};

const CHECK: Check = Check::Email;

pub(in crate::doctor) async fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = vec![path(subject).await];
    let report = subject.daemon.report();
    let queued = report
        .map(|report| &report.mail)
        .filter(|mail| mail.queued > 0);
    let error = queued.and_then(|mail| mail.last_error.as_ref());
    found.extend(error.map(|why| {
        Finding::warning(
            CHECK,
            format!("the last email was not sent: {why}"),
            "See the queue: perennial status",
        )
    }));
    found
}

async fn path(subject: &Subject<'_>) -> Finding {
    let Some(settings) = &subject.known.mail else {
        return Finding::not_checked(CHECK, "the configuration does not say how emails are sent");
    };
    let transport = &settings.mail.transport;
    if subject.reach == Reach::Local && matches!(transport, Transport::Smtp(_)) {
        return Finding::not_checked(CHECK, format!("the mail server was {LOCAL}"));
    }
    finding(transport.check().await)
}

fn finding(found: PathCheck) -> Finding {
    match found {
        PathCheck::Works(says) => Finding::good(CHECK, format!("{says}; no email was sent")),
        PathCheck::Unsure(says) => Finding::not_checked(CHECK, says),
        PathCheck::Fails(says) => Finding::problem(
            CHECK,
            says,
            "Correct it under [alerts], then send a real email: sudo perennial mail-test",
        ),
    }
}
