//! Reads the answers of Meta's debugger.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::model::{Cause, Expiry, Facts, Kind};

use super::classify::{self, Role};
use super::texts;
use super::value::Value;
use super::wire::{self, DebugData, ErrorBody};
use super::{Certainty, Error, Inspection, TokenRejection};

/// Reads the answer to one inspection. A rejected token is a result, not an error; an error says nothing about the
/// token.
pub(super) fn read(status: u16, body: &str, app_id: &str, role: Role) -> Result<Inspection, Error> {
    match wire::parse(body) {
        Ok(wire::Debug {
            data: Some(data),
            error: None,
        }) if status == 200 && !data.is_empty() => Ok(assess(data, app_id)),
        Ok(_) | Err(_) => match classify::assess(status, body, role) {
            Err(Error::Refused(rejection)) => Ok(Inspection::Refused {
                rejection,
                facts: None,
            }),
            Err(error) => Err(error),
            Ok(()) => Err(Error::senseless(status)),
        },
    }
}

/// Reads what a tester was told about a token of this kind. The answer has no app id, and calls every token a user's. The
/// end of data access is not read: nothing shows that a renewal moves it, as it moves the permissions.
pub(super) fn read_of_kind(status: u16, body: &str, kind: Kind) -> Result<Inspection, Error> {
    let wire::Debug { data, error } = wire::parse(body)?;
    let data = data.filter(|data| status == 200 && error.is_none() && !data.is_empty());
    let Some(data) = data else {
        classify::assess(status, body, Role::App)?;
        return Err(Error::senseless(status));
    };
    let of_kind = |facts: Facts| Facts {
        kind,
        data_access_expires_at: Expiry::Never,
        scopes: facts.scopes.and_then(|scopes| scopes.known_for(kind)),
        ..facts
    };
    Ok(match assess(data, "") {
        Inspection::Alive(facts) => Inspection::Alive(of_kind(facts)),
        Inspection::Refused { rejection, facts } => Inspection::Refused {
            rejection,
            facts: facts.map(of_kind),
        },
        undecided @ Inspection::Undecided(_) => undecided,
    })
}

/// Reads the inspection of the app's own token. `Ok` if Meta accepts the app's credentials.
pub(super) fn confirms_app(status: u16, body: &str) -> Result<(), Error> {
    classify::assess(status, body, Role::App)?;
    let wire::Debug { data, .. } = wire::parse(body)?;
    let mut data = data.ok_or_else(|| Error::senseless(status))?;
    match (data.take_error(), data.is_valid.flag()) {
        (Some(error_body), _) => Err(classify::classify(&error_body, Role::App, status)),
        (None, Some(true)) => Ok(()),
        (None, Some(false) | None) => Err(Error::senseless(status)),
    }
}

/// Reads the debugger's data about one token. The debugger answered, so no error in it is about the calling app.
fn assess(mut data: DebugData<'_>, app_id: &str) -> Inspection {
    match data.take_error() {
        Some(error_body) if texts::leaves_token_alive(&error_body) => living(data, app_id),
        Some(error_body)
            if data.is_valid.flag() == Some(true) && texts::is_about_an_asset(&error_body) =>
        {
            living(data, app_id)
        }
        Some(error_body) => blamed(&error_body, data, app_id),
        None => match data.is_valid.flag() {
            Some(true) => living(data, app_id),
            // Invalid without a stated reason.
            Some(false) => Inspection::Refused {
                rejection: TokenRejection::new(Cause::SessionEnded, Certainty::Doubtful),
                facts: facts(data, app_id),
            },
            None => Inspection::Undecided(Error::senseless(200)),
        },
    }
}

fn blamed(error_body: &ErrorBody, data: DebugData<'_>, app_id: &str) -> Inspection {
    let is_valid = data.is_valid.flag();
    match classify::classify(error_body, Role::Inspected, 200) {
        Error::Refused(mut rejection) => {
            // Meta contradicts itself. Assume that the token is rejected, but confirm it with a second check.
            if is_valid == Some(true) {
                rejection.certainty = Certainty::Doubtful;
            }
            let facts = facts(data, app_id);
            Inspection::Refused { rejection, facts }
        }
        error => Inspection::Undecided(error),
    }
}

