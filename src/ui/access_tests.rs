//! Who gets a page and who gets nothing: a table per rule.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::access::{Access, Admission};

struct Browser {
    access: Access,
    cookie: String,
}

fn browser() -> Browser {
    let access = Access::new().unwrap();
    let cookie = access.set_cookie();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    Browser { access, cookie }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let value = HeaderValue::from_str(value).unwrap();
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

impl Browser {
    fn asks(&self, method: &Method, path: &str, pairs: &[(&'static str, &str)]) -> Admission {
        let uri: Uri = path.parse().unwrap();
        self.access.admit(method, &uri, &headers(pairs))
    }

    fn path(&self, rest: &str) -> String {
        format!("{}{rest}", self.access.base())
    }
}

#[test]
fn the_prefix_and_the_cookie_together_open_a_page() {
    let browser = browser();
    let (host, cookie) = (("host", "127.0.0.1:4711"), ("cookie", &*browser.cookie));
    let path = browser.path("/tokens?state=dead");
    let page = Admission::Page("/tokens".to_owned());
    assert_eq!(browser.asks(&Method::GET, &path, &[host, cookie]), page);
    let among_others = format!("a=b; {}; c=d", browser.cookie);
    let among_others = ("cookie", &*among_others);
    assert_eq!(
        browser.asks(&Method::GET, &path, &[host, among_others]),
        page
    );

    assert_eq!(
        browser.asks(&Method::GET, &path, &[host]),
        Admission::Nothing
    );
    let flipped = |text: &str| {
        let last = if text.ends_with('A') { 'B' } else { 'A' };
        format!("{}{last}", &text[..text.len() - 1])
    };
    let wrong = ("cookie", &*flipped(&browser.cookie));
    assert_eq!(
        browser.asks(&Method::GET, &path, &[host, wrong]),
        Admission::Nothing
    );
    let wrong = format!("{}/tokens", flipped(browser.access.base()));
    for path in [&*wrong, "/tokens", "/", "//tokens"] {
        let asked = browser.asks(&Method::GET, path, &[host, cookie]);
        assert_eq!(asked, Admission::Nothing, "{path}");
    }
}

#[test]
fn the_one_time_address_works_once_and_only_when_it_is_opened() {
    let browser = browser();
    let host = ("host", "localhost:1");
    let path = browser.access.one_time_path().unwrap();
    assert_eq!(
        browser.asks(&Method::HEAD, &path, &[host]),
        Admission::Nothing
    );
    let wrong = format!("{path}A");
    assert_eq!(
        browser.asks(&Method::GET, &wrong, &[host]),
        Admission::Nothing
    );
    let elsewhere = ("host", "example.com");
    assert_eq!(
        browser.asks(&Method::GET, &path, &[elsewhere]),
        Admission::Nothing
    );
    assert_eq!(
        browser.asks(&Method::GET, &path, &[host]),
        Admission::FirstVisit
    );
    assert_eq!(
        browser.asks(&Method::GET, &path, &[host]),
        Admission::Nothing
    );
    assert_eq!(browser.access.one_time_path(), None);
}

#[test]
fn only_names_of_this_machine_are_answered() {
    let browser = browser();
    let path = browser.path("/");
    let is_page = |host: &str| {
        let asked = browser.asks(
            &Method::GET,
            &path,
            &[("host", host), ("cookie", &browser.cookie)],
        );
        asked == Admission::Page("/".to_owned())
    };
    for host in [
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:9",
        "localhost",
        "localhost:65535",
    ] {
        assert!(is_page(host), "{host}");
    }
    for host in [
        "",
        "127.0.0.1.evil.com",
        "127.evil.com",
        "localhost.evil.com:80",
        "evil.com",
        "127.0.0.2",
        "127.0.0.1:80:80",
        "127.0.0.1:a",
        "user@127.0.0.1",
        "::1",
        "[::1].evil.com",
        "0.0.0.0",
    ] {
        assert!(!is_page(host), "{host}");
    }
    let two = [
        ("host", "127.0.0.1"),
        ("host", "127.0.0.1"),
        ("cookie", &*browser.cookie),
    ];
    assert_eq!(browser.asks(&Method::GET, &path, &two), Admission::Nothing);
    let absolute = format!("http://127.0.0.1{path}");
    let one = [("host", "127.0.0.1"), ("cookie", &*browser.cookie)];
    assert_eq!(
        browser.asks(&Method::GET, &absolute, &one),
        Admission::Nothing
    );
}

#[test]
fn only_its_own_pages_may_change_anything() {
    let browser = browser();
    let path = browser.path("/login");
    let is_page = |host: &str, origins: &[&str]| {
        let mut pairs = vec![("host", host), ("cookie", &*browser.cookie)];
        pairs.extend(origins.iter().map(|origin| ("origin", *origin)));
        browser.asks(&Method::POST, &path, &pairs) == Admission::Page("/login".to_owned())
    };
    assert!(is_page("127.0.0.1:9", &["http://127.0.0.1:9"]));
    assert!(is_page("localhost:8", &["http://localhost:8"]));
    for origins in [
        &[][..],
        &["null"],
        &["http://127.0.0.1"],
        &["http://127.0.0.1:8"],
        &["http://localhost:9"],
        &["https://127.0.0.1:9"],
        &["http://evil.com"],
        &["http://127.0.0.1:9.evil.com"],
        &["http://127.0.0.1:9", "http://127.0.0.1:9"],
    ] {
        assert!(!is_page("127.0.0.1:9", origins), "{origins:?}");
    }
}
