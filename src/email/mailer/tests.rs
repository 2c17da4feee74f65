//! Sending over SMTP, through the mail program and into a folder; with servers that are down, slow or refuse.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::test_parser::Read;
use super::test_server::{Sink, TAKEN_AND_GONE};
use super::*;
use crate::alerts::fixtures::{Result, World, days, hours, minutes};
use crate::model::{Cause, Event, EventId, NewEmail};

fn mailer(transport: Transport) -> Mailer {
    let from = "Perennial Öl & Gas <perennial@example.com>".to_owned();
    Mailer::new(Settings { from, transport }).unwrap()
}

fn smtp(port: u16) -> Transport {
    Transport::Smtp(SmtpServer {
        host: "localhost".to_owned(),
        port,
        security: Security::PlainLoopback,
        user: None,
        password: None,
        ca: None,
    })
}

fn email(number: u32) -> NewEmail {
    NewEmail {
        incident: None,
        message_id: format!("incident-1.{number}.9@perennial.example.com"),
        in_reply_to: None,
        recipients: vec!["maria@example.com".to_owned(), "ops@example.com".to_owned()],
        subject: "Log in: Bäckerei Öl & Gas 東京".to_owned(),
        text: format!("Grüße\n.\n{}", "long ".repeat(300)),
        html: "<p>Grüße</p>".to_owned(),
    }
}

impl World {
    async fn write(&self, emails: &[NewEmail]) -> Result {
        let (emails, now) = (emails.to_vec(), self.now);
        self.inventory
            .write(move |tx| emails.iter().try_for_each(|l| tx.enqueue_email(l, now)))
            .await
    }

    async fn send(&self, mailer: &Mailer) -> Result<MailReport> {
        mailer.send_waiting(&self.inventory, self.now).await
    }

    async fn send_after(
        &mut self,
        span: jiff::SignedDuration,
        mailer: &Mailer,
    ) -> Result<MailReport> {
        self.wait(span);
        self.send(mailer).await
    }

    async fn last_error(&self) -> Result<String> {
        let queue = self.inventory.read(|view| view.mail_queue()).await?;
        Ok(queue.last_error.unwrap_or_default())
    }

    async fn mail_queue(&self) -> Result<crate::model::MailQueue> {
        self.inventory.read(|view| view.mail_queue()).await
    }

    async fn queued(&self) -> Result<u64> {
        Ok(self.inventory.read(|view| view.mail_queue()).await?.queued)
    }
}

const fn report(sent: usize, delayed: usize) -> MailReport {
    MailReport {
        sent,
        delayed,
        given_up: 0,
    }
}

fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].as_ref().unwrap().path()
}

/// The disk is full, or the connection to the database was lost.
#[tokio::test]
async fn an_email_that_was_sent_and_not_recorded_does_not_go_out_again() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    world.write(&[email(1), email(2)]).await?;
    world.outside(
        "CREATE TRIGGER no_room BEFORE UPDATE ON email BEGIN SELECT RAISE(ABORT, 'no room'); END",
    );
    for _ in 0..3 {
        let failed = world.send_after(minutes(1), &mailer).await;
        assert!(failed.is_err(), "{failed:?}");
    }
    assert_eq!(sink.arrived().len(), 1);
    world.outside("DROP TRIGGER no_room");
    assert_eq!(world.send_after(minutes(1), &mailer).await?, report(1, 0));
    assert_eq!(sink.arrived().len(), 2);
    assert_eq!(world.queued().await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_another_node_recorded_meanwhile_is_not_recorded_again() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let port = sink.start().await;
    let (held_up, other) = (mailer(smtp(port)), mailer(smtp(port)));
    world.write(&[email(1)]).await?;
    world.outside(
        "CREATE TRIGGER no_room BEFORE UPDATE ON email BEGIN SELECT RAISE(ABORT, 'no room'); END",
    );
    assert!(world.send(&held_up).await.is_err());
    world.outside("DROP TRIGGER no_room");
    assert_eq!(world.send(&other).await?, report(1, 0));
    assert_eq!(world.send_after(minutes(1), &held_up).await?, report(0, 0));
    let events = world
        .inventory
        .read(|view| view.events(EventId(0), None, 100))
        .await?;
    let sent = events
        .iter()
        .filter(|record| matches!(record.event, Event::EmailSent(_)));
    assert_eq!(sent.count(), 1);
    Ok(())
}

