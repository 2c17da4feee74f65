//! Emails as people read them, one snapshot per cause.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::alerts::fixtures::*;
use crate::email::Templates;
use crate::email::model::RenderedEmail;
use crate::email::operator_emails::test_email;
use crate::email::samples::fixtures;
use crate::email::text::Language;
use crate::model::{
    Expiry, Facts, Health, Incident, IncidentId, IncidentKey, Kind, Permissions, Scopes,
    SinkReport, Token, TokenId,
};

/// Owns everything that an email borrows.
struct Draft {
    incident: Incident,
    tokens: Vec<Token>,
    count: u64,
    pages: u64,
    apps: Vec<String>,
    recipients: Vec<String>,
    operators: Vec<String>,
    reason: EmailReason,
    login_link: Option<String>,
    broken_since: Option<Timestamp>,
    next_email: Option<Timestamp>,
    sink: Option<SinkReport>,
    zone: TimeZone,
    language: Language,
}

const CALENDAR: &str = "https://tokens.example.com/calendar/k3Jd.ics";

fn now() -> Timestamp {
    monday() + hours(1)
}

fn end() -> Timestamp {
    "2026-12-14T02:12:00Z".parse().unwrap()
}

fn draft(cause: Cause) -> Draft {
    let of_the_app = cause.is_about_app() || cause.is_about_sink() || cause.is_about_database();
    let of_a_person = !of_the_app && !cause.concerns_operator();
    let sink = cause.is_about_sink().then(|| fixtures::sink(cause, now()));
    let coming = cause.is_upcoming();
    let tokens = match of_the_app {
        true => Vec::new(),
        false => vec![
            maria(cause),
            of_page("acme-baecker", "Bäckerei Öl & Gas 東京", cause),
        ],
    };
    Draft {
        incident: Incident {
            id: IncidentId(17),
            incident_key: match cause {
                _ if cause.is_about_sink() => IncidentKey::of_sink("chatbot", cause),
                _ if cause.is_about_database() => IncidentKey::of_database(cause),
                _ => IncidentKey {
                    app: "acme".to_owned(),
                    cause: cause.incident_key(),
                    subject: if of_a_person { MARIA } else { "" }.to_owned(),
                },
            },
            subject_name: of_a_person.then(|| "Maria Schmidt".to_owned()),
            deadline: coming.then(end),
            affected: tokens.len() as u64,
            still_affected: tokens.len() as u64,
            ever_affected: tokens.len() as u64,
            ..incident(cause)
        },
        pages: 0,
        apps: Vec::new(),
        count: sink.as_ref().map_or(tokens.len() as u64, |sink| sink.count),
        sink,
        tokens,
        recipients: vec!["maria@example.com".to_owned(), "ops@example.com".to_owned()],
        operators: rules().operators,
        reason: EmailReason::First,
        login_link: None,
        broken_since: matches!(health(cause), Health::Dead { .. })
            .then(monday)
            .filter(|_| !of_the_app),
        next_email: Some(now() + days(3)).filter(|_| !cause.waits_for_meta()),
        zone: berlin(),
        language: Language::English,
    }
}

impl Draft {
    fn facts(&self) -> EmailContext<'_> {
        EmailContext {
            incident: &self.incident,
            reason: self.reason,
            tokens: &self.tokens,
            count: self.count,
            pages: self.pages,
            apps: &self.apps,
            sink: self.sink.as_ref(),
            readers: Readers::of(&self.recipients, &self.operators),
            recipients: &self.recipients,
            operators: &self.operators,
            login_link: self.login_link.as_deref(),
            calendar: self.login_link.as_ref().map(|_| CALENDAR),
            broken_since: self.broken_since,
            next_email: self.next_email,
            now: now(),
            zone: &self.zone,
            language: self.language,
        }
    }

    fn email(&self) -> RenderedEmail {
        Templates::default().render_email(&page(&self.facts()))
    }

    fn as_text(&self) -> String {
        let email = self.email();
        format!("Subject: {}\n\n{}", email.subject, email.text)
    }
}

fn maria(cause: Cause) -> Token {
    token("acme-maria", "Maria Schmidt", Kind::User, cause)
}

fn of_page(name: &str, title: &str, cause: Cause) -> Token {
    token(name, title, Kind::Page, cause)
}

fn token(name: &str, title: &str, kind: Kind, cause: Cause) -> Token {
    let expires_at = match cause {
        Cause::ExpiresSoon => Expiry::At(end()),
        _ => Expiry::Never,
    };
    let data_access_expires_at = match cause {
        Cause::DataAccessExpiresSoon => Expiry::At(end()),
        Cause::DataAccessExpired => Expiry::At(monday()),
        _ => Expiry::Never,
    };
    Token {
        id: TokenId(1),
        app: "acme".to_owned(),
        name: name.to_owned(),
        facts: Some(Facts {
            data_access_expires_at,
            scopes: Some(Scopes::parse("email pages_show_list")),
            ..facts(kind, name, expires_at)
        }),
        subject_name: Some(title.to_owned()),
        parent: None,
        health: health(cause),
        required_scopes: match cause {
            Cause::PermissionMissing => Scopes::parse("leads_retrieval pages_messaging"),
            _ => Scopes::default(),
        },
        permissions: Permissions::default(),
        refused: None,
        owners: Vec::new(),
        version: 1,
        fingerprint: String::new(),
        imported_at: monday(),
        checked_at: None,
        rotated_at: None,
        last_rotation: None,
        next: None,
    }
}

