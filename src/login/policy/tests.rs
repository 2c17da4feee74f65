//! What a login requests, and what Meta's answers mean.

use jiff::Timestamp;

use super::*;
use crate::graph_api::{Bucket, Certainty, FACEBOOK, TokenRejection};
use crate::model::{Cause, Expiry, Health, LoginId, MetaCode, NewLogin, Permissions, TokenId};

fn failed(code: i64, subcode: Option<i64>) -> LoginError {
    let meta = MetaCode {
        code,
        subcode,
        fbtrace_id: None,
    };
    let error = Error::Unexpected { meta, status: 400 };
    match ending_of(&error) {
        Ending::Failed { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

fn facts(kind: Kind, person: &str) -> Facts {
    Facts {
        kind,
        subject: person.to_owned(),
        person: person.to_owned(),
        issued_at: None,
        expires_at: Expiry::Never,
        data_access_expires_at: Expiry::Never,
        scopes: Some(Scopes::default()),
    }
}

fn token(facts: Option<Facts>) -> Token {
    Token {
        id: TokenId(1),
        app: "acme".to_owned(),
        name: "acme-maria".to_owned(),
        facts,
        subject_name: None,
        parent: None,
        health: Health::Unverified,
        required_scopes: Scopes::default(),
        permissions: Permissions::default(),
        refused: None,
        owners: Vec::new(),
        version: 1,
        fingerprint: String::new(),
        imported_at: Timestamp::UNIX_EPOCH,
        checked_at: None,
        rotated_at: None,
        last_rotation: None,
        next: None,
    }
}

fn app(config_id: Option<&str>) -> App {
    App {
        name: "acme".to_owned(),
        id: "1".to_owned(),
        platform: &FACEBOOK,
        graph_version: "v25.0".to_owned(),
        dialog_url: String::new(),
        scopes: Scopes::parse("pages_show_list pages_messaging"),
        config_id: config_id.map(str::to_owned),
    }
}

#[test]
fn a_login_is_for_one_person_and_without_one_for_a_new_token_only() {
    let login = |person: Option<&str>, token: Option<TokenId>| Login {
        id: LoginId(1),
        wanted: NewLogin {
            app: "acme".to_owned(),
            person: person.map(str::to_owned),
            token,
            incident: None,
            remedy: Remedy::Login,
            accepts_fewer: false,
            expires_at: Timestamp::UNIX_EPOCH,
        },
        person_name: None,
    };
    let maria = facts(Kind::User, "17");
    for (person, token, expected) in [
        (Some("17"), None, false),
        (Some("17"), Some(TokenId(1)), false),
        (Some("18"), None, true),
        (None, None, false),
        (None, Some(TokenId(1)), true),
    ] {
        let is_of_another = is_of_another(&login(person, token), &maria);
        assert_eq!(is_of_another, expected, "{person:?} {token:?}");
    }
}

#[test]
fn a_person_s_own_token_replaces_none_of_a_page() {
    for (kind, expected) in [
        (Kind::User, true),
        (Kind::SystemUser, true),
        (Kind::Page, false),
    ] {
        let token = token(Some(facts(kind, "17")));
        assert_eq!(may_be_a_persons_own(&token), expected, "{kind:?}");
    }
    assert!(may_be_a_persons_own(&token(None)), "nobody knows yet");
}

#[test]
fn an_answer_that_names_no_permission_does_not_say_what_is_missing() {
    let missing = |granted| not_granted(&app(None), Option::map(granted, Scopes::parse).as_ref());
    assert!(missing(None).is_empty());
    assert_eq!(missing(Some("pages_show_list")), ["pages_messaging"]);
    assert!(missing(Some("pages_messaging pages_show_list email")).is_empty());
}

#[test]
fn each_error_ends_a_login_in_its_own_way() {
    let meta = |code| MetaCode {
        code,
        subcode: None,
        fbtrace_id: None,
    };
    let app = |code| Error::App {
        cause: Cause::AppUnavailable,
        meta: meta(code),
    };
    let refused = Error::Refused(TokenRejection {
        cause: Cause::Expired,
        meta: meta(190),
        certainty: Certainty::Certain,
    });
    let busy = Error::Busy {
        bucket: Bucket::App,
        regain: None,
        meta: meta(4),
    };
    for (error, why, code) in [
        (refused, LoginError::Unusable, Some(190)),
        (app(101), LoginError::AppRefused, Some(101)),
        (Error::Blocked(meta(368)), LoginError::AppRefused, Some(368)),
        (busy, LoginError::Busy, Some(4)),
        (Error::Transient(meta(2)), LoginError::Lost, Some(2)),
        // Meta named no code.
        (app(0), LoginError::AppRefused, None),
    ] {
        assert_eq!(ending_of(&error), Ending::Failed { why, code }, "{error}");
    }
}

#[test]
fn a_code_that_meta_rejects_is_reported_with_its_number() {
    assert_eq!(failed(100, Some(36009)), LoginError::CodeUsed);
    assert_eq!(failed(100, Some(36007)), LoginError::CodeExpired);
    assert_eq!(failed(100, Some(36008)), LoginError::RedirectRefused);
    assert_eq!(failed(191, None), LoginError::RedirectRefused);
    assert_eq!(failed(100, None), LoginError::Unusable);
    assert_eq!(failed(400, Some(36009)), LoginError::CodeUsed);
    assert_eq!(failed(400, None), LoginError::Unusable);
    assert_eq!(failed(0, None), LoginError::Lost);
    let lost = ending_of(&Error::Unreachable("timed out".into()));
    assert!(matches!(
        lost,
        Ending::Failed {
            why: LoginError::Lost,
            code: None
        }
    ));
}

#[test]
fn the_dialog_asks_again_for_what_was_declined() {
    for (remedy, declined, expected) in [
        (Remedy::Login, false, None),
        (Remedy::Login, true, Some(REREQUEST)),
        (Remedy::GrantPermissions, false, Some(REREQUEST)),
        (Remedy::Reauthorize, false, Some(REAUTHORIZE)),
        (Remedy::Reauthorize, true, Some(REREQUEST)),
    ] {
        assert_eq!(auth_type(remedy, declined), expected, "{remedy} {declined}");
    }
}

#[test]
fn only_what_was_asked_for_counts_as_declined() {
    let reported = |name: &str, status: &str| Permission {
        name: name.to_owned(),
        status: status.to_owned(),
    };
    let reported = [
        reported("pages_show_list", "granted"),
        reported("pages_messaging", "declined"),
        reported("user_friends", "declined"),
    ];
    assert_eq!(declined(&app(None), &reported), ["pages_messaging"]);
    let all = declined(&app(Some("7")), &reported);
    assert_eq!(all, ["pages_messaging", "user_friends"]);
}

#[test]
fn names_are_plain_whatever_people_are_called() {
    for (person, expected) in [
        (Some("Maria Schmidt"), Some("acme-maria-schmidt")),
        (Some("  Zoë  O'Neil "), Some("acme-zoe-oneil")),
        (Some("東京"), None),
        (Some(""), None),
        (None, None),
    ] {
        assert_eq!(name_for("acme", person).as_deref(), expected);
    }
    let long = name_for("acme", Some(&"a ".repeat(100))).unwrap();
    assert!(long.len() < 50 && !long.ends_with('-'));
}
