//! Posts: chat rooms, an on-call service and a program hear of incidents, and what happens when one of them does not
//! answer.

use perennial::graph_sim::{Outage, SystemUserValidity};
use perennial::model::{EventKind, IncidentFilter, OrderKind, TokenId};
use perennial::outbox::standard_webhooks::SigningSecret;
use perennial::posts::Format;
use perennial::secret::Secret;
use tracing::Level;

use crate::world::daemon::Premises;
use crate::world::receiver::{Message, Receiver};
use crate::world::{APP, Log, Result, SCOPES, World, days, hours, minutes};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn webhook() -> Result<Format> {
    let secret = SigningSecret::parse(&Secret::new(SECRET))?;
    Ok(Format::Webhook {
        secrets: vec![secret],
    })
}

fn pagerduty() -> Format {
    Format::PagerDuty {
        routing_key: Secret::new("R0UT1NGK3Y"),
    }
}

/// A person with a token that works.
struct Person {
    id: String,
    token: TokenId,
}

async fn person(world: &mut World, name: &str) -> Result<Person> {
    let id = world.person(name);
    let token = world
        .import(&name.to_lowercase(), &world.log_in(&id)?)
        .await?;
    world.pass().await?;
    Ok(Person { id, token })
}

/// Everyone's password changes, and the alerts have had time to notice.
async fn lock_out(world: &mut World, people: &[&Person]) -> Result {
    for person in people {
        world.meta.world().change_password(&person.id)?;
        world.order(person.token, OrderKind::Check).await?;
    }
    world.live_with_post(minutes(30), minutes(1)).await
}

async fn log_in_again(world: &mut World, person: &Person) -> Result {
    let secret = world.log_in(&person.id)?;
    world.put_secret(person.token, &secret).await?;
    world.live_with_post(minutes(10), minutes(1)).await
}

fn texts(receiver: &Receiver) -> Vec<String> {
    let text = |message: Message| message.body["text"].as_str().unwrap_or_default().to_owned();
    receiver.received().into_iter().map(text).collect()
}

#[tokio::test]
async fn an_incident_is_posted_once_to_each_channel_and_so_is_its_end() -> Result {
    let log = Log::of_thread(Level::TRACE);
    let mut world = World::new().await?;
    let slack = world.open_channel("ops-chat", Format::Slack).await?;
    let teams = world.open_channel("ops-teams", Format::Teams).await?;
    let on_call = world.open_channel("on-call", pagerduty()).await?;
    let program = world.open_channel("program", webhook()?).await?;
    let maria = person(&mut world, "Maria").await?;
    world.live_with_post(hours(1), minutes(10)).await?;
    assert_eq!(slack.received().len(), 0, "all is well");

    lock_out(&mut world, &[&maria]).await?;
    // Reminders are for people who get emails: nothing has changed.
    world.live_with_post(days(7), hours(6)).await?;
    assert!(world.mail()?.len() > 1);
    for receiver in [&slack, &teams, &on_call, &program] {
        assert_eq!(receiver.received().len(), 1);
    }
    log_in_again(&mut world, &maria).await?;
    for receiver in [&slack, &teams, &on_call, &program] {
        assert_eq!(receiver.received().len(), 2);
    }

    let texts = texts(&slack);
    assert!(
        texts[0].starts_with("🔴 *Log in to Facebook again: Maria, maria*\n"),
        "{texts:?}"
    );
    assert!(texts[1].starts_with("🟢 *Working again"), "{texts:?}");
    assert!(
        !texts[0].contains("maria@example.com") && !texts[0].contains("http"),
        "{texts:?}"
    );
    let calls = on_call.received();
    assert_eq!(calls[0].body["event_action"], "trigger");
    assert_eq!(calls[0].body["payload"]["severity"], "critical");
    assert_eq!(calls[1].body["event_action"], "resolve");
    assert_eq!(calls[0].body["dedup_key"], calls[1].body["dedup_key"]);
    let events = program.received();
    assert_eq!(events[0].body["type"], "incident.opened");
    assert_eq!(events[0].body["data"]["cause"], "password_changed");
    assert_eq!(
        events[0].body["data"]["tokens"],
        serde_json::json!(["maria"])
    );
    assert_eq!(events[1].body["type"], "incident.resolved");
    assert_eq!(world.told(EventKind::PostSent).await?, 8);
    assert!(!log.text().contains("canary") && !log.text().contains("R0UT1NGK3Y"));
    Ok(())
}

