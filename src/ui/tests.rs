//! The templates with extreme content: everything is escaped, and no page is longer than 50 kB.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use minijinja::value::Serde;
use serde_json::{Value, json};

use super::routes::shortened;
use super::{page, timeline};
use crate::model::Forecast;

const LARGEST: usize = 50_000;

const NOW: &str = "2026-11-22T09:00:00Z";

fn render(template: &str, body: &Value) -> String {
    let templates = page::templates(TimeZone::UTC).unwrap();
    let frame = json!({
        "base": format!("/{}", "p".repeat(43)), "section": "", "title": "<b>Title</b>",
        "form_token": "f", "user": "ada", "is_operator": true, "version": "1", "now": NOW,
        "body": body,
    });
    let html = templates
        .get_template(template)
        .and_then(|template| template.render(Serde(&frame)));
    let html = html.unwrap_or_else(|error| panic!("{template}: {error:#}"));
    assert!(!html.contains("<b>"), "{template} inserts markup:\n{html}");
    let size = html.len();
    assert!(size <= LARGEST, "{template} has {size} bytes");
    html
}

/// Longer than most names, with characters that must be escaped.
fn name(number: usize) -> String {
    format!("acme-<b>\"the page of a company with a long name\"-{number:07}")
}

fn token(number: usize) -> Value {
    json!({
        "name": name(number), "app": "acme", "kind": "page", "parent": name(1), "state": "failing",
        "subject": {"id": "1234567890123456", "name": name(number)},
        "cause": "replaced_elsewhere", "remedy": "login", "fingerprint": "abcdef", "version": 3,
        "issued_at": null, "expires_at": NOW, "data_access_expires_at": NOW,
        "scopes": ["pages_show_list", "pages_messaging"], "missing_scopes": ["email"],
        "owners": [], "imported_at": NOW, "checked_at": NOW, "rotated_at": NOW,
        "last_rotation": {"outcome": "same_expiry", "at": NOW},
        "next": {"action": "check", "at": NOW}, "consumers": [],
    })
}

fn incident(number: usize) -> Value {
    json!({
        "id": number.to_string(), "app": "acme", "cause": "data_access_expires_soon",
        "remedy": "reauthorize", "subject": {"id": "1", "name": name(number)}, "state": "open",
        "opened_at": NOW, "deadline": NOW, "tokens_affected": 100_000,
        "tokens": (0..20).map(name).collect::<Vec<_>>(), "told": [], "next_reminder_at": NOW,
        "resolved_at": null,
    })
}

fn list_of(tokens: &[Value]) -> String {
    render(
        "tokens.html",
        &json!({
            "tokens": tokens,
            "filter": {"prefix": name(1), "state": "dead", "kind": "page", "app": "acme",
                "parent": name(2), "sort": "name", "behind": false},
            "states": ["dead"], "kinds": ["page"], "apps": ["acme"], "total": 1_000_000,
            "next": "/next", "first": "/first", "export": "/export",
        }),
    )
}

#[test]
fn a_token_whose_end_is_unknown_is_not_said_to_last() {
    for (never_expires, expected) in [(true, "<td>never</td>"), (false, "<td>unknown</td>")] {
        let mut token = token(1);
        token["expires_at"] = Value::Null;
        token["never_expires"] = never_expires.into();
        let html = list_of(&[token]);
        assert!(html.contains(expected), "{html}");
    }
}

#[test]
fn a_full_list_of_tokens_is_a_short_page() {
    let html = list_of(&(0..50).map(token).collect::<Vec<_>>());
    assert!(html.contains("1,000,000 tokens"), "{html}");
    assert!(html.contains("/token/acme-%3Cb%3E%22the"), "{html}");
}

#[test]
fn much_to_do_is_a_short_page() {
    let task = |number: usize| {
        json!({
            "incident": incident(number), "tokens": (0..3).map(name).collect::<Vec<_>>(),
            "more_tokens": 99_995, "has_ended": false, "login_token": name(0),
        })
    };
    let person = |number: usize| json!({"name": name(number), "is_operators": false, "tasks": [task(number)]});
    let counts =
        json!({"total": 0, "unverified": 1, "healthy": 2, "expiring": 3, "failing": 4, "dead": 5});
    render(
        "act.html",
        &json!({
            "counts": counts, "next_deadline": null, "problems": ["<b>"], "left_out": 460,
            "people": (0..30).map(person).collect::<Vec<_>>(),
        }),
    );
    let nothing = json!({"counts": counts, "problems": [], "left_out": 0, "people": [],
        "next_deadline": {"token": name(1), "at": NOW}});
    let html = render("act.html", &nothing);
    assert!(html.contains("All is well"), "{html}");
}

#[test]
fn many_incidents_are_a_short_page() {
    let incidents: Vec<Value> = (0..50).map(incident).collect();
    let body = json!({"incidents": incidents, "filters": ["unresolved"], "chosen": "unresolved", "are_more": true});
    render("incidents.html", &body);
}

#[test]
fn a_busy_forecast_is_a_short_page() {
    let now: jiff::Timestamp = NOW.parse().unwrap();
    let day = SignedDuration::from_hours(24);
    let at = |days: i32| (now + day * days).to_string();
    let on = |days: i32| at(days)[..10].to_owned();
    let forecast = json!({
        "from": NOW, "to": at(90), "assumes": vec!["<b>"; 6],
        "summary": {"logins": 1000, "people": 900, "renewals": 5, "emails": 9, "lapses": 7,
            "busiest_day": {"on": on(3), "app": "acme", "calls_percent": 38}},
        "logins": (0..90).map(|n| json!({"by": at(n), "person": "1", "name": name(1), "app": "acme",
            "tokens": 1843, "pages": 1842, "round": 1})).collect::<Vec<_>>(),
        "renewals": (0..13).map(|n| json!({"week": on(7 * n), "count": 10 * n})).collect::<Vec<_>>(),
        "emails": (0..30).map(|n| json!({"at": at(n), "subject": name(2), "to": ["a@example.com"]}))
            .collect::<Vec<_>>(),
        "calls": (0..=90).map(|n| json!({"day": on(n), "app": "acme", "expected": 6000, "budget": 4800}))
            .collect::<Vec<_>>(),
        "version_ends": [{"app": "acme", "api": "graph", "version": "v25.0", "on": on(40)}],
        "lapses": (0..90).map(|n| json!({"token": name(3), "at": at(n), "why": name(4)})).collect::<Vec<_>>(),
        "single_admin_pages": [{"app": "acme", "person": "1", "name": null, "pages": 12}],
        "left_out": {"logins": 3, "emails": 2, "lapses": 1, "single_admin_pages": 0},
    });
    let forecast: Forecast = serde_json::from_value(forecast).unwrap();
    let timeline = timeline::of(&forecast);
    let forecast = shortened(forecast);
    let html = render(
        "forecast.html",
        &json!({"forecast": forecast, "timeline": timeline}),
    );
    assert_eq!(html.matches("<circle class=\"login\"").count(), 90);
}