fn living(data: DebugData<'_>, app_id: &str) -> Inspection {
    if !is_of(&data, app_id) {
        return Inspection::Refused {
            rejection: TokenRejection::new(Cause::WrongApp, Certainty::Certain),
            facts: None,
        };
    }
    facts(data, app_id).map_or_else(
        || Inspection::Undecided(Error::senseless(200)),
        Inspection::Alive,
    )
}

/// Returns whether the token belongs to this app. If Meta does not say, it does: an app cannot inspect the tokens of
/// another.
fn is_of(data: &DebugData<'_>, app_id: &str) -> bool {
    match &data.app_id {
        Value::Whole(id) => app_id.parse() == Ok(*id),
        id => id.text().is_none_or(|id| id == app_id),
    }
}

/// Returns `None` if ids are missing, because the kind is unknown without them, or if the ids belong to another app.
fn facts(data: DebugData<'_>, app_id: &str) -> Option<Facts> {
    if !is_of(&data, app_id) {
        return None;
    }
    let kind = kind(&data)?;
    let owned = |id: Value<'_>| id.id().map(Cow::into_owned);
    let user = owned(data.user_id);
    let (subject, person) = match kind {
        Kind::User | Kind::SystemUser | Kind::InstagramUser | Kind::ThreadsUser => {
            (user.clone()?, user?)
        }
        Kind::Page => {
            let page = owned(data.profile_id)?;
            let person = user.unwrap_or_else(|| page.clone());
            (page, person)
        }
        Kind::App => (app_id.to_owned(), app_id.to_owned()),
    };
    Some(Facts {
        kind,
        subject,
        person,
        issued_at: expiry(&data.issued_at, kind).at(),
        expires_at: expiry(&data.expires_at, kind),
        data_access_expires_at: expiry(&data.data_access_expires_at, kind),
        scopes: match data.scopes {
            Value::List(scopes) => Some(scopes.iter().collect()),
            _ => None,
        },
    })
}

fn kind(data: &DebugData<'_>) -> Option<Kind> {
    if matches!(data.kind, Value::Missing) {
        return kind_by_ids(data);
    }
    match data.kind.text()? {
        "USER" => Some(Kind::User),
        "PAGE" => Some(Kind::Page),
        "SYSTEM_USER" => Some(Kind::SystemUser),
        "APP" => Some(Kind::App),
        _ => None,
    }
}

/// Determines the kind from the ids, because old answers have no type: a token with a page id is a page token, one with
/// only a person's id a user token.
fn kind_by_ids(data: &DebugData<'_>) -> Option<Kind> {
    let is_missing = |id: &Value<'_>| matches!(id, Value::Missing);
    if !is_missing(&data.profile_id) {
        return Some(Kind::Page);
    }
    if !is_missing(&data.user_id) {
        return Some(Kind::User);
    }
    let is_living_app = data.is_valid.flag() == Some(true) && !is_missing(&data.app_id);
    is_living_app.then_some(Kind::App)
}