/// The disk is full, or the connection to the database was lost.
#[tokio::test]
async fn a_message_that_was_taken_and_not_recorded_is_not_posted_again() -> Result {
    let mut world = World::new().await?;
    let slack = world.open_channel("ops-chat", Format::Slack).await?;
    let maria = person(&mut world, "Maria").await?;
    world.refuse("event", "NEW.kind = 'post_sent'")?;
    assert!(lock_out(&mut world, &[&maria]).await.is_err());
    for _ in 0..3 {
        let minute = world.live_with_post(minutes(1), minutes(1)).await;
        assert!(minute.is_err(), "{minute:?}");
    }
    assert_eq!(slack.received().len(), 1);
    world.accept("event")?;
    world.live_with_post(hours(1), minutes(10)).await?;
    assert_eq!(slack.received().len(), 1);
    assert_eq!(world.told(EventKind::PostSent).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_channel_for_operators_hears_only_of_what_they_must_do() -> Result {
    let mut world = World::new().await?;
    let slack = world.open_channel("ops-chat", Format::Slack).await?;
    world.keep_channels_to_operators();
    let maria = person(&mut world, "Maria").await?;
    lock_out(&mut world, &[&maria]).await?;
    assert_eq!(world.mail()?.len(), 1);
    assert_eq!(slack.received().len(), 0);
    log_in_again(&mut world, &maria).await?;

    world.meta.world().set_outage(Some(Outage::Reset));
    world.order(maria.token, OrderKind::Check).await?;
    world.live_with_post(hours(2), minutes(5)).await?;
    let texts = texts(&slack);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].starts_with("🟠"), "{texts:?}");
    Ok(())
}

#[tokio::test]
async fn a_message_that_is_refused_is_tried_again_with_the_same_id() -> Result {
    let mut world = World::new().await?;
    let program = world.open_channel("program", webhook()?).await?;
    let maria = person(&mut world, "Maria").await?;
    program.answer_next("500 Oops");
    program.answer_next("429 Slow down\r\nRetry-After: 1200");
    lock_out(&mut world, &[&maria]).await?;
    let messages = program.received();
    assert_eq!(messages.len(), 3, "{messages:?}");
    let ids: Vec<_> = messages
        .iter()
        .map(|message| message.header("webhook-id"))
        .collect();
    assert!(ids[0].is_some_and(|id| id.starts_with("incident-") && !id.contains('.')));
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let at = |message: &Message| message.header("webhook-timestamp").map(str::parse::<i64>);
    let at: Vec<i64> = messages
        .iter()
        .filter_map(at)
        .collect::<std::result::Result<_, _>>()?;
    assert!(at[1] - at[0] < 300, "{at:?}");
    assert!(at[2] - at[1] >= 1_200, "the receiver asked to wait: {at:?}");
    assert_eq!(
        world.mail()?.len(),
        1,
        "it was not long enough for a report"
    );
    Ok(())
}

#[tokio::test]
async fn what_is_resolved_before_it_was_posted_arrives_in_order() -> Result {
    let mut world = World::new().await?;
    let on_call = world.open_channel("on-call", pagerduty()).await?;
    let maria = person(&mut world, "Maria").await?;
    on_call.answer_next("503 Busy\r\nRetry-After: 3600");
    lock_out(&mut world, &[&maria]).await?;
    log_in_again(&mut world, &maria).await?;
    assert_eq!(
        on_call.received().len(),
        1,
        "the end waits for the beginning"
    );
    world.live_with_post(hours(2), minutes(10)).await?;
    let messages = on_call.received();
    let actions: Vec<_> = messages
        .iter()
        .map(|message| &message.body["event_action"])
        .collect();
    assert_eq!(actions, ["trigger", "trigger", "resolve"]);
    Ok(())
}