#[tokio::test]
async fn an_email_in_a_folder_reads_as_it_was_written() -> Result {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let mail = folder.path().join("mail");
    let mailer = mailer(Transport::Directory(mail.clone()));
    world.write(&[email(1)]).await?;
    assert_eq!(world.send(&mailer).await?, report(1, 0));
    assert_eq!(world.send(&mailer).await?, report(0, 0));

    let file = only_file(&mail);
    assert_eq!(
        file.file_name().unwrap(),
        "20261130T090000Z-incident-1.1.9_perennial.example.com.eml"
    );
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let raw = std::fs::read_to_string(&file).unwrap();
    assert!(
        raw.is_ascii() && raw.lines().all(|line| line.len() <= 78),
        "{raw}"
    );

    let read = Read::new(&raw);
    let written = email(1);
    assert_eq!(read.header("Subject"), written.subject);
    assert_eq!(
        read.header("Message-ID"),
        format!("<{}>", written.message_id)
    );
    assert_eq!(read.header("To"), "maria@example.com, ops@example.com");
    assert!(read.header("From").ends_with("<perennial@example.com>"));
    assert!(read.header("From").contains("Öl & Gas"));
    assert_eq!(read.header("Date"), "Mon, 30 Nov 2026 09:00:00 +0000");
    assert_eq!(read.header("Auto-Submitted"), "auto-generated");
    assert_eq!(read.header("List-Id"), "Perennial <perennial.example.com>");
    assert_eq!(read.header("MIME-Version"), "1.0");
    assert!(!read.has("In-Reply-To") && !read.has("X-Perennial-Incident"));
    let parts = read.parts();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[0].header("Content-Type"), "text/plain; charset=utf-8");
    assert_eq!(parts[1].header("Content-Type"), "text/html; charset=utf-8");
    assert_eq!(parts[0].text().trim_end(), written.text.trim_end());
    assert_eq!(parts[1].text().trim_end(), written.html);
    Ok(())
}

#[tokio::test]
async fn emails_of_an_incident_thread() -> Result {
    let mut world = World::new();
    let id = world.import_user("acme-maria").await?;
    world.die(&[id], Cause::PasswordChanged).await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    world.pass_after(days(3)).await?;
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    assert_eq!(world.send(&mailer).await?, report(2, 0));

    let arrived = sink.arrived();
    let (first, second) = (Read::new(&arrived[0].data), Read::new(&arrived[1].data));
    assert_eq!(first.header("X-Perennial-Incident"), "1");
    assert_eq!(second.header("X-Perennial-Incident"), "1");
    assert_eq!(second.header("In-Reply-To"), first.header("Message-ID"));
    assert_eq!(second.header("References"), first.header("Message-ID"));
    assert_ne!(second.header("Message-ID"), first.header("Message-ID"));
    let id = first.header("Message-ID");
    assert!(id.starts_with("<incident-1.1.") && id.ends_with("@perennial.example.com>"));
    Ok(())
}

#[tokio::test]
async fn one_connection_serves_several_emails() -> Result {
    let world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    world.write(&[email(1), email(2)]).await?;
    assert_eq!(world.send(&mailer).await?, report(2, 0));
    assert_eq!((sink.connections(), sink.arrived().len()), (1, 2));
    let arrived = &sink.arrived()[0];
    assert_eq!(arrived.from, "<perennial@example.com>");
    assert_eq!(arrived.to, ["<maria@example.com>", "<ops@example.com>"]);
    let text = Read::new(&arrived.data).parts()[0].text();
    assert_eq!(text.trim_end(), email(1).text.trim_end());
    Ok(())
}

