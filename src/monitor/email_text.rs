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
                format!("It has been like that for {span}."),
                why.clone(),
                meaning(email.alarm).to_owned(),
            ],
            steps(email.alarm),
        ),
        EmailReason::Over { until } => {
            let lasted = describe(until.duration_since(email.since));
            let over = format!("This is over after {lasted}. Nothing needs to be done.");
            (format!("Over: {what} ({host})"), vec![over], Vec::new())
        }
    };
    let since = email.since.to_zoned(zone.clone());
    SystemEmail {
        subject,
        why,
        instructions: steps,
        footer: format!(
            "Written on {host} by perennial itself, without the daemon; first seen on {}. A reminder follows once a day.",
            since.strftime("%Y-%m-%d %H:%M %Z")
        ),
    }
}

const fn subject(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Down => "Perennial is down",
        Alarm::Silent => "Perennial does not answer",
        Alarm::SweepLate => "Perennial does not check tokens",
        Alarm::MailStuck => "Perennial cannot send mail",
        Alarm::NotReady => "Perennial does not do all of its work",
        Alarm::Crashing => "Perennial crashes again and again",
        Alarm::DiskLow => "Perennial's disk is almost full",
        Alarm::NoBackup => "Perennial's inventory is not copied",
    }
}

const fn meaning(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Down | Alarm::Silent => {
            "Until it is back no token is checked or renewed, nobody is told of one that ends, and programs that ask its \
             socket get none. Tokens that live go on living."
        }
        Alarm::SweepLate => "Tokens that end or die meanwhile are not noticed.",
        Alarm::MailStuck => "Whoever had to log in again has not been told.",
        Alarm::NotReady => "Some of what it is there for does not happen.",
        Alarm::Crashing => "Between two starts it works; each of them may be the last.",
        Alarm::DiskLow => {
            "When it is full, renewed tokens cannot be written down, and no copy of the inventory can be made."
        }
        Alarm::NoBackup => "If the disk is lost, so is what was learned since the newest copy.",
    }
}

fn steps(alarm: Alarm) -> Vec<String> {
    let steps: &[&str] = match alarm {
        Alarm::Down => &[
            "See why:\n\n       systemctl status perennial\n       journalctl -u perennial -n 50",
            "See whether the configuration is good:\n\n       perennial check-config",
            "Start it:\n\n       systemctl start perennial",
        ],
        Alarm::Silent | Alarm::Crashing => &[
            "See what it does:\n\n       systemctl status perennial\n       journalctl -u perennial -n 50",
            "If nothing there helps:\n\n       systemctl restart perennial",
        ],
        Alarm::SweepLate | Alarm::NotReady => {
            &["See what is wrong:\n\n       perennial status\n       journalctl -u perennial -n 50"]
        }
        Alarm::MailStuck => &[
            "See why, then try the mail server:\n\n       perennial status\n       perennial mail-test",
        ],
        Alarm::DiskLow => {
            &["Make room:\n\n       df -h /var/lib/perennial\n       du -sh /var/lib/perennial/*"]
        }
        Alarm::NoBackup => {
            &["Make one by hand, to see whether it works now:\n\n       perennial backup FILE"]
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
