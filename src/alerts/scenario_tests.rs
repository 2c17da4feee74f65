//! Scenarios of tokens that need a person, run on a real inventory.

use jiff::Timestamp;

use super::Report;
use super::fixtures::*;
use crate::model::{Cause, Health, IncidentKey, IncidentState, Kind};

fn pages(n: usize) -> Vec<String> {
    (1..=n).map(|n| format!("acme-page-{n}")).collect()
}

#[tokio::test]
async fn five_pages_dead_of_one_password_are_one_incident_and_one_email() -> Result {
    let mut world = World::new();
    let ids = world.import(Kind::Page, &pages(5)).await?;
    world.die(&ids, Cause::PasswordChanged).await?;

    let first = world.pass().await?;
    assert_eq!((first.filed, first.emails), (5, 0));
    let escalation = world.pass_after(minutes(2)).await?;
    assert_eq!(escalation.emails, 1);

    let incidents = world.incidents().await?;
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].affected, 5);
    assert_eq!(incidents[0].incident_key.subject, MARIA);
    let emails = world.emails().await?;
    assert_eq!(emails.len(), 1);
    let email = &emails[0].email;
    assert_eq!(email.subject, "Log in to Facebook again: app acme");
    assert_eq!(email.recipients, ["maria@example.com"]);
    for page in pages(5) {
        assert!(email.text.contains(&page) && email.html.contains(&page));
    }
    Ok(())
}

#[tokio::test]
async fn ten_thousand_dead_pages_are_one_email() -> Result {
    let mut world = World::new();
    let mut ids = world.import(Kind::Page, &pages(10_000)).await?;
    ids.push(world.import_user("acme-zoe").await?);
    world.die(&ids, Cause::PasswordChanged).await?;

    assert_eq!(world.pass().await?.filed, 10_001);
    world.pass_after(minutes(2)).await?;

    let emails = world.emails().await?;
    assert_eq!(emails.len(), 1);
    let email = &emails[0].email;
    assert_eq!(
        email.subject,
        "Log in to Facebook again: Maria Schmidt, app acme"
    );
    assert!(email.text.contains("and 9,981 more"));
    // The parent token is listed although its name sorts last.
    assert!(
        email
            .text
            .contains("Send the new access token to the operator")
    );
    assert!(email.text.len() < 4_000, "{}", email.text.len());
    Ok(())
}

/// Other systems send emails when there is nothing to do, or twice for one failure (certbot#5149, certbot#7775,
/// postiz#1678).
#[tokio::test]
async fn nothing_new_brings_no_second_email() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    world.die(&[id], Cause::SessionEnded).await?;
    for _ in 0..20 {
        world.pass_after(hours(3)).await?;
    }
    assert_eq!(world.emails().await?.len(), 1);
    Ok(())
}

/// Other systems send "resolved" at every check (nango#2323, alertmanager#844).
#[tokio::test]
async fn a_person_who_logs_in_again_is_notified_once_that_it_works() -> Result {
    let mut world = World::new();
    let ids = world.import(Kind::Page, &pages(3)).await?;
    world.die(&ids, Cause::PasswordChanged).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;

    world.wait(hours(1));
    world.heal(&ids[..1]).await?;
    assert_eq!(world.pass().await?.emails, 0);
    world.wait(hours(2));
    world.heal(&ids[1..]).await?;
    let report = world.pass().await?;
    assert_eq!((report.emails, report.resolved), (1, 1));
    for _ in 0..20 {
        assert_eq!(world.pass_after(days(1)).await?.emails, 0);
    }

    let emails = world.emails().await?;
    assert_eq!(emails.len(), 2);
    let (first, last) = (&emails[0].email, &emails[1].email);
    assert_eq!(last.subject, "Working again after 3 h: app acme");
    assert_eq!(last.in_reply_to.as_ref(), Some(&first.message_id));
    assert_eq!(last.recipients, first.recipients);
    Ok(())
}