fn health(cause: Cause) -> Health {
    match cause {
        Cause::ExpiresSoon | Cause::DataAccessExpiresSoon | Cause::DataAccessExpired => {
            Health::Expiring { cause }
        }
        Cause::PermissionMissing => Health::Lacking { since: monday() },
        _ => Health::Dead {
            since: monday(),
            cause,
        },
    }
}

#[test]
fn the_email_of_each_cause() {
    for &cause in Cause::ALL {
        insta::assert_snapshot!(cause.as_str(), draft(cause).as_text());
        let german = format!("de_{}", cause.as_str());
        insta::assert_snapshot!(german, in_german(draft(cause)).as_text());
    }
}

/// Some causes affect both tokens that still work in part and tokens that Meta refuses.
#[test]
fn a_token_that_meta_refuses_is_never_said_to_work_partly() {
    for language in Language::ALL {
        for cause in [Cause::DataAccessExpired, Cause::PermissionMissing] {
            let dead = Health::Dead {
                since: monday(),
                cause,
            };
            let mut refused = Draft {
                language: *language,
                ..draft(cause)
            };
            refused.tokens[1].health = dead;
            refused.tokens[1].required_scopes = Scopes::default();
            refused.tokens.remove(0);
            refused.count = 1;
            let cut_off = Draft {
                language: *language,
                ..draft(Cause::PasswordChanged)
            };
            let (is, like) = (page_of(&refused), page_of(&cut_off));
            assert_eq!(is.label, like.label, "{cause}");
            assert_ne!(is.why, page_of(&draft(cause)).why, "{cause}");
            let text = refused.as_text();
            assert!(!text.contains(" ."), "{text}");
            assert!(!text.contains('{'), "{text}");
        }
    }
}

fn in_german(draft: Draft) -> Draft {
    Draft {
        language: Language::German,
        ..draft
    }
}

fn in_each_language() -> impl Iterator<Item = Draft> {
    let languages = Language::ALL.iter();
    languages.flat_map(|&language| {
        Cause::ALL.iter().map(move |&cause| Draft {
            language,
            ..draft(cause)
        })
    })
}

#[test]
fn the_email_as_html() {
    let mut many = draft(Cause::PasswordChanged);
    many.tokens.extend((1..=18).map(|n| {
        let name = format!("acme-page-{n}");
        of_page(&name, &format!("Filiale {n}"), Cause::PasswordChanged)
    }));
    many.count = 1_842;
    insta::assert_snapshot!("html_many_pages", many.email().html);
    insta::assert_snapshot!("html_expires_soon", draft(Cause::ExpiresSoon).email().html);
    insta::assert_snapshot!("html_outage", draft(Cause::Outage).email().html);
    let mut over = draft(Cause::PasswordChanged);
    over.reason = EmailReason::Recovered;
    over.tokens
        .iter_mut()
        .for_each(|token| token.health = Health::Healthy);
    insta::assert_snapshot!("html_recovered", over.email().html);
}

#[test]
fn closing_emails() {
    let mut over = draft(Cause::PasswordChanged);
    over.reason = EmailReason::Recovered;
    over.broken_since = Some(now() - hours(3));
    over.tokens
        .iter_mut()
        .for_each(|token| token.health = Health::Healthy);
    insta::assert_snapshot!("recovered", over.as_text());

    let mut of_the_app = draft(Cause::Outage);
    of_the_app.reason = EmailReason::Recovered;
    insta::assert_snapshot!("recovered_app", of_the_app.as_text());

    let mut removed = draft(Cause::Expired);
    removed.reason = EmailReason::Withdrawn;
    removed.tokens.clear();
    removed.count = 0;
    insta::assert_snapshot!("withdrawn", removed.as_text());
}

#[test]
fn an_end_that_passed_unconfirmed_is_no_longer_called_coming() {
    let mut late = draft(Cause::ExpiresSoon);
    late.reason = EmailReason::Nearer;
    late.incident.deadline = Some(now() - days(3));
    insta::assert_snapshot!("passed_unconfirmed", late.as_text());
}

#[test]
fn an_email_to_try_the_mail_path() {
    let email = Templates::default().render_email(&test_email(Language::German, &berlin(), now()));
    insta::assert_snapshot!("de_for_trying", email.text);
    let email = Templates::default().render_email(&test_email(Language::English, &berlin(), now()));
    insta::assert_snapshot!("for_trying", email.text);
    assert!(email.html.contains("Test email"));
}

