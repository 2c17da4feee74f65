//! What `perennial forecast` prints of a made-up forecast, and how it exits.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use super::*;
use crate::cli::terminal::output::Glyphs;
use crate::cli::terminal::output::tests::{pipe, terminal};
use crate::model::{
    BusiestDay, DayOfCalls, ForecastLeftOut, ForecastSummary, ForeseenEmail, ForeseenLogin, Lapse,
    SingleAdminPages, VersionEnding, WeekOfRenewals,
};

fn now() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

fn days(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

fn date(day: i64) -> Date {
    days(day).to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn empty() -> Forecast {
    Forecast::of_nothing(now(), days(90))
}

fn login(day: i64, name: &str, app: &str, tokens: u64) -> ForeseenLogin {
    ForeseenLogin {
        by: days(day),
        person: format!("10{}", 1_000 + name.len()),
        name: (!name.is_empty()).then(|| name.to_owned()),
        app: app.to_owned(),
        tokens,
        pages: tokens - 1,
        round: 1,
    }
}

fn email(day: i64, to: &[&str], subject: &str) -> ForeseenEmail {
    ForeseenEmail {
        at: days(day),
        to: to.iter().map(|to| (*to).to_owned()).collect(),
        subject: subject.to_owned(),
    }
}

fn lapse(token: &str, day: i64, why: &str) -> Lapse {
    Lapse {
        token: token.to_owned(),
        at: days(day),
        why: why.to_owned(),
    }
}

fn single(name: Option<&str>, pages: u64) -> SingleAdminPages {
    SingleAdminPages {
        app: "acme".to_owned(),
        person: "10014".to_owned(),
        name: name.map(str::to_owned),
        pages,
    }
}

/// A use that rises to its highest on day 51, 2027-01-12.
fn calls(app: &str, highest: u64, budget: u64, last: i64) -> Vec<DayOfCalls> {
    let of_day = |day: i64| DayOfCalls {
        day: date(day),
        app: app.to_owned(),
        expected: highest * 3 / (3 + day.abs_diff(51)),
        budget,
    };
    (0..=last).map(of_day).collect()
}

const LONG: &str = "Maximiliane-Friederike von Hohenstein-Oberberg";

/// A company with much to do.
fn rich() -> Forecast {
    let weeks = [(0, 3), (2, 120), (3, 40), (8, 1), (12, 48)];
    let week = |(week, count): (i64, u64)| WeekOfRenewals {
        week: date(1) + (week - 1).weeks(),
        count,
    };
    let ending = |api: &str, version: &str, day| VersionEnding {
        app: "acme".to_owned(),
        api: api.to_owned(),
        version: version.to_owned(),
        on: date(day),
    };
    let again = ForeseenLogin {
        round: 2,
        ..login(73, "Ada Lovelace", "acme", 14)
    };
    Forecast {
        assumes: vec![
            "Everyone who is asked logs in at the second reminder.".to_owned(),
            "The exchange of a long-lived user token does not move its end, as Meta usually has it: only a login \
             does."
                .to_owned(),
        ],
        summary: ForecastSummary {
            logins: 1_834,
            people: 1_830,
            renewals: 212,
            emails: 3,
            lapses: 0,
            busiest_day: Some(BusiestDay { on: date(51), app: "acme".to_owned(), calls_percent: 38 }),
        },
        logins: vec![
            login(-2, "", "acme", 1),
            login(2, "Zoë 東京", "acme-instagram", 2),
            login(13, "Ada Lovelace", "acme", 14),
            login(40, "Maximiliane von Hohenstein", "acme", 1_843),
            again,
        ],
        renewals: weeks.into_iter().map(week).collect(),
        emails: vec![
            email(1, &["ada@example.com"], "Log in to Facebook again by 5 December: Ada Lovelace, 14 tokens of acme"),
            email(6, &["a.very.long.address@subsidiary.example.com", "ops@example.com"], "Log in by 28 November"),
            email(8, &["ops@example.com"], "Perennial: the week"),
        ],
        calls: [calls("acme", 1_824, 4_800, 90), calls("acme-instagram", 4_700, 4_800, 90), calls("idle", 0, 4_800, 90)]
            .concat(),
        version_ends: vec![ending("graph", "v21.0", 60), ending("marketing", "v25.0", 93)],
        single_admin_pages: vec![single(Some("Ada Lovelace"), 1_822), single(None, 1)],
        left_out: ForecastLeftOut { logins: 1_829, ..ForecastLeftOut::default() },
        ..empty()
    }
}

fn shown(forecast: &Forecast, question: &ForecastQuestion, format: &TerminalFormat) -> String {
    let page = render(forecast, question, format);
    let page = anstream::adapter::strip_str(&page).to_string();
    if let Medium::Terminal { width } = format.medium {
        for line in page.lines() {
            assert!(text::width(line) <= width, "{line:?}\n{page}");
        }
    }
    page
}

#[test]
fn no_name_that_a_command_needs_is_cut() {
    let forecast = Forecast {
        logins: vec![login(40, LONG, "acme", 1_843)],
        lapses: vec![lapse(&LONG.to_lowercase().repeat(2), 13, NOBODY)],
        single_admin_pages: vec![single(Some(LONG), 7)],
        ..empty()
    };
    let page = render(&forecast, &ForecastQuestion::default(), &terminal(40));
    assert_eq!(page.matches(LONG).count(), 2, "{page}");
    assert!(page.contains(&LONG.to_lowercase().repeat(2)), "{page}");
}

fn usual(forecast: &Forecast, format: &TerminalFormat) -> String {
    shown(forecast, &ForecastQuestion::default(), format)
}

#[test]
fn much_to_do_on_a_terminal_of_80_columns() {
    insta::assert_snapshot!(usual(&rich(), &terminal(80)));
}

#[test]
fn much_to_do_on_a_wide_terminal() {
    insta::assert_snapshot!(usual(&rich(), &terminal(140)));
}

#[test]
fn much_to_do_without_unicode() {
    let format = TerminalFormat {
        glyphs: Glyphs::Ascii,
        ..terminal(80)
    };
    let page = usual(&rich(), &format);
    assert!(page.replace("Zoë 東京", "").is_ascii(), "{page}");
    insta::assert_snapshot!(page);
}

#[test]
fn much_to_do_in_a_pipe() {
    let page = usual(&rich(), &pipe());
    let is_shown = |line: &&str| !line.contains("4800") || line.starts_with("2027-01-12");
    let kept: Vec<&str> = page.lines().filter(is_shown).collect();
    insta::assert_snapshot!(kept.join("\n"));
}

#[test]
fn nothing_to_do() {
    insta::assert_snapshot!(usual(&empty(), &terminal(80)), @"
    Next 90 days: 0 logins would be due, 0 renewals would happen by themselves, 0
    tokens would lapse if everyone logs in at the second reminder.
    ");
}

#[test]
fn one_of_everything() {
    let forecast = Forecast {
        to: days(1),
        assumes: vec!["Everyone logs in.".to_owned()],
        summary: ForecastSummary {
            logins: 1,
            people: 1,
            renewals: 1,
            emails: 1,
            lapses: 1,
            busiest_day: Some(BusiestDay {
                on: date(1),
                app: "acme".to_owned(),
                calls_percent: 1_120,
            }),
        },
        logins: vec![login(1, "Ada Lovelace", "acme", 1)],
        renewals: vec![WeekOfRenewals {
            week: date(1),
            count: 1,
        }],
        emails: vec![email(1, &["ada@example.com"], "Log in")],
        calls: vec![DayOfCalls {
            day: date(1),
            app: "acme".to_owned(),
            expected: 1_120,
            budget: 100,
        }],
        version_ends: vec![VersionEnding {
            app: "acme".to_owned(),
            api: "graph".to_owned(),
            version: "v25.0".to_owned(),
            on: date(1),
        }],
        lapses: vec![lapse(
            "acme-bakery",
            1,
            "Ada Lovelace has no email address.",
        )],
        single_admin_pages: vec![single(Some("Ada Lovelace"), 1)],
        ..empty()
    };
    let question = ForecastQuestion {
        days: 1,
        ..ForecastQuestion::default()
    };
    insta::assert_snapshot!(shown(&forecast, &question, &terminal(80)));
}

const NOBODY: &str =
    "Nobody logs in before the end of the person's token, which no exchange moves.";

fn lapsing() -> Forecast {
    let mut lapses: Vec<Lapse> = (1..30)
        .map(|n| lapse(&format!("acme-page-{n}"), 13, NOBODY))
        .collect();
    lapses[3] = lapse("acme-bakery-at-the-corner", 13, "It was refused.");
    Forecast {
        summary: ForecastSummary {
            logins: 3,
            people: 1,
            lapses: 1_842,
            ..ForecastSummary::default()
        },
        lapses,
        left_out: ForecastLeftOut {
            lapses: 1_813,
            ..ForecastLeftOut::default()
        },
        ..empty()
    }
}

#[test]
fn nobody_logs_in() {
    let question = ForecastQuestion {
        what_if: Some(WhatIf::NobodyLogsIn),
        ..ForecastQuestion::default()
    };
    insta::assert_snapshot!(shown(&lapsing(), &question, &terminal(80)));
    let piped = shown(&lapsing(), &question, &pipe());
    assert!(
        piped.contains(&format!("acme-page-29\t2026-12-05T09:00:00Z\t{NOBODY}\n")),
        "{piped}"
    );
    assert!(piped.ends_with("\nand 1,813 more\n"), "{piped}");
}

#[test]
fn the_first_line_says_under_which_condition() {
    let leaves = WhatIf::Leaves {
        person: LONG.to_owned(),
        on: jiff::civil::date(2027, 1, 15),
    };
    let throttled = WhatIf::Throttled {
        app: "acme".to_owned(),
        percent: 50,
    };
    for (what_if, exchange_extends, expected) in [
        (None, false, "if everyone logs in at the second reminder.".to_owned()),
        (Some(WhatIf::NobodyLogsIn), false, "if nobody logs in.".to_owned()),
        (
            Some(leaves),
            false,
            format!("if {LONG} leaves on 2027-01-15 and everyone else logs in at the second reminder."),
        ),
        (
            Some(throttled),
            true,
            "if acme may make only 50 % of its calls, everyone logs in at the second reminder and the exchange of a \
             user token extends it."
                .to_owned(),
        ),
    ] {
        let question = ForecastQuestion { what_if, exchange_extends, ..ForecastQuestion::default() };
        let page = shown(&lapsing(), &question, &pipe());
        let first = page.lines().next().unwrap();
        assert!(first.ends_with(&format!("1,842 tokens would lapse {expected}")), "{first}");
    }
}

#[test]
fn the_first_line_names_the_person_who_was_asked_about_and_the_year_where_it_is_needed() {
    let question = ForecastQuestion {
        days: 400,
        person: Some("Ada\u{1b}[2J Lovelace".to_owned()),
        ..ForecastQuestion::default()
    };
    let page = shown(&rich(), &question, &pipe());
    let first = page.lines().next().unwrap();
    assert!(
        first.starts_with("Next 400 days for Ada [2J Lovelace: 1,834 logins would be due, "),
        "{first}"
    );
    assert!(
        first.ends_with("; busiest day 12 Jan 2027, 38 % of acme's call budget."),
        "{first}"
    );
}

#[test]
fn a_year_is_shown_by_four_weeks() {
    let renewals = (0..57).map(|week| WeekOfRenewals {
        week: date(1) + week.weeks(),
        count: 10,
    });
    let year = Forecast {
        to: days(400),
        renewals: renewals.collect(),
        calls: calls("acme", 1_824, 4_800, 400),
        ..empty()
    };
    let question = ForecastQuestion {
        days: 400,
        ..ForecastQuestion::default()
    };
    insta::assert_snapshot!(shown(&year, &question, &terminal(80)));
}

#[test]
fn only_the_first_rows_are_on_a_terminal_and_the_rest_is_counted() {
    let many = Forecast {
        logins: (0..1_000)
            .map(|day| login(day, "Ada Lovelace", "acme", 14))
            .collect(),
        left_out: ForecastLeftOut {
            logins: 842,
            ..ForecastLeftOut::default()
        },
        ..empty()
    };
    let page = usual(&many, &terminal(80));
    assert_eq!(page.matches("Ada Lovelace").count(), 20);
    assert!(
        page.ends_with("and 1,822 more (--json shows up to 1,000)\n"),
        "{page}"
    );
    let page = usual(&many, &pipe());
    assert_eq!(page.matches("Ada Lovelace").count(), 1_000);
    assert!(page.ends_with("and 842 more\n"), "{page}");
}

#[test]
fn what_lapses_is_red() {
    let page = render(&lapsing(), &ForecastQuestion::default(), &terminal(80));
    assert!(
        page.starts_with("\u{1b}[1m\u{1b}[31mNext 90 days"),
        "{page:?}"
    );
    let page = render(&rich(), &ForecastQuestion::default(), &terminal(80));
    assert!(
        page.starts_with("\u{1b}[1m\u{1b}[32mNext 90 days"),
        "{page:?}"
    );
}

/// Runs the command against a daemon that gives this answer. Returns what was asked, the result and the output.
async fn run_on(arguments: &[&str], json: String) -> (String, Answer, String) {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let daemon = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            json.len()
        );
        stream.write_all((head + &json).as_bytes()).await.unwrap();
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        request.lines().next().unwrap().to_owned()
    };
    let line = <Line as clap::Parser>::try_parse_from([&["forecast"], arguments].concat()).unwrap();
    let client = Client::at(&socket).unwrap();
    let (mut terminal, out, _) = Terminal::on_paper(None);
    let (asked, result) = tokio::join!(daemon, run(&line.options, &client, &mut terminal));
    (asked, result.unwrap(), out.text())
}

#[tokio::test]
async fn a_lapse_is_exit_code_1_after_printing() {
    for (forecast, expected) in [(rich(), Answer::Yes), (lapsing(), Answer::No)] {
        let json = serde_json::to_string(&forecast).unwrap();
        let (asked, result, text) = run_on(&[], json.clone()).await;
        assert_eq!(asked, "GET /v1/forecast?days=90 HTTP/1.1");
        assert_eq!(result, expected);
        assert!(text.starts_with("Next 90 days: "), "{text}");
        let (_, result, text) = run_on(&["--json"], json.clone()).await;
        assert_eq!((result, text), (expected, json + "\n"));
    }
}

#[tokio::test]
async fn a_calendar_is_printed_alone() {
    for (forecast, expected) in [(rich(), Answer::Yes), (lapsing(), Answer::No)] {
        let json = serde_json::to_string(&forecast).unwrap();
        let (_, result, text) = run_on(&["--ics"], json).await;
        assert_eq!((result, text), (expected, calendar::of_forecast(&forecast)));
    }
}

#[tokio::test]
async fn everything_that_was_asked_reaches_the_daemon() {
    let json = serde_json::to_string(&rich()).unwrap();
    let what_if = "person Ada Lovelace leaves 2027-01-15";
    let arguments = [
        "--days",
        "7",
        "--person",
        "Zoë",
        "--what-if",
        what_if,
        "--assume",
        "extends",
    ];
    let (asked, ..) = run_on(&arguments, json).await;
    assert_eq!(
        asked,
        "GET /v1/forecast?assume=extends&days=7&person=Zo%C3%AB&\
         what_if=person%20Ada%20Lovelace%20leaves%202027-01-15 HTTP/1.1"
    );
}