#[tokio::test]
async fn what_recovers_before_the_email_is_not_reported() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    world.die(&[id], Cause::Checkpoint).await?;
    world.pass().await?;
    world.wait(minutes(1));
    world.heal(&[id]).await?;
    let report = world.pass().await?;
    assert_eq!((report.emails, report.resolved), (0, 1));
    world.pass_after(days(5)).await?;
    assert!(world.emails().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn reminders_list_only_what_is_still_broken() -> Result {
    let mut world = World::new();
    let ids = world.import(Kind::Page, &pages(3)).await?;
    world.die(&ids, Cause::PageRoleLost).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    world.heal(&ids[..2]).await?;
    world.pass_after(days(2)).await?;
    assert_eq!(world.emails().await?.len(), 1);
    world.pass_after(days(1)).await?;

    let emails = world.emails().await?;
    assert_eq!(emails.len(), 2);
    let reminder = &emails[1].email;
    assert_eq!(
        reminder.subject,
        "Reminder: Restore the page role: acme-page-3"
    );
    assert!(!reminder.text.contains("acme-page-1"));
    assert_eq!(
        reminder.in_reply_to.as_ref(),
        Some(&emails[0].email.message_id)
    );
    Ok(())
}

#[tokio::test]
async fn who_joins_later_waits_for_the_next_reminder() -> Result {
    let mut world = World::new();
    let ids = world.import(Kind::Page, &pages(2)).await?;
    world.die(&ids[..1], Cause::PasswordChanged).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    world.wait(days(1));
    world.die(&ids[1..], Cause::PasswordChanged).await?;
    for _ in 0..10 {
        world.pass_after(minutes(10)).await?;
    }
    assert_eq!(world.emails().await?.len(), 1);
    world.pass_after(days(2)).await?;
    let emails = world.emails().await?;
    assert_eq!(emails.len(), 2);
    assert!(emails[1].email.text.contains("acme-page-2"));
    Ok(())
}

#[tokio::test]
async fn an_upcoming_expiry_is_notified_step_by_step_and_once_when_it_passes() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    world.expire_in(id, days(14)).await?;
    for _ in 0..13 * 4 {
        world.pass_after(hours(6)).await?;
    }
    assert_eq!(
        world.subjects().await?,
        [
            "Log in to Facebook by 14 Dec: Maria Schmidt, login for acme",
            "Reminder: Log in to Facebook by 14 Dec: Maria Schmidt, login for acme",
            "Reminder: Log in to Facebook by 14 Dec: Maria Schmidt, login for acme",
            "Reminder: Log in to Facebook by Mon 14 Dec, 10:00 CET: Maria Schmidt, login for acme",
        ]
    );

    world.wait(days(1));
    world.die(&[id], Cause::Expired).await?;
    assert_eq!(world.pass().await?.emails, 1);
    assert_eq!(world.pass_after(hours(71)).await?.emails, 0);
    assert_eq!(world.pass_after(hours(1)).await?.emails, 1);
    world.wait(hours(2));
    world.heal(&[id]).await?;
    world.pass().await?;
    assert_eq!(
        world.subjects().await?[4..],
        [
            "Log in to Facebook again: Maria Schmidt, login for acme",
            "Reminder: Log in to Facebook again: Maria Schmidt, login for acme",
            "Working again after 3 days: Maria Schmidt, login for acme",
        ]
    );
    assert_eq!(world.incidents().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn who_logs_in_in_time_hears_that_it_was_in_time() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    world.expire_in(id, days(14)).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    world.wait(days(2));
    world.heal(&[id]).await?;
    world.pass().await?;
    assert_eq!(
        world.subjects().await?[1],
        "Renewed in time: Maria Schmidt, login for acme"
    );
    Ok(())
}

#[tokio::test]
async fn an_acknowledged_incident_is_silent_until_its_date() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    world.die(&[id], Cause::AppRemoved).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    let incident = world.incidents().await?.remove(0);
    world.acknowledge(&incident, days(10)).await?;
    for _ in 0..9 {
        assert_eq!(world.pass_after(days(1)).await?.emails, 0);
    }
    assert_eq!(world.pass_after(days(1)).await?.emails, 1);
    assert_eq!(world.pass_after(days(2)).await?.emails, 0);
    assert_eq!(world.pass_after(days(1)).await?.emails, 1);
    assert!(matches!(
        world.incidents().await?[0].state,
        IncidentState::Open
    ));
    Ok(())
}

