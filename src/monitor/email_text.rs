//! The texts of the monitor's emails.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::policy::{Alarm, EmailReason, MonitorEmail};
use crate::email::SystemEmail;

pub(super) fn system_email(email: &MonitorEmail, zone: &TimeZone, now: Timestamp) -> SystemEmail {
    let host = host();
    let what = subject(email.alarm);
    let span = describe(now.duration_since(email.since));
    let (subject, why, steps) = match &email.email_reason {
        EmailReason::First { why } => (
            format!("{what} ({host})"),
            vec![why.clone(), meaning(email.alarm).to_owned()],
            steps(email.alarm),
        ),
        EmailReason::Reminder { why } => (
            format!("Reminder: {what} ({host})"),
            vec![
                format!("This has lasted for {span}."),
                why.clone(),
                meaning(email.alarm).to_owned(),
            ],
            steps(email.alarm),
        ),
        EmailReason::Over { until } => {
            let lasted = describe(until.duration_since(email.since));
            let over = format!("This is over. It lasted {lasted}. You do not need to do anything.");
            (format!("Over: {what} ({host})"), vec![over], Vec::new())
        }
    };
    let since = email.since.to_zoned(zone.clone());
    SystemEmail {
        subject,
        why,
        instructions: steps,
        footer: format!(
            "Sent by perennial check on {host}, without the daemon. First seen on {}. While the problem lasts, a reminder follows once a day.",
            since.strftime("%Y-%m-%d %H:%M %Z")
        ),
    }
}

const fn subject(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Down => "Perennial is down",
        Alarm::Silent => "Perennial does not answer",
        Alarm::SweepLate => "Perennial is not checking tokens",
        Alarm::MailStuck => "Perennial cannot send email",
        Alarm::NotReady => "Perennial is not ready",
        Alarm::Crashing => "Perennial keeps crashing",
        Alarm::DiskLow => "Perennial's disk is almost full",
        Alarm::NoBackup => "Perennial has no current backup",
    }
}

const fn meaning(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Down | Alarm::Silent => {
            "Until it is back, Perennial does not check or renew tokens, does not warn about tokens that expire, and does \
             not hand out tokens to programs. Tokens that work keep working until they expire."
        }
        Alarm::SweepLate => {
            "In the meantime, Perennial does not notice tokens that expire or stop working."
        }
        Alarm::MailStuck => "People who need to log in again do not know about it.",
        Alarm::NotReady => "Part of its work is not done.",
        Alarm::Crashing => "It works between two crashes, but the next restart may fail.",
        Alarm::DiskLow => {
            "When the disk is full, Perennial cannot store renewed tokens or back up its inventory."
        }
        Alarm::NoBackup => "If the disk fails, everything since the newest copy is lost.",
    }
}

fn steps(alarm: Alarm) -> Vec<String> {
    let steps: &[&str] = match alarm {
        Alarm::Down => &[
            "Find out why:\n\n    systemctl status perennial\n    journalctl -u perennial -n 50",
            "Check the configuration:\n\n    perennial check-config",
            "Start it:\n\n    systemctl start perennial",
        ],
        Alarm::Silent | Alarm::Crashing => &[
            "Find out what it is doing:\n\n    systemctl status perennial\n    journalctl -u perennial -n 50",
            "If that does not help, restart it:\n\n    systemctl restart perennial",
        ],
        Alarm::SweepLate | Alarm::NotReady => {
            &["Find out what is wrong:\n\n    perennial status\n    journalctl -u perennial -n 50"]
        }
        Alarm::MailStuck => &[
            "Find out why, then test the mail server:\n\n    perennial status\n    perennial mail-test",
        ],
        Alarm::DiskLow => {
            &["Free some space:\n\n    df -h /var/lib/perennial\n    du -sh /var/lib/perennial/*"]
        }
        Alarm::NoBackup => {
            &["Make a copy by hand to see whether it works now:\n\n    perennial backup FILE"]
        }
    };
    steps.iter().map(|step| (*step).to_owned()).collect()
}

/// Returns the host name: operators have more than one machine.
fn host() -> String {
    let name = nix::unistd::gethostname().ok();
    let name = name.and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this machine".to_owned())
}

fn describe(span: SignedDuration) -> String {
    let (minutes, hours) = (span.as_mins(), span.as_hours());
    match (hours, minutes) {
        (48.., _) => format!("{} days", hours / 24),
        (2..48, _) => format!("{hours} hours"),
        (_, 2..) => format!("{minutes} minutes"),
        _ => "a minute".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_alarm_is_laid_out_as_if_typed_by_hand() {
        let now: Timestamp = "2026-11-30T09:00:00Z".parse().unwrap();
        let why = "It does not answer.".to_owned();
        for alarm in Alarm::ALL {
            for email_reason in [
                EmailReason::First { why: why.clone() },
                EmailReason::Reminder { why: why.clone() },
                EmailReason::Over { until: now },
            ] {
                let mut email = MonitorEmail::first(alarm, why.clone(), now);
                email.email_reason = email_reason;
                let system_email = system_email(&email, &TimeZone::UTC, now);
                let text = system_email.email(&[], String::new(), None).text;
                assert!(!text.contains("\n\n\n"), "{text}");
                assert_eq!(text.trim(), text.trim_end_matches('\n'), "{text}");
                assert!(text.contains("2026-11-30 09:00 UTC"), "{text}");
            }
        }
    }
}