#[tokio::test]
async fn a_channel_that_is_gone_is_reported_on_another_one_and_by_email_once() -> Result {
    let log = Log::of_thread(Level::TRACE);
    let mut world = World::new().await?;
    let gone = world.open_channel("ops-chat", Format::Slack).await?;
    let other = world.open_channel("ops-teams", Format::Teams).await?;
    let people = [
        person(&mut world, "Maria").await?,
        person(&mut world, "Zoe").await?,
    ];
    gone.answer_next("410 Gone");
    lock_out(&mut world, &[&people[0]]).await?;
    world.live_with_post(days(2), hours(1)).await?;

    assert_eq!(gone.received().len(), 1, "it wants no more of this message");
    let cards: Vec<String> = other.received().into_iter().map(|card| card.text).collect();
    assert_eq!(cards.len(), 2, "{cards:?}");
    assert!(
        cards[1].contains("Messages do not reach ops-chat"),
        "{cards:?}"
    );
    let mail = world.mail()?;
    let reports = mail
        .iter()
        .filter(|mail| mail.subject().contains("ops-chat"));
    let reports: Vec<_> = reports.collect();
    assert_eq!(reports.len(), 1);
    assert!(reports[0].0.contains("ops@example.com") && reports[0].0.contains("410"));

    // The operator corrects it; the next message shows that it works.
    lock_out(&mut world, &[&people[1]]).await?;
    world.live_with_post(hours(1), minutes(10)).await?;
    assert_eq!(gone.received().len(), 2);
    let cards: Vec<String> = other.received().into_iter().map(|card| card.text).collect();
    assert!(
        cards
            .iter()
            .any(|card| card.contains("Messages reach ops-chat again"))
    );
    let shown = format!("{cards:?} {mail:?} {}", log.text());
    assert!(!shown.contains("canary"), "the address shows");
    Ok(())
}

#[tokio::test]
async fn a_channel_that_fails_for_an_hour_is_reported() -> Result {
    let mut world = World::new().await?;
    let slack = world.open_channel("ops-chat", Format::Slack).await?;
    let maria = person(&mut world, "Maria").await?;
    for _ in 0..100 {
        slack.answer_next("503 Busy");
    }
    lock_out(&mut world, &[&maria]).await?;
    assert_eq!(world.mail()?.len(), 1, "only the incident");
    world.live_with_post(hours(2), minutes(5)).await?;
    let mail = world.mail()?;
    assert_eq!(mail.len(), 2);
    assert_eq!(mail[1].subject(), "Messages do not reach ops-chat");
    let attempts = slack.received().len();
    assert!((4..8).contains(&attempts), "{attempts} attempts");
    // It is given up after three days.
    world.live_with_post(days(4), hours(1)).await?;
    assert_eq!(world.told(EventKind::PostGivenUp).await?, 1);
    Ok(())
}

#[tokio::test]
async fn eleven_incidents_at_once_are_one_message_in_a_chat_room() -> Result {
    let mut world = World::new().await?;
    let slack = world.open_channel("ops-chat", Format::Slack).await?;
    let program = world.open_channel("program", webhook()?).await?;
    let mut people = Vec::new();
    for number in 1..=11 {
        people.push(person(&mut world, &format!("Person{number}")).await?);
    }
    // If nobody's token worked any more, the app would be suspected first.
    let well = person(&mut world, "Zoe").await?;
    world.order(well.token, OrderKind::Check).await?;
    lock_out(&mut world, &people.iter().collect::<Vec<_>>()).await?;
    let open = world
        .inventory
        .read(|view| view.incidents(IncidentFilter::Open, 100));
    assert_eq!(open.await?.len(), 11);
    let texts = texts(&slack);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(
        texts[0].contains("Perennial: 11 incidents opened"),
        "{texts:?}"
    );
    assert!(texts[0].contains("Person11"), "{texts:?}");
    assert_eq!(program.received().len(), 11, "a program wants each of them");
    Ok(())
}

