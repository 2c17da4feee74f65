//! What the log says of a token's life, for an operator who reads `journalctl`.

use perennial::inventory::Error;
use perennial::model::{
    EmailProgress, Event, IncidentId, LoginEnd, LoginId, LoginOutcome, NewEvent, Outcome, State,
};
use tracing::Level;

use crate::world::{Log, OPERATOR, OWNER, Result, World, days, hours, minutes};

#[tokio::test]
async fn the_log_tells_of_states_incidents_and_emails() -> Result {
    let log = Log::of_thread(Level::TRACE);
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(hours(1)).await?;
    world.meta.world().change_password(&maria)?;
    world.live_with_post(days(2), hours(1)).await?;
    world.put_secret(id, &world.log_in(&maria)?).await?;
    world.live_with_post(hours(30), minutes(30)).await?;

    let text = log.text();
    for line in [
        "token maria: healthy, was unverified",
        "token maria: dead: the person's password was changed (code 190/460",
        "incident 1 opened: the person's password was changed",
        "email sent: ",
        "token maria: the new secret is confirmed and in use",
        "incident 1 resolved: the person's password was changed",
    ] {
        let said = text.lines().filter(|said| said.contains(line));
        let said: Vec<&str> = said.filter(|said| said.contains(" INFO ")).collect();
        assert!(!said.is_empty(), "{line} is missing from\n{text}");
    }
    let died = "token maria: dead: ";
    assert_eq!(text.matches(died).count(), 1, "{text}");
    let line = text.lines().find(|line| line.contains(died));
    assert!(line.is_some_and(|line| line.contains(r#"token="maria""#)));
    assert!(!text.contains(OWNER) && !text.contains(OPERATOR), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_measured_renewal_is_in_the_log() -> Result {
    let log = Log::of_thread(Level::TRACE);
    let world = World::new().await?;
    let rotated = |name: &str, outcome, expires_at| {
        of_token(
            name,
            Event::Rotated {
                outcome,
                expires_at,
            },
        )
    };
    let event = rotated("bot", Outcome::Renewed, "2027-01-30T08:00:00Z".parse().ok());
    let failed = rotated("ads", Outcome::Failed, None);
    let now = world.now;
    let write = world.inventory.write(move |tx| {
        tx.record_event(&event, now)?;
        tx.record_event(&failed, now)
    });
    write.await?;
    let text = log.text();
    assert!(
        text.contains("token bot: renewed: it now expires later (ends 2027-01-30)"),
        "{text}"
    );
    let line = text
        .lines()
        .find(|line| line.contains("token ads: no usable answer; the token in use is kept"));
    assert!(line.is_some_and(|line| line.contains(" WARN ")), "{text}");
    Ok(())
}

/// Names come from Meta and from people: none of them begins a line of its own.
#[tokio::test]
async fn logins_and_acknowledgements_are_in_the_log_a_line_each() -> Result {
    let log = Log::of_thread(Level::TRACE);
    let world = World::new().await?;
    let now = world.now;
    let login = |outcome, token: Option<&str>| {
        Event::LoginEnded(LoginEnd {
            login: LoginId(7),
            outcome,
            token: token.map(str::to_owned),
            code: None,
        })
    };
    let events = [
        login(LoginOutcome::Granted, Some("maria")),
        login(LoginOutcome::WrongPerson, None),
        Event::IncidentAcknowledged {
            incident: IncidentId(3),
            until: "2026-12-24T08:00:00Z".parse()?,
            asked_by: "anna".to_owned(),
        },
        Event::EmailSent(EmailProgress {
            subject: "Log in: Maria\n2026 ERROR".to_owned(),
            ..EmailProgress::default()
        }),
    ];
    let write = world.inventory.write(move |tx| {
        let mut events = events
            .iter()
            .map(|event| NewEvent::of_app("acme", event.clone()));
        events.try_for_each(|event| tx.record_event(&event, now).map(drop))
    });
    write.await?;
    let text = log.text();
    for line in [
        "login 7: it gave a new secret for maria",
        "login 7 failed: another person logged in",
        "incident 3: no reminders until 2026-12-24T08:00:00Z, as anna asked",
        "email sent: Log in: Maria 2026 ERROR",
    ] {
        let said = text.lines().filter(|said| said.contains(line)).count();
        assert_eq!(said, 1, "{line}\n{text}");
    }
    Ok(())
}

/// A hundred thousand tokens are checked for the first time, or one cause strikes 1,842 of them.
#[tokio::test]
async fn what_happens_to_many_tokens_at_once_is_one_line() -> Result {
    let log = Log::of_thread(Level::TRACE);
    let world = World::new().await?;
    let now = world.now;
    let write = world.inventory.write(move |tx| {
        for number in 0..412 {
            tx.record_event(&changed(&format!("page-{number}"), State::Healthy), now)?;
        }
        tx.record_event(&changed("other", State::Expiring), now)
    });
    write.await?;
    let text = log.text();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(" INFO "))
        .collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(
        lines[0].contains("412 tokens: healthy, was unverified"),
        "{lines:?}"
    );
    assert!(
        lines[1].contains("token other: expiring, was unverified"),
        "{lines:?}"
    );
    Ok(())
}

#[tokio::test]
async fn what_is_undone_is_not_in_the_log() -> Result {
    let log = Log::of_thread(Level::TRACE);
    let world = World::new().await?;
    let now = world.now;
    let undone = world.inventory.write(move |tx| {
        tx.record_event(&changed("undone", State::Dead), now)?;
        Err::<(), _>(Error::Closed)
    });
    let done = world
        .inventory
        .write(move |tx| tx.record_event(&changed("done", State::Dead), now));
    let (undone, done) = tokio::join!(undone, done);
    assert!(undone.is_err());
    done?;
    let text = log.text();
    assert!(text.contains("token done: dead"), "{text}");
    assert!(!text.contains("token undone"), "{text}");
    Ok(())
}

fn changed(name: &str, to: State) -> NewEvent {
    let (from, cause, meta) = (State::Unverified, None, None);
    of_token(
        name,
        Event::Changed {
            from,
            to,
            cause,
            meta,
        },
    )
}

fn of_token(name: &str, event: Event) -> NewEvent {
    NewEvent {
        name: Some(name.to_owned()),
        ..NewEvent::of_app("acme", event)
    }
}
