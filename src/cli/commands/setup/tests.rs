//! What setup asks, and what it makes of the answers.

use super::Options;
use super::questions::tests::interviewed;
use crate::config::MailTransport;

#[test]
fn five_answers_are_enough() {
    let typed = "\n257422819769992\nops@example.com\n\nsmtps://user@smtp.example.com\n";
    let (answers, err) = interviewed(&Options::default(), typed);
    let answers = answers.unwrap();
    assert_eq!(
        (
            answers.template.app.as_str(),
            answers.template.app_id.as_str()
        ),
        ("main", "257422819769992")
    );
    assert_eq!(answers.template.from, "Perennial <perennial@example.com>");
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
    assert_eq!(names, ["main.secret", "smtp.password"]);
    assert!(
        err.contains("What shall the app be called here? [main]"),
        "{err}"
    );
}

#[test]
fn an_answer_that_cannot_be_used_is_asked_for_again() {
    let typed = "my app\nshop\n\n12a\n1234567\n?\nops\nops@example.com, it@example.com\n<me>\n\nsmtp.example.com\n/srv/mail\n";
    let (answers, err) = interviewed(&Options::default(), typed);
    let template = answers.unwrap().template;
    assert_eq!(
        (template.app.as_str(), template.app_id.as_str()),
        ("shop", "1234567")
    );
    assert_eq!(template.to, ["ops@example.com", "it@example.com"]);
    assert_eq!(template.way, MailTransport::Directory("/srv/mail".into()));
    for text in [
        "That is not a valid app name;",
        "App settings, Basic",
        "That must be digits only",
        "Whoever looks after Perennial itself",
        "That is not an email address",
        "That is not a sender",
        "That is not the URL of a mail server",
    ] {
        assert!(err.contains(text), "{text}\n{err}");
    }
}

#[test]
fn answers_that_end_too_early_write_nothing() {
    let (answers, _) = interviewed(&Options::default(), "shop\n123\n");
    let error = answers.err().unwrap();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("nothing was written"));
}