#[tokio::test]
async fn renewed_tokens_are_posted_only_where_asked_for() -> Result {
    let mut world = World::new().await?;
    let asked = world.open_channel("program", webhook()?).await?;
    world.post_renewals();
    let other = world.open_channel("ops-chat", Format::Slack).await?;
    world.post().await?;
    let robot = {
        let mut meta = world.meta.world();
        let robot = meta.add_system_user(APP, "robot")?;
        let validity = SystemUserValidity::SixtyDays;
        meta.system_user_token(APP, &robot, SCOPES, validity)?
    };
    world.import("robot", &robot).await?;
    world.live_with_post(days(40), hours(6)).await?;
    assert_eq!(world.told(EventKind::Rotated).await?, 1);
    let messages = asked.received();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].body["type"], "token.renewed");
    assert_eq!(messages[0].body["data"]["token"], "robot");
    assert!(!messages[0].text.contains(&robot));
    assert_eq!(other.received().len(), 0);
    Ok(())
}

/// The command, the daemon and a receiver.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_tests_a_channel() -> Result {
    let slack = Receiver::open("slack").await?;
    let premises = Premises::new("http://127.0.0.1:1")?;
    premises.write_secret("ops-chat.url", &slack.url())?;
    let here = premises.path("ops-chat.url");
    let channel = format!(
        "[[alerts.post]]\nname = \"ops-chat\"\nformat = \"slack\"\nurl = {{ file = \"{}\" }}",
        here.display()
    );
    premises.configure("http://127.0.0.1:1", &channel)?;
    let daemon = premises.start()?;
    let test = |name: &str| -> Result<(Option<i32>, String)> {
        let output = premises.ask(&["post-test", name], "")?;
        let text = [output.stdout, output.stderr].concat();
        Ok((output.status.code(), String::from_utf8(text)?))
    };
    let says = |name: &str, code: i32, words: &[&str]| -> Result {
        let (ended, text) = test(name)?;
        assert_eq!(ended, Some(code), "{text}");
        words
            .iter()
            .for_each(|words| assert!(text.contains(words), "{text}"));
        Ok(())
    };
    let took = "ops-chat took the message and answered 200 after ";
    says("ops-chat", 0, &[took, "Its id is test-"])?;
    assert!(texts(&slack)[0].contains("Perennial can post to ops-chat"));

    slack.answer_next("404 no_team");
    let refused = "ops-chat did not take the message: it answered 404";
    says(
        "ops-chat",
        1,
        &[refused, "try again: perennial post-test ops-chat"],
    )?;
    let unknown = "there is no such channel. Name one of these: ops-chat";
    says("elsewhere", 1, &[unknown])?;
    // The failing test is reported to the operators, without the address.
    daemon.follow_until("Messages do not reach ops-chat")?;
    let request = r#"{"name":"ops-chat"}"#;
    daemon.http("POST", "/v1/post-test", request)?;
    let (_, last) = daemon.http("POST", "/v1/post-test", request)?;
    let last: serde_json::Value = serde_json::from_str(&last)?;
    daemon.follow_until(last["message_id"].as_str().ok_or("no id")?)?;
    daemon.follow_until("Messages reach ops-chat again")?;
    let messages = slack.received();
    assert_eq!(messages.len(), 4);
    for pair in messages.windows(2) {
        let apart = pair[1].at - pair[0].at;
        assert!(
            apart.as_millis() >= 990,
            "{apart:?}, more than one a second"
        );
    }
    let (_, status) = daemon.http("GET", "/v1/status", "")?;
    let (_, journal) = daemon.http("GET", "/v1/events?after=0", "")?;
    let log = std::fs::read_to_string(premises.path("log"))?;
    for place in [status, journal, log] {
        assert!(!place.contains("canary"), "{place}");
    }
    Ok(())
}