/// 0 means never, and so does a missing expiry of an app token. Times outside the calendar count as unknown.
fn expiry(seconds: &Value<'_>, kind: Kind) -> Expiry {
    match (seconds.whole(), seconds, kind) {
        (Some(0), ..) | (None, Value::Missing, Kind::App) => Expiry::Never,
        (Some(end @ 1..), ..) => Timestamp::from_second(end).map_or(Expiry::Unknown, Expiry::At),
        (Some(..0), ..) | (None, ..) => Expiry::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Scopes;

    fn read(status: u16, body: &str, app_id: &str) -> Result<Inspection, Error> {
        super::read(status, body, app_id, Role::App)
    }

    const APP: &str = "257422819769992";

    macro_rules! recorded {
        ($name:literal) => {
            include_str!(concat!("../../tests/fixtures/graph/", $name, ".json"))
        };
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn alive(body: &str, app_id: &str) -> Facts {
        match read(200, body, app_id).unwrap() {
            Inspection::Alive(facts) => facts,
            other @ (Inspection::Refused { .. } | Inspection::Undecided(_)) => panic!("{other:?}"),
        }
    }

    fn refused(status: u16, body: &str) -> (TokenRejection, Option<Facts>) {
        match read(status, body, APP).unwrap() {
            Inspection::Refused { rejection, facts } => (rejection, facts),
            other @ (Inspection::Alive(_) | Inspection::Undecided(_)) => panic!("{other:?}"),
        }
    }

    #[test]
    fn living_tokens_are_described() {
        let long = alive(recorded!("debug_user_long_lived"), APP);
        let expected = Facts {
            kind: Kind::User,
            subject: "123".to_owned(),
            person: "123".to_owned(),
            issued_at: Some(at(1_668_750_788)),
            expires_at: Expiry::At(at(1_673_934_788)),
            data_access_expires_at: Expiry::At(at(1_676_526_788)),
            scopes: Some(Scopes::parse("public_profile")),
        };
        assert_eq!(long, expected);

        let short = alive(recorded!("debug_user_short_lived"), APP);
        assert_eq!(short.issued_at, None);

        let page = alive(recorded!("debug_page"), APP);
        assert_eq!(
            (page.kind, &*page.subject, &*page.person),
            (Kind::Page, "103455271248220", "123")
        );
        assert_eq!(
            page.scopes,
            Some(Scopes::parse("pages_show_list public_profile"))
        );

        let system = alive(recorded!("debug_system_user"), "634974688087057");
        assert_eq!(system.kind, Kind::SystemUser);
        assert_eq!(system.expires_at, Expiry::Never);
        assert_eq!(system.data_access_expires_at, Expiry::Never);

        let app = alive(recorded!("debug_app"), APP);
        assert_eq!(
            (app.kind, &*app.subject, app.expires_at),
            (Kind::App, APP, Expiry::Never)
        );
    }

    #[test]
    fn only_a_list_says_what_a_token_permits() {
        for (scopes, expected) in [
            ("", None),
            (r#","scopes":null"#, None),
            (r#","scopes":"email""#, None),
            (r#","scopes":[]"#, Some("")),
            (r#","scopes":["b","a"]"#, Some("a b")),
        ] {
            let body =
                format!(r#"{{"data":{{"type":"USER","user_id":"7","is_valid":true{scopes}}}}}"#);
            let said = alive(&body, APP).scopes;
            assert_eq!(said, expected.map(Scopes::parse), "{scopes}");
        }
    }

    #[test]
    fn dead_tokens_are_described_as_far_as_meta_still_does() {
        for (body, cause, subcode, person) in [
            (
                recorded!("debug_expired"),
                Cause::Expired,
                Some(463),
                Some("123"),
            ),
            (
                recorded!("debug_password_changed"),
                Cause::PasswordChanged,
                Some(460),
                Some("123"),
            ),
            // The token belongs to another app, so its ids are not kept.
            (
                recorded!("debug_invalidated_by_api"),
                Cause::SessionEnded,
                Some(466),
                None,
            ),
            (
                recorded!("debug_undecryptable"),
                Cause::Unreadable,
                None,
                None,
            ),
        ] {
            let (rejection, facts) = refused(200, body);
            assert_eq!(
                (rejection.cause, rejection.meta.subcode),
                (cause, subcode),
                "{body}"
            );
            assert_eq!(facts.map(|facts| facts.person).as_deref(), person, "{body}");
        }
    }

    #[test]
    fn a_call_that_fails_says_nothing_of_the_token() {
        let error = read(400, recorded!("debug_caller_refused"), APP).unwrap_err();
        assert_eq!(error.cause(), Cause::AppSecretWrong);
        let (rejection, facts) = refused(400, recorded!("debug_other_app"));
        assert_eq!((rejection.cause, facts), (Cause::WrongApp, None));
    }

    #[test]
    fn a_living_token_of_another_app_is_refused() {
        let (rejection, facts) = refused(200, recorded!("debug_system_user"));
        assert_eq!((rejection.cause, facts), (Cause::WrongApp, None));
    }

    #[test]
    fn an_error_beside_a_valid_token_is_believed_only_at_the_second_check() {
        let body = recorded!("debug_expired").replace(r#""is_valid":false"#, r#""is_valid":true"#);
        let (rejection, _) = refused(200, &body);
        assert_eq!(
            (rejection.cause, rejection.certainty),
            (Cause::Expired, Certainty::Doubtful)
        );
        let (rejection, _) = refused(200, recorded!("debug_expired"));
        assert_eq!(rejection.certainty, Certainty::Certain);
    }

    #[test]
    fn an_error_about_an_asset_beside_a_valid_token_is_not_about_the_token() {
        let body = |error: &str| {
            format!(
                r#"{{"data":{{"is_valid":true,"type":"SYSTEM_USER","user_id":"1","expires_at":0,"error":{{{error}}}}}}}"#
            )
        };
        for error in [
            r#""code":200,"message":"(#200) You do not have permission""#,
            r#""code":10,"message":"(#10) Application does not have permission for this action""#,
            r#""code":100,"subcode":33,"message":"Object with ID '1' does not exist""#,
        ] {
            let body = body(error);
            assert_eq!(alive(&body, APP).kind, Kind::SystemUser, "{body}");
        }
        for error in [
            r#""code":200,"message":"API access blocked.""#,
            r#""code":200,"subcode":458,"message":"m""#,
            r#""code":190,"message":"m""#,
        ] {
            let (rejection, _) = refused(200, &body(error));
            assert_eq!(rejection.certainty, Certainty::Doubtful, "{error}");
        }
    }

    #[test]
    fn a_tester_is_told_of_a_token_without_an_app_and_with_a_number_for_an_id() {
        let read = |body: &str| read_of_kind(200, body, Kind::ThreadsUser);
        let body = r#"{"data":{"type":"USER","application":"demo","data_access_expires_at":1676526788,
            "expires_at":1673934788,"is_valid":true,"issued_at":1668750788,"scopes":["threads_basic"],
            "user_id":17841405822304914}}"#;
        let Ok(Inspection::Alive(facts)) = read(body) else {
            panic!("not alive");
        };
        let expected = Facts {
            kind: Kind::ThreadsUser,
            subject: "17841405822304914".to_owned(),
            person: "17841405822304914".to_owned(),
            issued_at: Some(at(1_668_750_788)),
            expires_at: Expiry::At(at(1_673_934_788)),
            data_access_expires_at: Expiry::Never,
            scopes: Some(Scopes::parse("threads_basic")),
        };
        assert_eq!(facts, expected);
        let expired = r#"{"data":{"type":"USER","is_valid":false,"user_id":7,"scopes":[],"error":{"code":190,
            "message":"Session has expired","subcode":463}}}"#;
        let Ok(Inspection::Refused { rejection, facts }) = read(expired) else {
            panic!("not refused");
        };
        assert_eq!(rejection.cause, Cause::Expired);
        assert_eq!(facts.unwrap().kind, Kind::ThreadsUser);
        let tester_expired =
            r#"{"error":{"code":190,"error_subcode":463,"type":"THApiException"}}"#;
        assert!(read_of_kind(400, tester_expired, Kind::ThreadsUser).is_err());
    }

    #[test]
    fn invalid_without_a_reason_is_checked_again() {
        let (rejection, facts) = refused(
            200,
            r#"{"data":{"is_valid":false,"type":"USER","user_id":"1"}}"#,
        );
        assert_eq!(
            (rejection.cause, rejection.certainty),
            (Cause::SessionEnded, Certainty::Doubtful)
        );
        assert_eq!(facts.unwrap().person, "1");
    }

    #[test]
    fn an_error_inside_the_answer_rejects_no_token_and_affects_that_token_alone() {
        for (code, cause) in [
            (2, Cause::Outage),
            (4, Cause::Throttled),
            (368, Cause::Blocked),
        ] {
            let body = format!(r#"{{"data":{{"is_valid":false,"error":{{"code":{code}}}}}}}"#);
            let Ok(Inspection::Undecided(error)) = read(200, &body, APP) else {
                panic!("{body}");
            };
            assert_eq!(error.cause(), cause);
        }
    }

    #[test]
    fn an_error_beside_the_data_is_the_calls() {
        let body = r#"{"error":{"code":4},"data":{"is_valid":false,"error":{"code":190}}}"#;
        assert_eq!(read(200, body, APP).unwrap_err().cause(), Cause::Throttled);
    }

    #[test]
    fn a_living_token_that_cannot_be_described_is_not_filed() {
        for data in [
            r#"{"is_valid":true}"#,
            r#"{"is_valid":true,"type":"GROUP","user_id":"1"}"#,
            r#"{"is_valid":true,"type":"USER"}"#,
            r#"{"is_valid":true,"type":"USER","user_id":""}"#,
            r#"{"is_valid":true,"type":"USER","user_id":1.5}"#,
            r#"{"is_valid":true,"type":"USER","user_id":123456789012345678901234567890}"#,
            r#"{"is_valid":true,"type":"PAGE","user_id":"1"}"#,
            r#"{"is_valid":true,"type":7,"user_id":"1"}"#,
            r#"{"is_valid":"yes","type":"USER","user_id":"1"}"#,
            r#"{"type":"USER","user_id":"1"}"#,
        ] {
            let body = format!(r#"{{"data":{data}}}"#);
            let undecided = Inspection::Undecided(Error::senseless(200));
            assert_eq!(read(200, &body, APP), Ok(undecided), "{body}");
        }
        for body in [r#"{"data":[]}"#, r#"{"data":{}}"#, r#"{"data":null}"#, "{}"] {
            assert_eq!(read(200, body, APP), Err(Error::senseless(200)), "{body}");
        }
        let whole = recorded!("debug_user_long_lived").trim();
        for length in 0..whole.len() {
            let error = read(200, &whole[..length], APP).unwrap_err();
            assert!(matches!(error, Error::Unreachable(_)), "{length}");
        }
    }

    #[test]
    fn ids_keep_every_digit_whether_quoted_or_not() {
        for (id, expected) in [
            ("9007199254740993", "9007199254740993"),
            ("\"9007199254740993\"", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            let body = format!(
                r#"{{"data":{{"app_id":{APP},"type":"USER","is_valid":true,"user_id":{id}}}}}"#
            );
            assert_eq!(alive(&body, APP).person, expected);
        }
    }

    #[test]
    fn clocks_hold_what_a_calendar_holds() {
        for (expires_at, expected) in [
            (r#""expires_at":0"#, Expiry::Never),
            (r#""expires_at":1673934788"#, Expiry::At(at(1_673_934_788))),
            (
                r#""expires_at":"1673934788""#,
                Expiry::At(at(1_673_934_788)),
            ),
            (r#""expires_at":-1"#, Expiry::Unknown),
            (r#""expires_at":9223372036854775807"#, Expiry::Unknown),
            (r#""expires_at":99999999999999999999999"#, Expiry::Unknown),
            (r#""expires_at":1e300"#, Expiry::Unknown),
            (r#""expires_at":null"#, Expiry::Unknown),
            (r#""expires_at":{"at":[1]}"#, Expiry::Unknown),
            (r#""x":0"#, Expiry::Unknown),
        ] {
            let body = format!(
                r#"{{"data":{{"type":"USER","is_valid":true,"user_id":"1",{expires_at}}}}}"#
            );
            assert_eq!(alive(&body, APP).expires_at, expected, "{expires_at}");
        }
    }

    #[test]
    fn the_app_is_confirmed_by_its_own_token_only() {
        assert_eq!(confirms_app(200, recorded!("debug_app")), Ok(()));
        let wrong = confirms_app(400, recorded!("debug_caller_refused")).unwrap_err();
        assert_eq!(wrong.cause(), Cause::AppSecretWrong);
        let wrong = confirms_app(200, recorded!("debug_undecryptable")).unwrap_err();
        assert_eq!(wrong.cause(), Cause::AppSecretWrong);
        assert!(confirms_app(200, "{}").is_err());
        assert!(confirms_app(502, "<html>").is_err());
    }
}