#[tokio::test]
async fn forgotten_tokens_resolve_their_incident() -> Result {
    let mut world = World::new();
    let ids = world.import(Kind::Page, &pages(2)).await?;
    world.die(&ids, Cause::PageGone).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    world.forget(&ids).await?;
    assert_eq!(world.pass().await?.resolved, 1);
    assert_eq!(world.subjects().await?[1], "Nothing left to do: app acme");
    Ok(())
}

#[tokio::test]
async fn a_token_deleted_before_its_email_needs_nobody() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    world.die(&[id], Cause::PasswordChanged).await?;
    world.forget(&[id]).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    assert!(world.incidents().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn silence_of_meta_is_no_recovery() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    world.expire_in(id, days(14)).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;

    let since = world.now;
    world
        .record_check(&[id], move |token| {
            token.health = Health::Failing {
                since,
                failures: 1,
                cause: Cause::Outage,
            };
        })
        .await?;
    let report = world.pass_after(minutes(1)).await?;
    assert_eq!((report.emails, report.resolved), (0, 0));
    let incident = world.incidents().await?.remove(0);
    assert_eq!((incident.cause, incident.affected), (Cause::ExpiresSoon, 1));
    world.pass_after(days(7)).await?;
    assert_eq!(
        world.subjects().await?[1],
        "Reminder: Log in to Facebook by 14 Dec: Maria Schmidt, login for acme"
    );
    Ok(())
}

#[tokio::test]
async fn a_dead_token_is_reported_after_its_second_check_and_not_before() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    let since = world.now;
    world
        .record_check(&[id], move |token| {
            token.health = Health::Failing {
                since,
                failures: 1,
                cause: Cause::SessionEnded,
            };
        })
        .await?;
    world.pass().await?;
    world.pass_after(hours(1)).await?;
    assert!(world.incidents().await?.is_empty());

    // The second check confirms it: now an email is written.
    world.die(&[id], Cause::SessionEnded).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    assert_eq!(
        world.subjects().await?,
        ["Log in to Facebook again: Maria Schmidt, login for acme"]
    );
    Ok(())
}

#[tokio::test]
async fn another_cause_is_another_incident_and_no_recovery() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    world.expire_in(id, days(14)).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    world.die(&[id], Cause::PasswordChanged).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    assert_eq!(
        world.subjects().await?,
        [
            "Log in to Facebook by 14 Dec: Maria Schmidt, login for acme",
            "Log in to Facebook again: Maria Schmidt, login for acme",
        ]
    );
    let states: Vec<_> = world.incidents().await?;
    assert!(matches!(states[0].state, IncidentState::Open));
    assert!(matches!(states[1].state, IncidentState::Resolved { .. }));
    Ok(())
}

#[tokio::test]
async fn a_wrong_app_secret_is_reported_to_the_operator_once() -> Result {
    let mut world = World::new();
    world.import(Kind::Page, &pages(3)).await?;
    world
        .set_error_of_first_app(Some(Cause::AppSecretWrong))
        .await?;
    world.pass().await?;
    for _ in 0..20 {
        world.pass_after(hours(1)).await?;
    }
    world.set_error_of_first_app(None).await?;
    world.pass().await?;
    let emails = world.emails().await?;
    assert_eq!(
        world.subjects().await?,
        [
            "App acme: Replace the app secret",
            "Working again after 20 h: app acme"
        ]
    );
    assert!(
        emails
            .iter()
            .all(|l| l.email.recipients == ["ops@example.com"])
    );
    Ok(())
}

