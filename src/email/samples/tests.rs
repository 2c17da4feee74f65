//! What holds of every email, whatever it is about.

use std::collections::BTreeSet;

use super::*;
use crate::email::model::RenderedEmail;
use crate::look::Tone;
use crate::model::Remedy;

#[test]
fn there_is_a_sample_of_every_kind_of_email() {
    let now = Timestamp::UNIX_EPOCH + DAY * 20_000;
    let samples = emails(&Templates::default(), &TimeZone::UTC, now);
    let names: BTreeSet<_> = samples.iter().map(|sample| &sample.name).collect();
    assert_eq!(samples.len(), Language::ALL.len() * names.len());
    for cause in Cause::ALL {
        let of_operators = format!("{cause}-operators");
        assert!(names.contains(&cause.as_str().to_owned()), "{cause}");
        assert_eq!(
            names.contains(&of_operators),
            !cause.concerns_operator(),
            "{cause}"
        );
    }
    assert!(samples.iter().all(|sample| !sample.text.contains('{')));
}

#[test]
fn a_template_that_fails_for_one_kind_of_email_alone_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let template = "{{ headline }}{% if button %}{{ nothing }}{% endif %}";
    std::fs::write(folder.path().join("email.txt"), template).unwrap();
    let templates = Templates::of_folder(folder.path()).unwrap();
    let template_errors = template_errors(&templates);
    assert_eq!(template_errors.len(), 1, "{template_errors:?}");
    assert!(
        template_errors[0].contains("email.txt") && template_errors[0].contains("login_link"),
        "{template_errors:?}"
    );
    assert!(templates.error().is_some());
}

fn now() -> Timestamp {
    "2026-11-30T09:00:00Z".parse().unwrap()
}

fn berlin() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

fn every_email() -> Vec<RenderedEmail> {
    let templates = Templates::default();
    let samples = pages(&berlin(), now()).into_iter();
    let models = samples.map(|(_, _, page)| templates.render_email(&page));
    models.collect()
}

fn is_heading(line: &str) -> bool {
    line.chars().any(char::is_alphabetic) && line == line.to_uppercase()
}

#[test]
fn no_text_has_a_stray_blank_line() {
    for RenderedEmail { text, .. } in every_email() {
        assert!(
            !text.contains("\n\n\n"),
            "two blank lines in a row:\n{text}"
        );
        assert_eq!(
            text.trim(),
            text.trim_end_matches('\n'),
            "blank lines around it:\n{text}"
        );
        assert!(!text.ends_with("\n\n"), "a blank line at the end:\n{text}");
        assert!(
            text.lines().all(|line| line == line.trim_end()),
            "spaces at an end:\n{text}"
        );
    }
}

#[test]
fn headings_stand_apart_and_short_items_together() {
    for RenderedEmail { text, .. } in every_email() {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate().skip(1) {
            if is_heading(line) {
                assert_eq!(
                    (lines[at - 1], lines[at + 1]),
                    ("", ""),
                    "{line} in\n{text}"
                );
            }
            if line.starts_with("- ") && lines[at - 1].is_empty() {
                assert!(is_heading(lines[at - 2]), "{line} stands apart in\n{text}");
            }
        }
    }
}

#[test]
fn every_time_carries_its_zone() {
    let mut found = 0;
    for RenderedEmail { subject, text, .. } in every_email() {
        for line in text.lines().chain([subject.as_str()]) {
            let mut words = line.split_whitespace().filter(|word| *word != "Uhr");
            while let Some(word) = words.next() {
                if is_time(word) {
                    found += 1;
                    let zone = words.next().unwrap_or_default();
                    let zone = zone.trim_end_matches(|c: char| !c.is_alphabetic());
                    assert!(["CET", "CEST", "MEZ", "MESZ"].contains(&zone), "{line}");
                }
            }
        }
    }
    assert!(found > 100, "only {found} times were found");
}

fn is_time(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_digit());
    let two_digits = |part: &str| part.len() == 2 && part.chars().all(|c| c.is_ascii_digit());
    let parts = word.split_once(':');
    parts.is_some_and(|(hour, minute)| two_digits(hour) && two_digits(minute))
}

