//! An operator asks what would happen: who must log in, what breaks if a person leaves, and what if nobody logs in.

use perennial::daemon::clock;
use serde_json::Value;

use crate::world::office::{Ended, Office};
use crate::world::{Result, days};

/// A daemon, and Maria, whose token ends in 20 days.
struct Case {
    office: Office,
    maria: String,
    token: String,
}

impl Case {
    async fn open() -> Result<Self> {
        let office = Office::open().await?;
        let maria = office.world.person("Maria");
        office.world.meta.set_now(clock::now() - days(40));
        let token = office.world.log_in(&maria)?;
        office.world.meta.set_now(clock::now());
        Ok(Self {
            office,
            maria,
            token,
        })
    }

    /// Adds a page of Maria. Returns its id.
    fn page(&self, name: &str) -> Result<String> {
        Ok(self.office.world.page(&self.maria, name, &self.token)?.0)
    }

    /// Imports a user token with all its pages, and waits until these were found.
    fn import(&self, name: &str, token: &str, pages: &[&str]) -> Result {
        let line = format!("import --app acme --name {name} --owner {name}@example.com --discover");
        self.office.ask(&line, token)?.with(0, &[], &[]);
        for page in pages {
            self.office
                .daemon
                .follow_until(&format!("\"token\":\"{page}\""))?;
        }
        let line = format!("check {name} {}", pages.join(" "));
        self.office.ask(line.trim_end(), "")?.with(0, &[], &[]);
        Ok(())
    }

    fn forecast(&self, arguments: &[&str]) -> Result<Ended> {
        let arguments = [&["forecast"], arguments].concat();
        Ended::of(self.office.premises.ask(&arguments, "")?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_log_in_next_month_is_named_with_the_pages() -> Result {
    let case = Case::open().await?;
    for name in ["Bakery", "Corner Shop"] {
        case.page(name)?;
    }
    case.import("maria", &case.token, &["acme-bakery", "acme-corner-shop"])?;
    let asked = case.forecast(&["--days", "30"])?;
    let first = asked.out.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("Next 30 days: 1 login by 1 person would be due, "),
        "{asked:?}"
    );
    let lapses = "0 tokens would lapse if everyone logs in at the second reminder";
    assert!(first.contains(lapses), "{asked:?}");
    let maria = format!("\tMaria\t{}\tacme\t", case.maria);
    let row = asked.out.lines().find(|line| line.contains(&maria));
    let pages = row.and_then(|row| row.split('\t').nth(5));
    assert_eq!(pages, Some("2"), "{asked:?}");
    asked.with(0, &["\tmaria@example.com\t", "\nWhat this assumes\n"], &[]);
    case.forecast(&["--days", "10"])?
        .with(0, &["Next 10 days: 0 logins would be due, "], &[]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn if_nobody_logs_in_the_tokens_that_end_are_named() -> Result {
    let case = Case::open().await?;
    case.import("maria", &case.token, &[])?;
    let asked = case.forecast(&["--days", "30", "--what-if", "nobody logs in"])?;
    asked.with(
        1,
        &[
            "1 token would lapse if nobody logs in",
            "\nTokens that would lapse\nTOKEN\tON\tWHY\nmaria\t",
        ],
        &[],
    );
    // Nothing was changed by the question.
    case.office
        .ask("show maria", "")?
        .with(0, &["maria is healthy"], &[]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_survives_the_person_if_another_admin_reaches_it() -> Result {
    let case = Case::open().await?;
    let bakery = case.page("Bakery")?;
    case.page("Corner Shop")?;
    let paul = case.office.world.person("Paul");
    case.office.world.meta.world().give_role(&paul, &bakery)?;
    let token = case.office.world.log_in(&paul)?;
    case.import("maria", &case.token, &["acme-bakery", "acme-corner-shop"])?;
    case.import("paul", &token, &[])?;
    let soon = clock::now() + days(2);
    let leaves = format!("person Maria leaves {}", &soon.to_string()[..10]);
    let asked = case.forecast(&["--days", "30", "--what-if", &leaves])?;
    let condition = format!("if Maria leaves on {}", &soon.to_string()[..10]);
    assert!(!asked.out.contains("\nacme-bakery\t"), "{asked:?}");
    asked.with(1, &[&condition, "\nacme-corner-shop\t"], &[]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_json_and_a_calendar_program_reads_the_calendar() -> Result {
    let case = Case::open().await?;
    case.import("maria", &case.token, &[])?;
    let asked = case.forecast(&["--person", "maria", "--json"])?;
    let forecast: Value = serde_json::from_str(&asked.out)?;
    assert_eq!(forecast["logins"][0]["name"], "Maria", "{asked:?}");
    assert_eq!(forecast["summary"]["people"], 1, "{asked:?}");
    assert_eq!(forecast["summary"]["lapses"], 0, "{asked:?}");
    asked.with(0, &[], &[]);
    let nobody = ["--what-if", "nobody logs in", "--json"];
    let asked = case.forecast(&nobody)?;
    let forecast: Value = serde_json::from_str(&asked.out)?;
    assert_eq!(forecast["lapses"][0]["token"], "maria", "{asked:?}");
    asked.with(1, &[], &[]);
    let calendar = case.forecast(&["--ics"])?;
    assert!(
        calendar.out.starts_with("BEGIN:VCALENDAR\r\n"),
        "{calendar:?}"
    );
    assert!(calendar.out.ends_with("END:VCALENDAR\r\n"), "{calendar:?}");
    calendar.with(0, &["Maria"], &[]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_cannot_be_answered_says_what_to_write() -> Result {
    let case = Case::open().await?;
    case.import("maria", &case.token, &[])?;
    let usage = "person NAME leaves 2027-01-15";
    case.forecast(&["--what-if", "Maria goes"])?
        .with(2, &[], &[usage]);
    case.forecast(&["--days", "401"])?.with(2, &[], &["401"]);
    case.forecast(&["--assume", "miracles"])?
        .with(2, &[], &["extends"]);
    case.forecast(&["--json", "--ics"])?.with(2, &[], &[]);
    case.forecast(&["--person", "Bob"])?.with(
        1,
        &[],
        &["no token belongs to \"Bob\"", "perennial forecast"],
    );
    case.forecast(&["--what-if", "person Bob leaves 2099-01-15"])?
        .with(1, &[], &["no token belongs to \"Bob\""]);
    case.forecast(&["--what-if", "app acne throttled 50%"])?
        .with(1, &[], &["no app is named \"acne\""]);
    let (status, problem) =
        case.office
            .daemon
            .http("GET", "/v1/forecast?what_if=Maria+goes", "")?;
    assert_eq!(status, 400, "{problem}");
    assert!(problem.contains(usage), "{problem}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn half_the_calls_are_a_smaller_budget() -> Result {
    let case = Case::open().await?;
    case.import("maria", &case.token, &[])?;
    let budget = |arguments: &[&str]| -> Result<u64> {
        let asked = case.forecast(&[arguments, &["--json"]].concat())?;
        let forecast: Value = serde_json::from_str(&asked.out)?;
        Ok(forecast["calls"][0]["budget"].as_u64().ok_or("no budget")?)
    };
    let whole = budget(&[])?;
    let half = budget(&["--what-if", "app acme throttled 50%"])?;
    assert_eq!(half * 2, whole);
    Ok(())
}
