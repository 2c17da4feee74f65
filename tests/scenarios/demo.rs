//! The result of the demo is computed, not scripted: it fails when a rule is broken.

use std::fs;

use perennial::demo::{DemoRun, Options, Sabotage};
use perennial::model::{Event, EventKind, EventRecord, OrderKind};

use crate::world::Result;

/// A run that ended, and what it printed.
struct Ended {
    run: DemoRun,
    printed: String,
}

impl Ended {
    async fn of(days: u16, seed: u64, sabotage: Sabotage) -> Result<Self> {
        let mut printed = Vec::new();
        let options = Options {
            days,
            seed,
            sabotage,
        };
        let run = DemoRun::live(options, &mut printed).await?;
        run.print_end(&mut printed)?;
        let printed = String::from_utf8(printed)?;
        Ok(Self { run, printed })
    }

    fn is_good(&self) -> bool {
        self.run.closing_table.is_good()
    }

    /// The lines of the timeline by this actor.
    fn lines(&self, actor: &str) -> Vec<&str> {
        let lines = self.printed.lines().filter(|line| line.starts_with("day "));
        let of_actor = lines.filter_map(|line| line.get(21..)?.strip_prefix(actor));
        of_actor.map(str::trim).collect()
    }

    /// The row of the closing table.
    fn row(&self, token: &str) -> Option<&str> {
        let mut rows = self.printed.lines();
        rows.find(|line| line.split(' ').next() == Some(token))
    }

    #[track_caller]
    fn prints(&self, text: &str) {
        assert!(
            self.printed.contains(text),
            "{text} is not in\n{}",
            self.printed
        );
    }
}

#[tokio::test]
async fn a_season_ends_well() -> Result {
    let ended = Ended::of(75, 1, Sabotage::Nothing).await?;
    assert!(ended.is_good(), "{}", ended.printed);
    assert_clicked(&ended.run.events().await?, &ended);
    assert_folded(&ended);
    assert_forecast(&ended);
    assert_kept(&ended)?;
    assert_renewed_alone(&ended)
}

/// The page needs nothing from outside, and every file that it links to is there.
fn assert_kept(ended: &Ended) -> Result {
    let folder = tempfile::tempdir()?;
    ended.run.write_report(folder.path())?;
    let page = fs::read_to_string(folder.path().join("index.html"))?;
    assert!(
        !page.contains("<script") && !page.contains("http"),
        "{page}"
    );
    let links = page.split("href=\"").skip(1);
    let links: Vec<&str> = links.filter_map(|rest| rest.split('"').next()).collect();
    let (inside, files): (Vec<&str>, Vec<&str>) =
        links.into_iter().partition(|link| link.starts_with('#'));
    for link in &inside {
        assert!(page.contains(&format!("id=\"{}\"", &link[1..])), "{link}");
    }
    for link in &files {
        assert!(folder.path().join(link).is_file(), "{link}");
    }
    let emails = fs::read_dir(folder.path().join("mail"))?.count();
    assert_eq!((emails, inside.len()), (files.len(), 4));
    let email = files.iter().find(|link| link.ends_with(".html"));
    let email = fs::read_to_string(folder.path().join(email.ok_or("no email")?))?;
    assert!(email.starts_with("<!doctype html>"), "{email}");
    for text in [
        "Paul changes the Facebook password",
        "acme-north-shop + 4 more",
        "by 1 May",
    ] {
        assert!(page.contains(text), "{text}");
    }
    Ok(())
}

/// The public pages took the clicks: only they record an answered login, and an order in the name of an email.
fn assert_clicked(events: &[EventRecord], ended: &Ended) {
    let count = |wanted: fn(&Event) -> bool| {
        let events = events.iter().filter(|record| wanted(&record.event));
        events.count()
    };
    let answered = count(|event| event.kind() == Some(EventKind::LoginAnswered));
    let checked = count(|event| {
        matches!(event, Event::Ordered { order: OrderKind::Check, asked_by }
            if asked_by == "the link of an email")
    });
    let added = count(
        |event| matches!(event, Event::CandidateKept { asked_by, login: None } if !asked_by.is_empty()),
    );
    let people = ended.lines("person");
    let logins = people.iter().filter(|line| line.contains("logs in"));
    assert_eq!(logins.count(), answered, "{people:?}");
    assert_eq!((answered, added), (5, 0), "nobody hands in a token");
    assert_eq!(
        checked, 3,
        "Ines checks a page; Kenji checks a login and a page"
    );
    assert!(
        people.iter().any(|line| line.contains("Everything works")),
        "{people:?}"
    );
    let consumer = ended.lines("chatbot");
    assert!(
        consumer.iter().any(|line| line.contains("acme-paul")),
        "{consumer:?}"
    );
}

