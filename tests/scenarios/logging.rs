//! What the log says of a token's life, for an operator who reads `journalctl`.

use perennial::inventory::{Error, EventKind, NewEvent};

use crate::world::{Log, OPERATOR, OWNER, Result, World, days, hours, minutes};

#[tokio::test]
async fn the_log_tells_of_states_incidents_and_emails() -> Result {
    let log = Log::listen();
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
        "token maria is healthy now",
        "token maria is dead now: password changed",
        "incident 1 opened: password changed",
        "email sent: ",
        "token maria has a new secret, confirmed by Meta",
        "incident 1 resolved: password changed",
    ] {
        let said = text.lines().filter(|said| said.contains(line));
        let said: Vec<&str> = said.filter(|said| said.contains(" INFO ")).collect();
        assert!(!said.is_empty(), "{line} is missing from\n{text}");
    }
    let died = "token maria is dead now";
    assert_eq!(text.matches(died).count(), 1, "{text}");
    let line = text.lines().find(|line| line.contains(died));
    assert!(line.is_some_and(|line| line.contains(r#"token="maria""#)));
    assert!(!text.contains(OWNER) && !text.contains(OPERATOR), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_measured_renewal_is_in_the_log() -> Result {
    let log = Log::listen();
    let world = World::new().await?;
    let renewed = |name: &str| NewEvent {
        name: Some(name.to_owned()),
        ..NewEvent::of_app("acme", EventKind::Rotated)
    };
    let event = renewed("bot")
        .with("outcome", "renewed")
        .with("expires_at", "2027-01-30T08:00:00Z");
    let failed = renewed("ads").with("outcome", "failed");
    let now = world.now;
    let write = world.inventory.write(move |tx| {
        tx.record_event(&event, now)?;
        tx.record_event(&failed, now)
    });
    write.await?;
    let text = log.text();
    assert!(
        text.contains("token bot was renewed and expires on 2027-01-30"),
        "{text}"
    );
    let line = text
        .lines()
        .find(|line| line.contains("token ads could not be renewed"));
    assert!(line.is_some_and(|line| line.contains(" WARN ")), "{text}");
    Ok(())
}

/// Names come from Meta and from people: none of them begins a line of its own.
#[tokio::test]
async fn logins_and_acknowledgements_are_in_the_log_a_line_each() -> Result {
    let log = Log::listen();
    let world = World::new().await?;
    let now = world.now;
    let of_app = |kind| NewEvent::of_app("acme", kind);
    let login = || of_app(EventKind::LoginEnded).with("login", "7");
    let events = [
        login().with("outcome", "granted").with("token", "maria"),
        login().with("outcome", "wrong_person"),
        of_app(EventKind::IncidentAcknowledged)
            .with("incident", "3")
            .with("until", "2026-12-24T08:00:00Z")
            .with("asked_by", "anna"),
        NewEvent::new(EventKind::EmailSent).with("subject", "Log in: Maria\n2026 ERROR"),
    ];
    let write = world.inventory.write(move |tx| {
        let mut events = events.iter();
        events.try_for_each(|event| tx.record_event(event, now).map(drop))
    });
    write.await?;
    let text = log.text();
    for line in [
        "login 7 succeeded for token maria",
        "login 7 ended without a token: wrong person",
        "incident 3 is acknowledged by anna: no reminders until 2026-12-24T08:00:00Z",
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
    let log = Log::listen();
    let world = World::new().await?;
    let now = world.now;
    let write = world.inventory.write(move |tx| {
        for number in 0..412 {
            tx.record_event(&changed(&format!("page-{number}"), "healthy"), now)?;
        }
        tx.record_event(&changed("other", "expiring"), now)
    });
    write.await?;
    let text = log.text();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(" INFO "))
        .collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].contains("412 tokens are healthy now"), "{lines:?}");
    assert!(
        lines[1].contains("token other is expiring now"),
        "{lines:?}"
    );
    Ok(())
}

#[tokio::test]
async fn what_is_undone_is_not_in_the_log() -> Result {
    let log = Log::listen();
    let world = World::new().await?;
    let now = world.now;
    let undone = world.inventory.write(move |tx| {
        tx.record_event(&changed("undone", "dead"), now)?;
        Err::<(), _>(Error::Closed)
    });
    let done = world
        .inventory
        .write(move |tx| tx.record_event(&changed("done", "dead"), now));
    let (undone, done) = tokio::join!(undone, done);
    assert!(undone.is_err());
    done?;
    let text = log.text();
    assert!(text.contains("token done is dead now"), "{text}");
    assert!(!text.contains("token undone"), "{text}");
    Ok(())
}

fn changed(name: &str, to: &str) -> NewEvent {
    NewEvent {
        name: Some(name.to_owned()),
        ..NewEvent::of_app("acme", EventKind::Changed)
    }
    .with("from", "unverified")
    .with("to", to)
}
