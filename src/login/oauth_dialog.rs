//! Builds the URL of Meta's login dialog, and reads the address to which Meta redirects the person.

use form_urlencoded::Serializer;
use jiff::Timestamp;

use super::App;
use crate::inventory::{self, Tx};
use crate::model::{Ending, LoginError, Progress};
use crate::secret::Secret;

/// The parameters of the redirect from Meta.
#[derive(Debug, PartialEq, Eq)]
pub struct Return {
    pub state: Secret,
    /// The code, or why there is none.
    pub answer: Result<Secret, Ending>,
}

/// The URL that the person's browser opens. It contains the secret state of the attempt, so it is for that browser
/// only.
pub fn url(app: &App, redirect_uri: &str, state: &Secret, auth_type: Option<&str>) -> String {
    let mut query = Serializer::new(String::new());
    query
        .append_pair("client_id", &app.id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", state.expose())
        .append_pair("response_type", "code")
        .append_pair("return_scopes", "true");
    match &app.config_id {
        Some(id) => query
            .append_pair("config_id", id)
            .append_pair("override_default_response_type", "true"),
        None => query.append_pair("scope", &app.scopes.as_str().replace(' ', ",")),
    };
    if let Some(auth_type) = auth_type {
        query.append_pair("auth_type", auth_type);
    }
    let path = app.platform.dialog_path;
    let path = path.replace("{version}", &app.graph_version);
    format!("{}{path}?{}", app.dialog_url, query.finish())
}

/// Longer than any code or state.
const LONGEST: usize = 4096;

/// Reads a query string. `None` if it answers no login attempt.
pub fn read_return(query: &str) -> Option<Return> {
    // Meta appends "#_=_", and a person may paste it.
    let query = query.split('#').next().unwrap_or_default();
    if query.len() > 2 * LONGEST {
        return None;
    }
    let field = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let value = pairs.find(|(key, _)| key == name).map(|(_, value)| value);
        value.filter(|value| !value.is_empty() && value.len() <= LONGEST)
    };
    let code = field("code").map(Secret::new);
    let ending_of = || ending_of(field("error").as_deref(), field("error_code").as_deref());
    Some(Return {
        state: Secret::new(field("state")?),
        answer: code.ok_or_else(ending_of),
    })
}

/// Reads both forms of an error: OAuth's `error`, and Meta's own with only a number.
fn ending_of(error: Option<&str>, code: Option<&str>) -> Ending {
    let code = code.and_then(|code| code.parse().ok());
    let why = match (error, code) {
        (Some("access_denied"), _) | (None, Some(200)) => LoginError::NotAllowed,
        _ => LoginError::AppRefused,
    };
    Ending::Failed { why, code }
}

/// Stores Meta's answer if its attempt is still open. Returns the result key under which the outcome is shown. A second
/// answer changes nothing and gets the same key.
pub fn file(
    tx: &Tx<'_>,
    returned: &Return,
    now: Timestamp,
) -> Result<Option<Secret>, inventory::Error> {
    let Some(attempt) = tx.attempt_of_state(&returned.state)? else {
        return Ok(None);
    };
    if attempt.progress == Progress::Begun {
        if !attempt.is_awaited(now) {
            return Ok(None);
        }
        match &returned.answer {
            Ok(code) => tx.answer_attempt(&attempt, code, now)?,
            Err(ending) => tx.end_attempt(attempt.id, ending, now)?,
        }
    }
    Ok(Some(tx.result_of_state(&returned.state)))
}

/// Reads an address that a person copied, whole or in part.
pub fn read_pasted(pasted: &Secret) -> Option<Return> {
    let text = pasted.expose().trim();
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    read_return(query)
}

/// Reads a code that a person or a program hands in by itself. `None` if it cannot be one.
pub fn read_code(given: &Secret) -> Option<Secret> {
    let code = Secret::trimmed(given.expose());
    let is_plausible = (1..=LONGEST).contains(&code.len())
        && code.expose().bytes().all(|byte| byte.is_ascii_graphic());
    is_plausible.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Scopes;

    fn app(config_id: Option<&str>) -> App {
        App {
            name: "acme".to_owned(),
            id: "257422819769992".to_owned(),
            platform: &crate::graph_api::FACEBOOK,
            graph_version: "v25.0".to_owned(),
            dialog_url: "https://www.facebook.com".to_owned(),
            scopes: Scopes::parse("pages_show_list pages_messaging"),
            config_id: config_id.map(str::to_owned),
        }
    }

    fn asked(app: &App, auth_type: Option<&str>) -> String {
        url(
            app,
            "https://t.example/login/callback",
            &Secret::new("s-1"),
            auth_type,
        )
    }

    #[test]
    fn the_dialog_is_asked_for_scopes_or_for_a_configuration() {
        assert_eq!(
            asked(&app(None), None),
            "https://www.facebook.com/v25.0/dialog/oauth?client_id=257422819769992\
             &redirect_uri=https%3A%2F%2Ft.example%2Flogin%2Fcallback&state=s-1&response_type=code\
             &return_scopes=true&scope=pages_messaging%2Cpages_show_list"
        );
        let business = asked(&app(Some("77")), Some("reauthorize"));
        assert!(business.contains("&response_type=code&"), "{business}");
        assert!(
            business.ends_with(
                "&config_id=77&override_default_response_type=true&auth_type=reauthorize"
            ),
            "{business}"
        );
        assert!(!business.contains("scope="), "{business}");
    }

    #[test]
    fn both_families_of_refusals_are_understood() {
        let failed = |query: &str| match read_return(query).unwrap().answer {
            Err(Ending::Failed { why, code }) => (why, code),
            other => panic!("{other:?}"),
        };
        let denied = "error=access_denied&error_code=200&error_description=Permissions+error\
                      &error_reason=user_denied&state=s";
        assert_eq!(failed(denied), (LoginError::NotAllowed, Some(200)));
        let documented = "error_reason=user_denied&error=access_denied&state=s";
        assert_eq!(failed(documented), (LoginError::NotAllowed, None));
        let sandbox = "error_code=901&error_message=This+app+is+in+sandbox+mode.&state=s";
        assert_eq!(failed(sandbox), (LoginError::AppRefused, Some(901)));
        assert_eq!(
            failed("error=server_error&state=s"),
            (LoginError::AppRefused, None)
        );
        assert_eq!(failed("state=s"), (LoginError::AppRefused, None));
        assert_eq!(read_return("code=c"), None);
        assert_eq!(read_return(""), None);
    }

    #[test]
    fn what_a_person_copies_is_read_with_all_that_hangs_on_it() {
        for pasted in [
            "https://t.example/login/callback?code=AQ%2B1&state=s#_=_\n",
            "  https://www.facebook.com/connect/login_success.html?state=s&code=AQ%2B1#_=_",
            "code=AQ%2B1&state=s",
        ] {
            let read = read_pasted(&Secret::new(pasted)).unwrap();
            assert_eq!(read.state, Secret::new("s"), "{pasted}");
            assert_eq!(read.answer, Ok(Secret::new("AQ+1")), "{pasted}");
        }
        assert_eq!(
            read_pasted(&Secret::new("https://t.example/login/callback")),
            None
        );
    }
}