fn assert_folded(ended: &Ended) {
    let lines = ended.printed.lines().count();
    assert!(lines <= 120, "{lines} lines\n{}", ended.printed);
    let longest = ended.printed.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(100), "{longest:?}");
    let perennial = ended.lines("perennial");
    let is_of_app = |line: &&&str| line.starts_with("app") && !line.ends_with("again");
    let failing = perennial.iter().filter(is_of_app);
    let apps: usize = failing.map(|line| line.matches("acme").count()).sum();
    assert_eq!(apps, 4, "three apps in an outage, and one throttled");
    ended.prints("exchanged 3 times each: Meta did not move the end");
    ended.prints("4 emails: Log in to Facebook by 1 May: ");
    assert_eq!(
        ended
            .lines("email")
            .iter()
            .filter(|line| line.contains("Summary"))
            .count(),
        2
    );
}

fn assert_forecast(ended: &Ended) {
    ended.prints("6 logins: ");
    ended.prints("Maria    by 1 May");
    ended.prints("(a changed password)");
    ended.prints("no login: on leave, after 9 emails");
    ended.prints("75 days: 23 tokens; 12 renewals by itself; ");
    ended.prints("; 5 logins; 1 lapsed after 9 unanswered emails.");
}

/// One of each kind that a program can renew, on each of Meta's platforms. None of them needs a person.
fn assert_renewed_alone(ended: &Ended) -> Result {
    for name in [
        "acme-omar",
        "acme-robot-reports",
        "acme-whatsapp",
        "acme-instagram-cafe",
        "acme-threads-cafe",
    ] {
        let row = ended.row(name).ok_or(name)?;
        let renewed = row.split_whitespace().rev().nth(3).ok_or("no column")?;
        assert!(["2", "3"].contains(&renewed) && row.ends_with('✓'), "{row}");
        let perennial = ended.lines("perennial");
        let renewed = |line: &&str| line.starts_with("renewed") && line.contains(name);
        assert!(perennial.iter().any(renewed), "{name}\n{perennial:?}");
        let emails = ended.lines("email");
        assert!(!emails.iter().any(|line| line.contains(name)), "{name}");
    }
    Ok(())
}

/// A token that every renewal would renew counts as missed if a person has to log in for it.
#[tokio::test]
async fn a_refused_renewal_is_noticed() -> Result {
    let ended = Ended::of(45, 1, Sabotage::RefusedRenewals).await?;
    assert!(!ended.is_good(), "{}", ended.printed);
    let row = ended.row("acme-threads-cafe");
    assert!(row.is_some_and(|row| row.ends_with('✗')), "{row:?}");
    Ok(())
}

/// The same two weeks: they pass when nothing is broken, and fail when no email is sent or no token is checked.
#[tokio::test]
async fn a_broken_rule_is_noticed() -> Result {
    for (sabotage, expected) in [
        (Sabotage::Nothing, true),
        (Sabotage::Silence, false),
        (Sabotage::Neglect, false),
    ] {
        let ended = Ended::of(16, 1, sabotage).await?;
        assert_eq!(ended.is_good(), expected, "{sabotage:?}\n{}", ended.printed);
    }
    Ok(())
}

/// Another seed is another run, not only other days: what goes wrong, and for whom. It ends well all the same.
#[tokio::test]
async fn seeds_differ() -> Result {
    let mut different = std::collections::BTreeSet::new();
    for seed in [2, 3] {
        let ended = Ended::of(24, seed, Sabotage::Nothing).await?;
        assert!(ended.is_good(), "seed {seed}\n{}", ended.printed);
        let mut meta = ended.lines("meta");
        meta.sort_unstable();
        different.insert(meta.join("\n"));
    }
    assert_eq!(different.len(), 2, "{different:?}");
    Ok(())
}