#[tokio::test]
async fn an_outage_is_reported_only_when_it_lasts_and_without_reminders() -> Result {
    let mut world = World::new();
    world.set_error_of_first_app(Some(Cause::Outage)).await?;
    world.pass_after(minutes(29)).await?;
    world.set_error_of_first_app(None).await?;
    world.pass_after(minutes(10)).await?;
    assert!(world.incidents().await?.is_empty());

    world.set_error_of_first_app(Some(Cause::Outage)).await?;
    for _ in 0..20 {
        world.pass_after(hours(12)).await?;
    }
    world
        .set_error_of_first_app(Some(Cause::Unexplained))
        .await?;
    world.pass_after(hours(1)).await?;
    assert_eq!(
        world.subjects().await?,
        ["App acme: Meta does not answer (nothing to do)"]
    );
    world.set_error_of_first_app(None).await?;
    world.pass().await?;
    assert_eq!(world.emails().await?.len(), 2);
    assert_eq!(world.incidents().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn tokens_without_an_owner_are_the_operators() -> Result {
    let mut world = World::new();
    world.rules.operators = vec!["ops@example.com".to_owned(), "night@example.com".to_owned()];
    let id = world.import_user("acme-maria").await?;
    world.die(&[id], Cause::Unreadable).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    let emails = world.emails().await?;
    assert_eq!(emails[0].email.recipients, world.rules.operators);
    assert_eq!(
        emails[0].email.subject,
        "Replace unreadable tokens: Maria Schmidt (acme-maria)"
    );
    Ok(())
}

#[tokio::test]
async fn without_recipients_the_incident_stays_open_until_there_are_some() -> Result {
    let mut world = World::new();
    world.rules.operators = Vec::new();
    world
        .set_error_of_first_app(Some(Cause::AppUnavailable))
        .await?;
    world.pass().await?;
    assert_eq!(world.pass_after(minutes(2)).await?.emails, 0);
    world.rules.operators = rules().operators;
    assert_eq!(world.pass_after(days(3)).await?.emails, 1);
    Ok(())
}

#[tokio::test]
async fn an_outage_of_several_apps_is_one_email_and_one_resolution() -> Result {
    let mut world = World::new();
    world.set_app_error("acme", Some(Cause::Outage)).await?;
    world
        .set_app_error("beta", Some(Cause::Unexplained))
        .await?;
    world.pass_after(minutes(31)).await?;
    world.pass_after(minutes(3)).await?;
    world.set_app_error("acme", None).await?;
    for _ in 0..5 {
        world.pass_after(hours(1)).await?;
    }
    world.set_app_error("beta", None).await?;
    world.pass().await?;
    world.pass_after(days(1)).await?;
    assert_eq!(
        world.subjects().await?,
        [
            "Apps acme and beta: Meta does not answer (nothing to do)",
            "Working again after 5 h: apps acme and beta"
        ]
    );
    assert_eq!(world.incidents().await?.len(), 1);
    Ok(())
}

/// An app that is no longer configured keeps its last error in the inventory forever.
#[tokio::test]
async fn an_app_that_was_removed_is_in_no_outage() -> Result {
    let mut world = World::new();
    world.set_app_error("gone", Some(Cause::Outage)).await?;
    world.set_app_error("acme", Some(Cause::Outage)).await?;
    world.pass_after(minutes(31)).await?;
    world.pass_after(minutes(3)).await?;
    world.set_app_error("acme", None).await?;
    world.pass().await?;
    assert_eq!(
        world.subjects().await?,
        [
            "App acme: Meta does not answer (nothing to do)",
            "Working again after 34 min: app acme"
        ]
    );
    Ok(())
}

#[tokio::test]
async fn what_one_login_renews_is_asked_for_in_one_email() -> Result {
    let mut world = World::new();
    let phone = world.import_user("acme-phone").await?;
    let desktop = world.import_user("acme-desk").await?;
    let far = world.import_user("acme-far").await?;
    world.import(Kind::Page, &pages(3)).await?;
    world.end_in(desktop, days(20)).await?;
    world.end_in(far, days(29)).await?;
    world.expire_in(phone, days(14)).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;

    let emails = world.emails().await?;
    let email = &emails[0].email;
    assert_eq!(
        email.subject,
        "Log in to Facebook by 14 Dec: Maria Schmidt, app acme"
    );
    assert!(email.text.contains("WHAT THIS IS ABOUT (2)"));
    assert!(
        email.text.contains(
            "valid for another 60 days, and also all pages that depend on Maria Schmidt: 3."
        ),
        "{}",
        email.text
    );

    // The other one comes within the first step, so it needs no email of its own.
    world.wait(days(6));
    world.expire_in(desktop, days(14)).await?;
    world.pass_after(minutes(2)).await?;
    assert_eq!(world.emails().await?.len(), 1);
    assert_eq!(world.incidents().await?.len(), 1);

    world.heal(&[phone, desktop]).await?;
    world.pass().await?;
    assert_eq!(
        world.subjects().await?[1..],
        ["Renewed in time: Maria Schmidt, app acme"]
    );
    Ok(())
}

#[tokio::test]
async fn who_was_only_asked_for_ahead_of_time_keeps_nothing_open() -> Result {
    let mut world = World::new();
    let phone = world.import_user("acme-phone").await?;
    let desktop = world.import_user("acme-desk").await?;
    world.end_in(desktop, days(20)).await?;
    world.expire_in(phone, days(14)).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    world.wait(days(1));
    world.heal(&[phone]).await?;
    let report = world.pass().await?;
    assert_eq!((report.resolved, report.emails), (1, 1));
    assert_eq!(
        world.subjects().await?[1],
        "Renewed in time: Maria Schmidt, login for acme"
    );
    world.wait(days(5));
    world.expire_in(desktop, days(14)).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    assert!(world.subjects().await?[2].starts_with("Log in to Facebook by"));
    Ok(())
}

#[tokio::test]
async fn both_expiries_of_a_person_are_one_incident_while_upcoming() -> Result {
    let mut world = World::new();
    let phone = world.import_user("acme-phone").await?;
    let desktop = world.import_user("acme-desk").await?;
    world.expire_in(phone, days(14)).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    world.lapse_in(desktop, days(13)).await?;
    world.pass_after(hours(1)).await?;
    assert_eq!(world.incidents().await?.len(), 1);
    assert_eq!(world.emails().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_can_wait_waits_for_office_hours() -> Result {
    let mut world = World::new();
    world.rules.quiet_hours = Some(crate::alerts::Quiet {
        from: jiff::civil::time(20, 0, 0, 0),
        until: jiff::civil::time(7, 0, 0, 0),
    });
    let id = world.import_user("acme-maria").await?;
    // 22:00 in Berlin.
    world.wait(hours(12));
    world.expire_in(id, days(14)).await?;
    world.pass().await?;
    for _ in 0..8 {
        assert_eq!(world.pass_after(hours(1)).await?.emails, 0);
    }
    assert_eq!(world.pass_after(hours(1)).await?.emails, 1);

    // A dead token does not wait.
    world.wait(hours(16));
    world.die(&[id], Cause::PasswordChanged).await?;
    world.pass().await?;
    assert_eq!(world.pass_after(minutes(2)).await?.emails, 1);
    Ok(())
}

#[tokio::test]
async fn when_nobody_acts_a_second_person_is_notified_once() -> Result {
    let mut world = World::new();
    world.rules.escalate_after = Some(days(2));
    world.rules.escalate_to = vec!["boss@example.com".to_owned()];
    let id = world.import_user("acme-maria").await?;
    world.die(&[id], Cause::PasswordChanged).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    assert_eq!(world.pass_after(hours(47)).await?.emails, 0);
    assert_eq!(world.pass_after(hours(1)).await?.emails, 1);
    world.pass_after(days(1)).await?;
    world.wait(days(1));
    world.heal(&[id]).await?;
    world.pass().await?;

    let emails = world.emails().await?;
    let notified: Vec<_> = emails
        .iter()
        .map(|l| (l.email.subject.as_str(), l.email.recipients.join(" ")))
        .collect();
    let (maria, boss) = ("maria@example.com", "boss@example.com");
    let both = format!("{maria} {boss}");
    let line = "Log in to Facebook again: Maria Schmidt, login for acme";
    assert_eq!(
        notified,
        [
            (line, maria.to_owned()),
            (format!("Still open: {line}").as_str(), boss.to_owned()),
            (format!("Reminder: {line}").as_str(), both.clone()),
            (
                "Working again after 4 days: Maria Schmidt, login for acme",
                both
            ),
        ]
    );
    assert!(
        emails[1]
            .email
            .text
            .contains("Perennial sent an email about this to maria@example.com on")
    );
    Ok(())
}

#[tokio::test]
async fn a_person_who_reacts_is_not_escalated() -> Result {
    let mut world = World::new();
    world.rules.escalate_after = Some(days(2));
    world.rules.escalate_to = vec!["boss@example.com".to_owned()];
    let ids = world.import(Kind::Page, &pages(2)).await?;
    world.die(&ids, Cause::PasswordChanged).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    // One of them works again, so the recipients are acting.
    world.wait(days(1));
    world.heal(&ids[..1]).await?;
    world.pass().await?;
    assert_eq!(world.pass_after(hours(30)).await?.emails, 0);
    // After the next reminder, the wait for a reaction starts again.
    world.pass_after(days(1)).await?;
    world.pass_after(days(2)).await?;
    let subjects = world.subjects().await?;
    assert_eq!(subjects.len(), 3, "{subjects:?}");
    assert!(subjects[1].starts_with("Reminder"), "{subjects:?}");
    assert!(subjects[2].starts_with("Still open"), "{subjects:?}");

    let incident = world.incidents().await?.remove(0);
    world.rules.escalate_to = vec!["chief@example.com".to_owned()];
    world.acknowledge(&incident, days(20)).await?;
    for _ in 0..19 {
        assert_eq!(world.pass_after(days(1)).await?.emails, 0);
    }
    Ok(())
}

/// Other systems send an email at every change.
#[tokio::test]
async fn a_flapping_cause_is_reported_as_such_and_seldom() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    for _ in 0..12 {
        world.die(&[id], Cause::Checkpoint).await?;
        world.pass().await?;
        world.pass_after(hours(1)).await?;
        world.heal(&[id]).await?;
        world.pass().await?;
        world.wait(hours(5));
    }
    let subjects = world.subjects().await?;
    let line = "Complete Facebook's security check: Maria Schmidt, login for acme";
    let again = format!("Recurring: {line}");
    assert_eq!(
        subjects,
        [
            line,
            "Working again after 60 min: Maria Schmidt, login for acme",
            line,
            "Working again after 60 min: Maria Schmidt, login for acme",
            &again,
        ]
    );
    let notified = world.emails().await?;
    assert!(
        notified[4]
            .email
            .text
            .contains("has happened 3 times within a few days"),
        "{}",
        notified[4].email.text
    );

    world.pass_after(hours(25)).await?;
    assert_eq!(world.emails().await?.len(), 6, "one farewell when it lasts");
    let open = world.incidents().await?;
    assert!(
        open.iter()
            .all(|i| matches!(i.state, IncidentState::Resolved { .. }))
    );
    assert_eq!(open.len(), 3);
    Ok(())
}

/// Another lost page role needs an email, because it needs another fix.
#[tokio::test]
async fn each_lost_role_is_reported_within_hours() -> Result {
    let mut world = World::new();
    let ids = world.import(Kind::Page, &pages(3)).await?;
    world.die(&ids[..1], Cause::PageRoleLost).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    world.wait(hours(1));
    world.die(&ids[1..2], Cause::PageRoleLost).await?;
    world.pass().await?;
    assert_eq!(world.pass_after(hours(2)).await?.emails, 0);
    assert_eq!(world.pass_after(hours(1)).await?.emails, 1);
    assert_eq!(world.pass_after(hours(12)).await?.emails, 0);
    let subjects = world.subjects().await?;
    assert_eq!(subjects[1], "Restore the page role: app acme");
    Ok(())
}

#[tokio::test]
async fn a_token_that_the_app_may_not_use_is_reported_to_the_operators() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    world.die(&[id], Cause::AppUnavailable).await?;
    world.pass().await?;
    assert_eq!(world.pass_after(minutes(2)).await?.emails, 1);
    for _ in 0..10 {
        assert_eq!(world.pass_after(hours(6)).await?.resolved, 0);
    }
    let emails = world.emails().await?;
    assert_eq!(emails[0].email.recipients, ["ops@example.com"]);
    assert!(emails[0].email.text.contains("acme-maria"));

    // The app's own error is another incident.
    world
        .set_error_of_first_app(Some(Cause::AppUnavailable))
        .await?;
    world.pass().await?;
    world.set_error_of_first_app(None).await?;
    world.pass().await?;
    let open = world.incidents().await?.into_iter();
    let open: Vec<_> = open
        .filter(|incident| incident.state == IncidentState::Open)
        .map(|incident| incident.affected)
        .collect();
    assert_eq!(open, [1]);

    world.heal(&[id]).await?;
    assert_eq!(world.pass().await?.resolved, 1);
    Ok(())
}

/// The end of data access may end a token altogether, which is no reason for an email about another problem.
#[tokio::test]
async fn data_access_that_lapses_and_then_ends_the_token_is_one_incident() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    world
        .record_check(&[id], |token| {
            token.health = Health::Expiring {
                cause: Cause::DataAccessExpired,
            };
        })
        .await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    world.die(&[id], Cause::DataAccessExpired).await?;
    world.pass().await?;
    world.pass_after(days(3)).await?;
    let incidents = world.incidents().await?;
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].cause, Cause::DataAccessExpired);
    let emails = world.emails().await?;
    assert_eq!(emails.len(), 2, "the email and its reminder");
    assert_ne!(emails[0].email.text, emails[1].email.text);
    assert_eq!(emails[1].email.recipients, ["maria@example.com"]);
    Ok(())
}

