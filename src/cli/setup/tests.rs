//! What is asked, and what comes of the answers.

use super::Options;
use super::questions::tests::interviewed;
use crate::config::MailWay;

#[test]
fn five_answers_are_enough() {
    let typed = "\n257422819769992\nops@example.com\n\nsmtps://user@smtp.example.com\n";
    let (answers, err) = interviewed(&Options::default(), typed);
    let answers = answers.unwrap();
    assert_eq!(
        (answers.draft.app.as_str(), answers.draft.app_id.as_str()),
        ("main", "257422819769992")
    );
    assert_eq!(answers.draft.from, "Perennial <perennial@example.com>");
    let url = "smtps://user@smtp.example.com".to_owned();
    let has_password = true;
    assert_eq!(answers.draft.way, MailWay::Smtp { url, has_password });
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
    let draft = answers.unwrap().draft;
    assert_eq!(
        (draft.app.as_str(), draft.app_id.as_str()),
        ("shop", "1234567")
    );
    assert_eq!(draft.to, ["ops@example.com", "it@example.com"]);
    assert_eq!(draft.way, MailWay::Directory("/srv/mail".into()));
    for words in [
        "That is no name for an app;",
        "App settings, Basic",
        "That must be digits only",
        "Whoever looks after Perennial itself",
        "That is no mail address",
        "That is no sender",
        "That is no mail server",
    ] {
        assert!(err.contains(words), "{words}\n{err}");
    }
}

#[test]
fn answers_that_end_too_early_write_nothing() {
    let (answers, _) = interviewed(&Options::default(), "shop\n123\n");
    let failure = answers.err().unwrap();
    assert_eq!(failure.exit_code(), 2);
    assert!(failure.to_string().contains("nothing was written"));
}
