//! Security headers on every answer: no referrer, no scripts, no frames, and no caching unless the route permits it.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};

use crate::login;

const ALWAYS: [(HeaderName, &str); 6] = [
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// Sets the headers on an answer and overwrites those of the route, except for what it says about caching.
pub(super) fn put_on(headers: &mut HeaderMap, settings: &login::Settings) {
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::try_from(content_policy(settings)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// `form-action` also applies to the redirect that answers a form, so it must include Meta's dialog.
fn content_policy(settings: &login::Settings) -> String {
    let mut targets = vec!["'self'".to_owned()];
    for app in &settings.apps {
        let dialog = origin(&app.dialog_url);
        if dialog == app.platform.dialog_url {
            let more = app.platform.dialog_redirects.iter();
            targets.extend(more.copied().map(str::to_owned));
        }
        targets.push(dialog.to_owned());
    }
    targets.sort_unstable();
    targets.dedup();
    format!(
        "default-src 'none'; style-src 'self'; form-action {}; frame-ancestors 'none'; base-uri 'none'",
        targets.join(" ")
    )
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> &str {
    let host_at = url.find("://").map_or(0, |at| at + 3);
    let end = url[host_at..]
        .find('/')
        .map_or(url.len(), |at| host_at + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_the_part_before_the_path() {
        for (url, expected) in [
            ("https://www.facebook.com", "https://www.facebook.com"),
            ("http://127.0.0.1:8900/x/y", "http://127.0.0.1:8900"),
        ] {
            assert_eq!(origin(url), expected);
        }
    }
}