/// A node noticed that the database lost commits.
async fn lose_commits(world: &World) -> Result {
    let now = world.now;
    let key = IncidentKey::of_database(Cause::CommitsLost);
    let open = world.inventory.write(move |tx| {
        tx.open_incident(&key, (key.cause, now - minutes(1)), Timestamp::MAX, now)
    });
    open.await.map(drop)
}

#[tokio::test]
async fn lost_commits_are_one_email_to_the_operators_until_one_acknowledges() -> Result {
    let mut world = World::new();
    world.import_user("acme-maria").await?;
    lose_commits(&world).await?;
    assert_eq!(world.pass().await?.emails, 0);
    assert_eq!(world.pass_after(minutes(2)).await?.emails, 1);
    let emails = world.emails().await?;
    assert_eq!(emails[0].email.recipients, ["ops@example.com"]);
    assert_eq!(
        emails[0].email.subject,
        "Database: Check what a fail-over lost"
    );
    for _ in 0..5 {
        assert_eq!(world.pass_after(days(1)).await?, Report::default());
    }
    let incident = world.incidents().await?.remove(0);
    assert_eq!(
        (incident.affected, incident.state),
        (0, IncidentState::Open)
    );

    world.acknowledge(&incident, days(3)).await?;
    let closed = world.pass().await?;
    assert_eq!((closed.resolved, closed.emails), (1, 0));
    Ok(())
}

#[tokio::test]
async fn lost_commits_that_nobody_acknowledges_are_resolved_after_a_week() -> Result {
    let mut world = World::new();
    lose_commits(&world).await?;
    world.pass().await?;
    assert_eq!(world.pass_after(minutes(2)).await?.emails, 1);
    world.pass_after(days(7) - minutes(1)).await?;
    assert_eq!(world.incidents().await?[0].state, IncidentState::Open);
    let closed = world.pass_after(minutes(1)).await?;
    assert_eq!((closed.resolved, closed.emails), (1, 0));
    Ok(())
}

#[tokio::test]
async fn lost_commits_stay_open_while_there_is_nobody_to_notify() -> Result {
    let mut world = World::new();
    world.rules.operators.clear();
    lose_commits(&world).await?;
    for _ in 0..10 {
        assert_eq!(world.pass_after(days(1)).await?.resolved, 0);
    }
    Ok(())
}