#[tokio::test]
async fn an_email_whose_taking_was_never_heard_of_is_repeated_as_itself() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    sink.answer(".", TAKEN_AND_GONE);
    world.write(&[email(1)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    assert_eq!(world.send_after(minutes(1), &mailer).await?, report(1, 0));

    let arrived = sink.arrived();
    let (first, again) = (Read::new(&arrived[0].data), Read::new(&arrived[1].data));
    assert_eq!(first.header("Message-ID"), again.header("Message-ID"));
    assert_eq!(first.header("Subject"), again.header("Subject"));
    Ok(())
}

#[tokio::test]
async fn what_is_put_off_by_the_server_is_sent_later() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    sink.answer(
        "MAIL",
        "451 4.7.1 <maria@example.com>: greylisted, come back",
    );
    world.write(&[email(1), email(2)]).await?;
    assert_eq!(world.send(&mailer).await?, report(1, 1));
    assert_eq!(
        world.last_error().await?,
        "the mail server does not accept it for now (451): 4.7.1 <address> greylisted, come back"
    );
    assert_eq!(world.send_after(minutes(0), &mailer).await?, report(0, 0));
    assert_eq!(world.send_after(minutes(1), &mailer).await?, report(1, 0));
    let sent = sink.arrived();
    assert_eq!(
        Read::new(&sent[1].data).header("Message-ID"),
        "<incident-1.1.9@perennial.example.com>"
    );
    assert_eq!(world.queued().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_refusal_after_the_data_is_no_delivery() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    sink.answer(".", "554 5.7.1 looks like spam");
    world.write(&[email(1)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    assert_eq!(
        world.last_error().await?,
        "the mail server refuses it (554): 5.7.1 looks like spam"
    );
    assert_eq!(world.send_after(hours(3), &mailer).await?, report(0, 0));
    assert_eq!(world.send_after(hours(1), &mailer).await?, report(1, 0));
    Ok(())
}

#[tokio::test]
async fn who_is_refused_keeps_the_email_from_nobody_and_an_operator_hears_of_it() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    sink.answer("RCPT TO:<maria@", "550 5.1.1 no such user");
    world.write(&[email(1)]).await?;
    assert_eq!(world.send(&mailer).await?, report(1, 0));
    assert_eq!(sink.arrived()[0].to, ["<ops@example.com>"]);
    let queue = world.mail_queue().await?;
    assert_eq!((queue.undelivered, queue.unread), (1, 0));
    assert!(queue.rejection.unwrap().contains("550"));

    world.pass().await?;
    assert_eq!(world.send_after(hours(30), &mailer).await?, report(1, 0));
    assert_eq!(sink.arrived().len(), 2, "nobody gets it twice");
    let notified = &sink.arrived()[1];
    assert_eq!(notified.to, ["<ops@example.com>"]);
    let read = Read::new(&notified.data);
    assert_eq!(
        read.header("Subject"),
        "Email not delivered to maria@example.com: Log in: Bäckerei Öl & Gas 東京"
    );
    assert_eq!(
        read.header("In-Reply-To"),
        format!("<{}>", email(1).message_id)
    );
    assert!(read.parts()[0].text().contains("(550): 5.1.1 no such user"));
    world.pass().await?;
    assert_eq!(world.send(&mailer).await?, report(0, 0), "and once only");
    Ok(())
}

#[tokio::test]
async fn what_all_refuse_is_tried_for_a_day_and_then_given_up() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    let given_up = MailReport {
        given_up: 1,
        ..report(0, 0)
    };
    for _ in 0..6 {
        sink.answer("RCPT", "554 5.7.1 relay access denied");
    }
    world.write(&[email(1)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    let queue = world.mail_queue().await?;
    assert_eq!((queue.queued, queue.undelivered, queue.unread), (1, 1, 1));
    assert_eq!(world.send_after(hours(4), &mailer).await?, report(0, 1));
    assert_eq!(world.send_after(hours(20), &mailer).await?, given_up);
    assert_eq!(world.send_after(days(30), &mailer).await?, report(0, 0));
    let queue = world.mail_queue().await?;
    assert_eq!((queue.queued, queue.undelivered, queue.unread), (0, 1, 1));
    world.pass().await?;
    assert_eq!(
        world.queued().await?,
        0,
        "nobody is left to be told by mail"
    );

    // The mail path works again once an email gets through.
    world.write(&[email(2)]).await?;
    assert_eq!(world.send(&mailer).await?, report(1, 0));
    assert_eq!(world.mail_queue().await?.undelivered, 0);
    Ok(())
}

#[tokio::test]
async fn what_is_fixed_within_a_day_is_delivered_and_not_reported() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    sink.answer("RCPT", "554 relay access denied");
    sink.answer("RCPT", "554 relay access denied");
    world.write(&[email(1)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    assert_eq!(world.send_after(hours(4), &mailer).await?, report(1, 0));
    let queue = world.mail_queue().await?;
    assert_eq!((queue.queued, queue.undelivered), (0, 0));
    Ok(())
}

#[tokio::test]
async fn later_is_believed_for_five_days() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    let mut alone = email(1);
    alone.recipients.truncate(1);
    world.write(&[alone]).await?;
    let mut tries = 0;
    let given_up = loop {
        sink.answer("RCPT", "452 4.2.2 mailbox full");
        let came = world.send_after(minutes(1), &mailer).await?;
        tries += came.delayed;
        if came.given_up > 0 {
            break world.now;
        }
    };
    let lasted = given_up.duration_since(crate::alerts::fixtures::monday());
    assert!(
        (days(5)..days(5) + hours(5)).contains(&lasted),
        "{lasted:?}"
    );
    assert!((30..40).contains(&tries), "{tries}");
    sink.answer_as_usual();
    world.pass().await?;
    assert_eq!(world.send(&mailer).await?.sent, 1, "the operator is told");
    Ok(())
}

#[tokio::test]
async fn a_recipient_in_backoff_is_not_tried_with_each_email() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    sink.answer("RCPT TO:<maria@", "450 4.7.1 greylisted");
    world.write(&[email(1), email(2), email(3)]).await?;
    // The inventory stores whole seconds; the daemon's clock is more precise.
    world.wait(jiff::SignedDuration::from_millis(700));
    assert_eq!(world.send(&mailer).await?, report(0, 3));
    let to: Vec<_> = sink.arrived().into_iter().map(|email| email.to).collect();
    assert_eq!(
        to,
        [["<ops@example.com>"]; 3],
        "the others do not wait for her"
    );
    let almost = minutes(1) - jiff::SignedDuration::from_millis(600);
    assert_eq!(world.send_after(almost, &mailer).await?, report(3, 0));
    let late = &sink.arrived()[3];
    assert_eq!(late.to, ["<maria@example.com>"], "nobody gets it twice");
    assert_eq!(
        Read::new(&late.data).header("To"),
        "maria@example.com, ops@example.com"
    );
    assert_eq!(sink.connections(), 2);
    Ok(())
}

#[tokio::test]
async fn an_email_that_all_refuse_does_not_hold_up_the_next() -> Result {
    let world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    sink.answer("RCPT", "550 no");
    sink.answer("RCPT", "550 no");
    world.write(&[email(1), email(2)]).await?;
    assert_eq!(world.send(&mailer).await?, report(1, 1));
    assert!(sink.received("RSET"));
    assert_eq!(sink.connections(), 1);
    Ok(())
}

#[tokio::test]
async fn a_refused_sender_is_the_mail_path_s_fault() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    sink.answer("MAIL", "530 5.7.0 authentication required");
    world.write(&[email(1), email(2)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    assert_eq!(world.mail_queue().await?.undelivered, 0);
    assert_eq!(world.send_after(minutes(1), &mailer).await?, report(2, 0));
    Ok(())
}

#[tokio::test]
async fn a_dead_server_is_asked_once_and_nothing_is_lost_for_days() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let port = sink.start().await;
    let nobody_listens = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let dead = nobody_listens.local_addr().unwrap().port();
    drop(nobody_listens);

    let mailer = mailer(smtp(dead));
    world.write(&[email(1), email(2), email(3)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    assert!(
        world
            .last_error()
            .await?
            .starts_with("cannot reach the mail server")
    );
    for wait in [1, 5, 15, 60, 240, 240] {
        assert_eq!(
            world.send_after(minutes(wait - 1), &mailer).await?,
            report(0, 0)
        );
        assert_eq!(world.send_after(minutes(1), &mailer).await?, report(0, 1));
    }
    assert_eq!(world.queued().await?, 3);

    // A back-off ends with its cause (cert-manager#6378): one email that gets through makes the others due.
    let mailer = Mailer {
        transport: smtp(port),
        ..mailer
    };
    world.wait(minutes(1));
    world.write(&[email(4)]).await?;
    assert_eq!(world.send(&mailer).await?, report(4, 0));
    Ok(())
}

#[tokio::test]
async fn a_server_that_closes_is_asked_again_soon() -> Result {
    let mut world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    sink.answer("DATA", "421 shutting down");
    world.write(&[email(1), email(2)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    assert_eq!(world.send_after(minutes(1), &mailer).await?, report(2, 0));
    Ok(())
}

#[tokio::test]
async fn a_refused_password_is_not_repeated() -> Result {
    let world = World::new();
    let sink = Sink::default();
    let mailer = mailer(Transport::Smtp(SmtpServer {
        host: "127.0.0.1".to_owned(),
        port: sink.start().await,
        security: Security::PlainLoopback,
        user: Some("user".to_owned()),
        password: Some(Secret::new("canary")),
        ca: None,
    }));
    sink.answer("AUTH", "535 5.7.8 AHVzZXIAY2FuYXJ5 canary is wrong");
    world.write(&[email(1)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    assert_eq!(
        world.last_error().await?,
        "the mail server does not accept user and password (535)"
    );
    assert!(!format!("{mailer:?}").contains("canary"));
    assert!(!sink.received("MAIL"));
    Ok(())
}

#[tokio::test]
async fn without_tls_nothing_is_sent() -> Result {
    let world = World::new();
    let sink = Sink::default();
    let mailer = mailer(Transport::Smtp(SmtpServer {
        host: "localhost".to_owned(),
        port: sink.start().await,
        security: Security::StartTls,
        user: Some("user".to_owned()),
        password: Some(Secret::new("canary")),
        ca: None,
    }));
    world.write(&[email(1)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    assert!(
        world
            .last_error()
            .await?
            .contains("STARTTLS is not supported")
    );
    assert!(!sink.received("AUTH") && !sink.received("MAIL"));
    Ok(())
}

#[tokio::test]
async fn a_server_that_cannot_tls_hears_nothing() -> Result {
    let world = World::new();
    let sink = Sink::default();
    let mailer = mailer(Transport::Smtp(SmtpServer {
        host: "localhost".to_owned(),
        port: sink.start().await,
        security: Security::Implicit,
        user: None,
        password: None,
        ca: None,
    }));
    world.write(&[email(1)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    let error = world.last_error().await?;
    assert!(error.starts_with("cannot reach the mail server"), "{error}");
    assert!(sink.arrived().is_empty());
    Ok(())
}

#[tokio::test]
async fn plain_mail_leaves_no_machine() -> Result {
    let world = World::new();
    let mailer = mailer(Transport::Smtp(SmtpServer {
        host: "192.0.2.1".to_owned(),
        port: 25,
        security: Security::PlainLoopback,
        user: None,
        password: None,
        ca: None,
    }));
    world.write(&[email(1)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    assert!(world.last_error().await?.contains("only to this machine"));
    Ok(())
}

#[tokio::test]
async fn with_nothing_set_up_emails_wait() -> Result {
    let world = World::new();
    let mailer = mailer(Transport::Nowhere);
    world.write(&[email(1), email(2)]).await?;
    world.send(&mailer).await?;
    assert_eq!(world.queued().await?, 2);
    assert!(world.last_error().await?.contains("[alerts]"));
    Ok(())
}

#[tokio::test]
async fn a_recipient_that_is_no_address_harms_only_itself() -> Result {
    let world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    let mut odd = email(1);
    odd.recipients[0] = "maria at home\r\nBcc: x@example.com".to_owned();
    let mut hopeless = email(2);
    hopeless.recipients = vec!["nobody".to_owned()];
    world.write(&[odd, hopeless, email(3)]).await?;
    assert_eq!(world.send(&mailer).await?, report(2, 1));
    assert_eq!(sink.arrived()[0].to, ["<ops@example.com>"]);
    assert_eq!(sink.arrived().len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_full_disk_delays_and_loses_nothing() -> Result {
    let mut world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("mail");
    std::fs::write(&in_the_way, "a file, not a folder").unwrap();
    let mailer = mailer(Transport::Directory(in_the_way.clone()));
    world.write(&[email(1)]).await?;
    assert_eq!(world.send(&mailer).await?, report(0, 1));
    std::fs::remove_file(&in_the_way).unwrap();
    assert_eq!(world.send_after(minutes(1), &mailer).await?, report(1, 0));
    only_file(&in_the_way);
    Ok(())
}

#[tokio::test]
async fn the_local_mail_program_gets_sender_recipients_and_email() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("sendmail");
    let out = folder.path().join("out");
    let script = format!("#!/bin/sh\necho \"$@\" > {0}\ncat >> {0}\n", out.display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    world.write(&[email(1)]).await.unwrap();
    let waiting = world.emails().await.unwrap();
    let from = "perennial@example.com".parse().unwrap();
    let mail = message::Mail::of(&waiting[0], &from, world.now).unwrap();

    let accepted = sendmail::sendmail(&program, &mail).await.unwrap();
    assert_eq!(accepted.reached, email(1).recipients);
    let got = std::fs::read_to_string(&out).unwrap();
    let (arguments, message) = got.split_once('\n').unwrap();
    assert_eq!(
        arguments,
        "-i -f perennial@example.com -- maria@example.com ops@example.com"
    );
    assert_eq!(Read::new(message).header("Subject"), email(1).subject);

    std::fs::write(
        &program,
        "#!/bin/sh\ncat >/dev/null\necho no >&2\nexit 75\n",
    )
    .unwrap();
    let delivery_error = sendmail::sendmail(&program, &mail).await.unwrap_err();
    assert_eq!(
        delivery_error.reason(),
        "the local mail program does not accept it: no"
    );
}

#[tokio::test]
async fn a_mail_program_that_says_a_lot_neither_stops_nor_costs_memory() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("sendmail");
    let script = "#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x >&2\n\
                  head -c 3000000 /dev/zero\ncat >/dev/null\nexit 75\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut long = email(1);
    long.text = "long ".repeat(100_000);
    world.write(&[long]).await.unwrap();
    let waiting = world.emails().await.unwrap();
    let from = "perennial@example.com".parse().unwrap();
    let mail = message::Mail::of(&waiting[0], &from, world.now).unwrap();
    let delivery_error = sendmail::sendmail(&program, &mail).await.unwrap_err();
    assert!(
        matches!(delivery_error, delivery_error::DeliveryError::Later(_)),
        "{delivery_error:?}"
    );
    assert!(
        delivery_error.reason().contains("xxxx"),
        "{delivery_error:?}"
    );
}

#[tokio::test]
async fn a_test_email_asks_for_nothing_and_goes_like_any_other() -> Result {
    let world = World::new();
    let sink = Sink::default();
    let mailer = mailer(smtp(sink.start().await));
    let to = vec!["ops@example.com".to_owned()];
    let id = crate::alerts::send_test_email(&world.inventory, &world.rules, to, world.now).await?;
    assert_eq!(world.send(&mailer).await?, report(1, 0));
    let read = Read::new(&sink.arrived()[0].data);
    assert_eq!(read.header("Message-ID"), format!("<{id}>"));
    assert_eq!(read.header("Subject"), "Perennial can reach you by email");
    assert!(!read.has("X-Perennial-Incident"));
    Ok(())
}

#[test]
fn a_sender_that_is_not_an_address_gets_a_helpful_error() {
    let settings = Settings {
        from: "perennial".to_owned(),
        transport: Transport::Nowhere,
    };
    let error = Mailer::new(settings).unwrap_err();
    assert!(error.to_string().contains("[alerts] from"));
}

/// The headers that an email may contain.
const HEADERS: [&str; 14] = [
    "Message-ID",
    "Date",
    "From",
    "To",
    "Subject",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "List-Id",
    "In-Reply-To",
    "References",
    "X-Perennial-Incident",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// Text from outside: any characters, with those that end a line or a header more often than by chance.
fn by_others() -> impl proptest::strategy::Strategy<Value = String> {
    let piece = proptest::prop_oneof![
        proptest::string::string_regex("(?s).{0,40}").unwrap(),
        proptest::string::string_regex("[ßÖ東京👩‍🔧 ]{0,60}").unwrap(),
        proptest::strategy::Just("\r\nBcc: all@example.com\r\n\r\n".to_owned()),
        proptest::strategy::Just("\n.\n".to_owned()),
        proptest::strategy::Just("\r".to_owned()),
        proptest::strategy::Just("=?utf-8?q?=0d=0aBcc:_x?=".to_owned()),
    ];
    proptest::strategy::Strategy::prop_map(proptest::collection::vec(piece, 0..4), |all| {
        all.concat()
    })
}

proptest::proptest! {
    #[test]
    fn nothing_that_others_chose_becomes_a_header(
        subject in by_others(),
        text in by_others(),
        recipient in by_others(),
    ) {
        let written = Email {
            id: crate::model::EmailId(1),
            email: NewEmail {
                in_reply_to: Some("incident-1.1.9@perennial.example.com".to_owned()),
                recipients: vec![recipient, "ops@example.com".to_owned()],
                subject,
                html: text.clone(),
                text,
                ..email(1)
            },
            reached: Vec::new(),
            refused: Vec::new(),
            written_at: Timestamp::UNIX_EPOCH,
            attempts: 0,
            failing_since: None,
            last_error: None,
        };
        let from = "Öl & Gas <perennial@example.com>".parse().unwrap();
        let mail = message::Mail::of(&written, &from, Timestamp::UNIX_EPOCH).unwrap();
        let raw = String::from_utf8(mail.bytes).unwrap();
        assert!(raw.is_ascii());
        assert!(raw.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])), "{raw:?}");
        let (head, _) = raw.split_once("\r\n\r\n").unwrap();
        let mut seen = std::collections::HashSet::new();
        for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
            let (name, _) = line.split_once(": ").unwrap();
            assert!(HEADERS.contains(&name) && seen.insert(name), "{name} in {head}");
        }
    }
}

#[tokio::test]
async fn the_mail_path_is_tried_without_an_email() {
    let sink = Sink::default();
    let port = sink.start().await;
    let with_password = |password: Option<&str>| {
        let Transport::Smtp(server) = smtp(port) else {
            unreachable!("it is a server")
        };
        Transport::Smtp(SmtpServer {
            user: Some("ops".to_owned()),
            password: password.map(Secret::new),
            ..server
        })
    };
    let found = with_password(Some("right")).check().await;
    let expected = format!("localhost:{port} answers and accepts user and password");
    assert_eq!(found, PathCheck::Works(expected));
    let found = with_password(None).check().await;
    assert!(matches!(found, PathCheck::Unsure(_)), "{found:?}");
    sink.answer("AUTH", "535 no");
    let PathCheck::Fails(why) = with_password(Some("wrong")).check().await else {
        panic!("it was refused")
    };
    assert!(why.contains("does not accept user and password"), "{why}");
    assert!(!sink.received("MAIL") && sink.arrived().is_empty());
    let nobody = smtp(1).check().await;
    assert!(matches!(nobody, PathCheck::Fails(_)), "{nobody:?}");
}
