//! The texts of the monitor's emails.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::detection::Alarm;
use super::policy::{EmailReason, MonitorEmail};
use crate::email::SystemEmail;

pub(super) fn system_email(email: &MonitorEmail, zone: &TimeZone, now: Timestamp) -> SystemEmail {
    let host = host();
    let text = text(email.alarm);
    let what = text.subject;
    let steps = || text.steps.iter().map(ToString::to_string).collect();
    let lasts = |until: Timestamp| describe(until.duration_since(email.since));
    let (subject, why, instructions) = match &email.email_reason {
        EmailReason::First { why } => (
            format!("{what} ({host})"),
            vec![why.clone(), text.meaning.to_owned()],
            steps(),
        ),
        EmailReason::Reminder { why } => {
            let lasts = format!("This has lasted for {}.", lasts(now));
            (
                format!("Reminder: {what} ({host})"),
                vec![lasts, why.clone(), text.meaning.to_owned()],
                steps(),
            )
        }
        EmailReason::Over { until } => {
            let lasted = lasts(*until);
            let over = format!("This is over. It lasted {lasted}. You do not need to do anything.");
            (format!("Over: {what} ({host})"), vec![over], Vec::new())
        }
    };
    let since = email.since.to_zoned(zone.clone());
    SystemEmail {
        subject,
        why,
        instructions,
        footer: format!(
            "Sent by perennial doctor on {host}, without the daemon. First seen on {}. While the problem lasts, a reminder follows once a day.",
            since.strftime("%Y-%m-%d %H:%M %Z")
        ),
    }
}

impl Alarm {
    /// The subject of its email, without the machine.
    pub const fn subject(self) -> &'static str {
        text(self).subject
    }

    /// What it means for the tokens and their people.
    pub const fn meaning(self) -> &'static str {
        text(self).meaning
    }
}

/// What an email says about an alarm.
struct Text {
    subject: &'static str,
    /// What it means for the tokens and their people.
    meaning: &'static str,
    steps: &'static [&'static str],
}

const OUT_OF_SERVICE: &str = "Until it is back, Perennial does not check or renew tokens, does not warn about tokens \
                              that expire, and does not hand out tokens to programs. Tokens that work keep working until \
                              they expire.";
const LOG: &str = "Find out what it is doing:\n\n    systemctl status perennial\n    journalctl -u perennial -n 50";
const RESTART: &str = "If that does not help, restart it:\n\n    systemctl restart perennial";
const STATUS: &str =
    "Find out what is wrong:\n\n    perennial status\n    journalctl -u perennial -n 50";

const fn text(alarm: Alarm) -> Text {
    let (subject, meaning, steps): (_, _, &[&str]) = match alarm {
        Alarm::Down => (
            "Perennial is down",
            OUT_OF_SERVICE,
            &[
                "Find out why:\n\n    systemctl status perennial\n    journalctl -u perennial -n 50",
                "Check the configuration:\n\n    perennial check-config",
                "Start it:\n\n    systemctl start perennial",
            ],
        ),
        Alarm::Silent => ("Perennial does not answer", OUT_OF_SERVICE, &[LOG, RESTART]),
        Alarm::SweepLate => (
            "Perennial is not checking tokens",
            "In the meantime, Perennial does not notice tokens that expire or stop working.",
            &[STATUS],
        ),
        Alarm::MailStuck => (
            "Perennial cannot send email",
            "People who need to log in again do not know about it.",
            &[
                "Find out why, then test the mail server:\n\n    perennial status\n    perennial mail-test",
            ],
        ),
        Alarm::NotReady => (
            "Perennial is not ready",
            "Part of its work is not done.",
            &[STATUS],
        ),
        Alarm::Crashing => (
            "Perennial keeps crashing",
            "It works between two crashes, but the next restart may fail.",
            &[LOG, RESTART],
        ),
        Alarm::DiskLow => (
            "Perennial's disk is almost full",
            "When the disk is full, Perennial cannot store renewed tokens or back up its inventory.",
            &["Free some space:\n\n    df -h /var/lib/perennial\n    du -sh /var/lib/perennial/*"],
        ),
        Alarm::NoBackup => (
            "Perennial has no current backup",
            "If the disk fails, everything since the newest copy is lost.",
            &["Make a copy by hand to see whether it works now:\n\n    perennial backup FILE"],
        ),
    };
    Text {
        subject,
        meaning,
        steps,
    }
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
