//! What setup asks, and what it makes of the answers.

use super::questions::tests::interviewed;
use super::{Options, staged};
use crate::cli::Terminal;
use crate::config::{MailTransport, secret_of};
use crate::graph_sim::{AppSpec, Simulator, World};
use crate::secret::Secret;
use crate::setup::Places;

#[test]
fn a_few_answers_are_enough() {
    let typed = "ops@example.com\n\n\"257422819769992\"\n\nAcme \"GmbH\"\n\nsmtps://user@smtp.example.com\ntokens.example.com/\n";
    let (answers, err) = interviewed(&Options::default(), typed);
    let answers = answers.unwrap();
    assert_eq!(
        (
            answers.template.app.as_str(),
            answers.template.app_id.as_str()
        ),
        ("example", "257422819769992")
    );
    assert_eq!(answers.template.from, "Perennial <perennial@example.com>");
    assert_eq!(answers.template.company.as_deref(), Some("Acme \"GmbH\""));
    let contact = answers.template.contact.as_deref();
    assert_eq!(contact, Some("ops@example.com"), "whoever gets the errors");
    let url = "smtps://user@smtp.example.com".to_owned();
    let has_password = true;
    assert_eq!(
        answers.template.way,
        MailTransport::Smtp { url, has_password }
    );
    let names: Vec<&str> = answers
        .secrets
        .iter()
        .map(|secret| secret.name.as_str())
        .collect();
    assert_eq!(names, ["example.secret", "smtp.password", "webhook.verify"]);
    let public_url = answers.template.public_url.as_deref();
    assert_eq!(public_url, Some("https://tokens.example.com"));
    assert!(
        err.contains("Name of the app in Perennial? [example]"),
        "{err}"
    );
}

#[test]
fn an_answer_that_cannot_be_used_is_asked_for_again() {
    let typed = "?\nops\nops@example.com, it@example.com\nmy \
                 app\nshop\n\n12a\n1234567\n<me>\n\n?\n\nthe \u{7}desk\n+49 30 1234\nsmtp.example.com\n/srv/mail\nhttp://tokens.example.com\n?\n\n";
    let (answers, err) = interviewed(&Options::default(), typed);
    let template = answers.unwrap().template;
    assert_eq!(
        (template.app.as_str(), template.app_id.as_str()),
        ("shop", "1234567")
    );
    assert_eq!(template.to, ["ops@example.com", "it@example.com"]);
    assert_eq!(template.way, MailTransport::Directory("/srv/mail".into()));
    assert_eq!(
        (template.company, template.contact.as_deref()),
        (None, Some("+49 30 1234"))
    );
    assert_eq!(template.public_url, None);
    for text in [
        "That is not a valid app name;",
        "App settings, Basic",
        "That must be digits only",
        "The person who runs Perennial",
        "That is not an email address",
        "That is not a sender",
        "That is not the URL of a mail server",
        "It stands at the top of every email",
        "That must begin with https://",
        "through your TLS proxy",
    ] {
        assert!(err.contains(text), "{text}\n{err}");
    }
}

#[test]
fn answers_that_end_too_early_write_nothing() {
    let (answers, _) = interviewed(&Options::default(), "ops@example.com\nshop\n");
    let error = answers.err().unwrap();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("nothing was written"));
}

/// An app with the usual secret, as Meta knows it.
async fn meta() -> Simulator {
    let mut world = World::new(crate::daemon::clock::now(), 1);
    world.add_app(AppSpec {
        id: "257422819769992".to_owned(),
        secret: "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
        name: "Acme".to_owned(),
        ..AppSpec::default()
    });
    let here = ([127, 0, 0, 1], 0).into();
    Simulator::start(world, here).await.unwrap()
}

/// What a person sees who types these secrets one after the other, the first of them into the interview.
async fn retyped(places: &Places, secrets: &[&'static str]) -> (bool, String) {
    let meta = meta().await;
    let options = Options {
        graph_url: Some(meta.url()),
        ..Options::default()
    };
    let typed = "ops@acme.example\n\n257422819769992\n\n\n\n/nowhere/else/than/below/a/file\n\n";
    let mut answers = interviewed(&options, typed).0.unwrap();
    let mail = places.folder.join("mail");
    answers.template.way = MailTransport::Directory(mail);
    let mut secrets = secrets.iter().copied();
    answers.secrets[0].value = Secret::new(secrets.next().unwrap());
    let (mut terminal, out, err) = Terminal::on_paper(Some(""));
    let mut prompt = |_: &str| Ok(Secret::new(secrets.next().unwrap_or_default()));
    let stage = staged(&mut answers, &options, places, &mut terminal, &mut prompt).await;
    let stage = stage.unwrap();
    let is_staged = stage.is_some();
    if let Some(stage) = stage {
        stage.take(places).unwrap();
    }
    (is_staged, out.text() + &err.text())
}

#[tokio::test]
async fn a_secret_that_meta_refuses_can_be_typed_again() {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(&folder.path().join("new/perennial"));
    let right = "5f4dcc3b5aa765d61d8327deb882cf99";
    let secrets = ["00000000000000000000000000000000", "1111", right];
    let (is_staged, said) = retyped(&places, &secrets).await;
    assert!(is_staged, "{said}");
    assert_eq!(said.matches("Meta does not accept it").count(), 2, "{said}");
    assert!(said.contains("A test email is written into "), "{said}");
    let written = std::fs::read_to_string(places.credential(&secret_of("acme"))).unwrap();
    assert_eq!(written.trim(), right);
    assert!(places.is_set_up());
}

#[tokio::test]
async fn what_is_not_written_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(&folder.path().join("new/perennial"));
    let (is_staged, said) = retyped(&places, &["00000000000000000000000000000000"]).await;
    assert!(!is_staged, "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    // What was there before stays.
    std::fs::create_dir_all(&places.folder).unwrap();
    retyped(&places, &["00000000000000000000000000000000"]).await;
    assert!(places.folder.is_dir() && !places.credentials().exists());
}
