//! `[[alerts.post]]`: what is taken over, and what is refused.

use crate::alerts::{Audience, PostChannel};
use crate::posts::Format;

use super::*;

const POST: &str = "[[alerts.post]]\nname = \"a\"\n";

#[test]
fn every_channel_is_taken_over() {
    let config = Backend::new().load(ALL).unwrap();
    let channel = |name: &str, audience| PostChannel {
        name: name.to_owned(),
        audience,
    };
    let expected = [
        channel("ops-chat", Audience::Everybody),
        channel("on-call", Audience::Operators),
        channel("program", Audience::Operators),
    ];
    assert_eq!(config.alerts.channels, expected);
    assert_eq!(config.status.channels, ["ops-chat", "on-call", "program"]);
    let [chat, on_call, program] = config.channels.as_slice() else {
        panic!("three channels were written");
    };
    assert!(chat.posts_renewals && !program.posts_renewals);
    assert!(matches!(&chat.format, Format::Slack));
    assert!(matches!(&on_call.format, Format::PagerDuty { routing_key } if routing_key.is(CANARY)));
    assert!(matches!(&program.format, Format::Webhook { secrets } if secrets.len() == 2));
}

#[test]
fn a_channel_needs_what_its_format_needs_and_nothing_else() {
    let desk = Backend::new();
    let url = "url = { credential = \"ops-chat.url\" }\n";
    let key = "routing_key = { credential = \"hook\" }\n";
    for (lines, expected) in [
        (
            format!("format = \"slack\"\n{key}"),
            "9: [[alerts.post]] url: is missing; it contains the key of the channel, so write url = \
             { credential = \"name\" }",
        ),
        (
            format!("format = \"slack\"\n{url}{key}"),
            "13: [[alerts.post]] routing_key: does not belong to this format",
        ),
        (
            "format = \"pagerduty\"\n".to_owned(),
            "9: [[alerts.post]] routing_key: is missing; write routing_key = { credential = \"name\" }",
        ),
        (
            format!("format = \"pagerduty\"\n{key}events = [\"token.renewed\"]\n"),
            "13: [[alerts.post]] events: would page someone for a renewed token; use another format",
        ),
        (
            format!("format = \"webhook\"\n{url}"),
            "9: [[alerts.post]] secret: is missing; write secret = { credential = \"name\" }",
        ),
        (
            format!("format = \"webhook\"\n{url}secret = {{ credential = \"hook\" }}\n"),
            "13: [[alerts.post]] secret: is not base64; make one with",
        ),
        (
            format!("format = \"opsgenie\"\n{url}"),
            "11: [[alerts.post]] format: \"opsgenie\" is not a format; write slack, teams, pagerduty or webhook",
        ),
        (
            format!("format = \"teams\"\n{url}to = \"everybody\"\n"),
            "13: [[alerts.post]] to: must be \"operators\" or \"all\"",
        ),
        (
            format!("format = \"teams\"\n{url}events = [\"incident.opened\"]\n"),
            "13: [[alerts.post]] events: must be \"token.renewed\"; incidents are posted in any case",
        ),
        (
            "format = \"teams\"\nurl = \"https://hooks.example.com/canary\"\n".to_owned(),
            "12: [[alerts.post]] url: a secret does not belong in the configuration itself",
        ),
    ] {
        let problems = desk.problems(format!("{LEAST}{POST}{lines}"));
        assert!(problems.contains(expected), "{problems}\nlacks {expected}");
        assert!(!problems.contains("canary"), "{problems}");
    }
}

#[test]
fn two_channels_of_one_name_and_addresses_that_lead_nowhere_are_refused() {
    let desk = Backend::new();
    let slack = "format = \"slack\"\nurl = { credential = \"ops-chat.url\" }\n";
    let problems = desk.problems(format!("{LEAST}{POST}{slack}{POST}{slack}"));
    let expected = "perennial.toml:14: [[alerts.post]] name: is the name of the channel on line 10";
    assert_eq!(problems, expected);
    for (url, expected) in [
        (
            "http://hooks.example.com/canary",
            "is plain http to another machine",
        ),
        ("canary", "is not an https:// URL"),
        (
            "https://169.254.169.254/canary",
            "leads to a link-local address",
        ),
    ] {
        let url = desk.file("url", 0o600, url);
        let problems = desk.problems(format!(
            "{LEAST}{POST}format = \"slack\"\nurl = {{ file = \"{url}\" }}\n"
        ));
        assert!(
            problems.contains(expected) && !problems.contains("canary"),
            "{problems}"
        );
    }
}