#[test]
fn what_only_meta_can_end_is_gray() {
    let color_of = |cause: Cause| {
        let pages = pages(&berlin(), now()).into_iter();
        let of_cause = pages.filter(move |(name, _, _)| name == cause.as_str());
        of_cause.map(|(_, _, page)| page.color).collect::<Vec<_>>()
    };
    for &cause in Cause::ALL {
        let colors = color_of(cause);
        assert_eq!(colors.len(), Language::ALL.len(), "{cause}");
        if cause.remedy() == Remedy::Wait {
            assert!(
                colors.iter().all(|color| *color == Tone::Idle.color()),
                "{cause}: {colors:?}"
            );
        }
    }
    for cause in [Cause::PasswordChanged, Cause::AppSecretWrong] {
        assert!(
            color_of(cause)
                .iter()
                .all(|color| *color == Tone::Bad.color()),
            "{cause}"
        );
    }
}

#[test]
fn owners_read_of_pages_and_logins_and_never_of_tokens_by_number() {
    let templates = Templates::default();
    let all = pages(&berlin(), now()).into_iter();
    let copies: BTreeSet<_> = all.map(|(name, _, _)| name).collect();
    let mut seen = 0;
    for (name, language, page) in pages(&berlin(), now()) {
        if !copies.contains(&format!("{name}-operators")) {
            continue;
        }
        seen += 1;
        let RenderedEmail { subject, text, .. } = templates.render_email(&page);
        for unknown in [
            "4 tokens",
            "1,842 tokens",
            "4 Tokens",
            "1.842 Tokens",
            "acme-oel-gas",
        ] {
            assert!(!subject.contains(unknown), "{name} {language:?}: {subject}");
            assert!(!text.contains(unknown), "{name} {language:?}: {text}");
        }
        assert!(
            !text.contains("    perennial "),
            "{name}: a command in\n{text}"
        );
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn what_works_in_part_is_amber_and_what_meta_refuses_is_red() {
    let color_of = |cause, is_refused: bool| {
        let draft = Draft::of(cause, now());
        if !is_refused {
            return draft.page(Language::English, &berlin(), now()).color;
        }
        draft
            .refused()
            .page(Language::English, &berlin(), now())
            .color
    };
    for cause in [Cause::PermissionMissing, Cause::DataAccessExpired] {
        assert_eq!(color_of(cause, false), Tone::Warn.color(), "{cause}");
        assert_eq!(color_of(cause, true), Tone::Bad.color(), "{cause}");
    }
}

#[test]
fn what_is_over_asks_for_nothing() {
    for (name, language, page) in pages(&berlin(), now()) {
        if !["recovered", "renewed_in_time", "withdrawn"].contains(&name.as_str()) {
            continue;
        }
        let text = Templates::default().render_email(&page).text;
        for asking in ["One login is enough", "Eine Anmeldung genügt"] {
            assert!(!text.contains(asking), "{name}, {language:?}:\n{text}");
        }
    }
}

#[test]
fn a_button_follows_the_first_sentence() {
    let mut buttons = 0;
    for (name, _, page) in pages(&berlin(), now()) {
        let Some(button) = &page.button else { continue };
        buttons += 1;
        let text = Templates::default().render_email(&page).text;
        let expected = format!("{}\n\n{}:\n{}\n", page.why, button.label, button.link);
        assert!(text.contains(&expected), "{name}:\n{text}");
    }
    assert_eq!(buttons, 4 * 2 * Language::ALL.len());
}

#[test]
fn a_preheader_adds_to_the_subject() {
    let hidden = "line-height:0\">";
    for (name, _, page) in pages(&berlin(), now()) {
        let RenderedEmail { subject, html, .. } = Templates::default().render_email(&page);
        let (_, rest) = html.split_once(hidden).unwrap();
        let (preheader, _) = rest.split_once("</div>").unwrap();
        assert!(!preheader.trim().is_empty(), "{name} has none");
        assert!(
            !subject.contains(preheader),
            "{name}: {subject} · {preheader}"
        );
    }
    let all = pages(&berlin(), now()).into_iter();
    let mut summaries = all.filter(|(name, ..)| name == "summary");
    let (_, _, page) = summaries.next().unwrap();
    let html = Templates::default().render_email(&page).html;
    assert!(html.contains("4,322 working · 12 need a login within 30 days · 1,842 not working"));
}