#[test]
fn nobody_logs_in_as_a_system_user() {
    let mut reporting = draft(Cause::ExpiresSoon);
    reporting.tokens = vec![token(
        "acme-reporting",
        "Reporting",
        Kind::SystemUser,
        Cause::ExpiresSoon,
    )];
    reporting.count = 1;
    reporting.incident.subject_name = Some("Reporting".to_owned());
    insta::assert_snapshot!("system_user", reporting.as_text());
}

#[test]
fn a_login_link_is_the_only_step() {
    let mut linked = draft(Cause::ExpiresSoon);
    linked.login_link = Some("https://tokens.example.com/login/k3Jd".to_owned());
    let link = "https://tokens.example.com/login/k3Jd";
    let email = linked.email();
    assert!(
        email.text.lines().any(|line| line == link),
        "on a line of its own"
    );
    assert!(email.html.contains(&format!("href=\"{}\"", escaped(link))));
    assert!(email.html.contains(">Log in with Facebook</a>"));
    for body in [&email.text, &email.html] {
        assert!(!body.contains("import --replace"));
    }
    insta::assert_snapshot!("login_link", email.text);
    insta::assert_snapshot!("html_de_login_link", in_german(linked).email().html);
}

#[test]
fn names_can_neither_break_a_header_nor_the_page() {
    let mut evil = draft(Cause::PageRoleLost);
    let name = "<img src=x onerror=alert(1)>\r\nBcc: all@example.com\r\n\r\n\"'{app}";
    evil.incident.subject_name = Some(name.to_owned());
    evil.tokens = vec![of_page("acme-evil", name, Cause::PageRoleLost)];
    evil.count = 1;
    let email = evil.email();
    assert!(!email.subject.contains(['\r', '\n']));
    assert!(!email.html.contains("<img"));
    assert!(email.html.contains("&lt;img"));
    assert!(!email.text.contains("\nBcc:"));
    assert!(email.text.contains("{app}"), "a name is not filled in");
}

#[test]
fn text_and_html_say_the_same() {
    for draft in in_each_language() {
        let cause = draft.incident.cause;
        let page = page_of(&draft);
        let email = draft.email();
        let mut notified = vec![page.headline, page.about, page.why, page.otherwise];
        notified.extend(page.footer);
        notified.extend(
            page.tokens
                .into_iter()
                .flat_map(|row| [row.title, row.detail]),
        );
        for expiry_group in page.expiries {
            notified.push(expiry_group.title);
            let bars = expiry_group.bars.into_iter();
            notified
                .extend(bars.flat_map(|expiry_bar| [expiry_bar.label.to_owned(), expiry_bar.left]));
        }
        for step in draft
            .email()
            .text
            .lines()
            .filter(|line| line.starts_with("https:"))
        {
            notified.push(step.to_owned());
        }
        for notified in notified {
            assert!(email.text.contains(&notified), "{cause}: {notified}");
            assert!(
                email.html.contains(&escaped(&notified)),
                "{cause}: {notified}"
            );
        }
    }
}

fn page_of(draft: &Draft) -> EmailModel {
    page(&draft.facts())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('\'', "&#x27;")
        .replace('/', "&#x2f;")
}

#[test]
fn nothing_comes_from_outside_and_nothing_is_left_unfilled() {
    for draft in in_each_language() {
        let (cause, email) = (draft.incident.cause, draft.email());
        for outside in ["src=", "<img", "@import", "url(", "<script", "<link"] {
            assert!(!email.html.contains(outside), "{cause}: {outside}");
        }
        assert!(!email.text.contains(['{', '}']), "{cause}: {}", email.text);
    }
}

#[test]
fn subjects_fit_a_phone() {
    for mut draft in in_each_language() {
        draft.reason = EmailReason::Reminder;
        let subject = draft.email().subject;
        assert!(subject.chars().count() <= 100, "{subject}");
    }
}

#[test]
fn operators_are_pointed_to_the_book_and_owners_are_not() {
    for &cause in Cause::ALL {
        for language in [Language::English, Language::German] {
            let to_owners = Draft {
                language,
                ..draft(cause)
            };
            let text = to_owners.as_text();
            assert!(!text.contains(book::FOLDER), "{text}");
            let to_operators = Draft {
                recipients: to_owners.operators.clone(),
                ..to_owners
            };
            let section = format!(": {}\n", book::section_of_cause(cause));
            let text = to_operators.as_text() + "\n";
            assert_eq!(text.matches(&section).count(), 1, "{section}\n{text}");
        }
    }
    let over = Draft {
        recipients: draft(Cause::Outage).operators,
        reason: EmailReason::Recovered,
        ..draft(Cause::Outage)
    };
    assert!(!over.as_text().contains(book::FOLDER));
}
