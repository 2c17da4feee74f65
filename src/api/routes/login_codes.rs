//! Codes that Meta's JavaScript gave an operator's page, such as those of an embedded signup. Nothing here waits for
//! Meta: the code is stored as the answer of a login, and the next sweep redeems it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::logins::{MOST_LOGINS, too_many_logins, wanted};
use crate::api::problem_response::JobError;
use crate::api::request::{Operator, Sent};
use crate::api::state::SharedAppState;
use crate::api::types::{LoginAccepted, LoginCodeRequest, LoginRequest, Problem, ProblemType};
use crate::inventory::Tx;
use crate::login::{self, oauth_dialog};
use crate::model::NewLogin;
use crate::secret::Secret;

/// No link of such a login is given to anyone, so it need not be valid for longer than Meta's codes.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(10);

/// Takes a code that Meta's JavaScript gave your page. The next sweep asks Meta what it gives. A code is valid for
/// minutes, and once.
#[utoipa::path(
    post, path = "/v1/logins/code", request_body = LoginCodeRequest, responses((status = 202, body = LoginAccepted))
)]
pub(in crate::api) async fn redeem(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    Sent(request): Sent<LoginCodeRequest>,
) -> Result<(StatusCode, Json<LoginAccepted>), Problem> {
    let settings = app_state.settings.borrow().logins.clone();
    let now = app_state.now();
    let code = oauth_dialog::read_code(&request.code).ok_or_else(no_code)?;
    let accepted = app_state.order(move |tx| {
        if tx.logins_by_hand()? >= MOST_LOGINS {
            return Err(too_many_logins().into());
        }
        let wanted = of_code(tx, request, &settings, now)?;
        file(tx, &wanted, code, &asked_by, now)
    });
    Ok((StatusCode::ACCEPTED, Json(accepted.await?)))
}

fn of_code(
    tx: &Tx<'_>,
    request: LoginCodeRequest,
    settings: &login::Settings,
    now: Timestamp,
) -> Result<NewLogin, JobError> {
    let login = LoginRequest {
        app: request.app,
        token: request.token,
        accept_fewer: request.accept_fewer,
        paste: true,
    };
    let wanted = wanted(tx, &login, settings, now)?;
    let app = settings.app(&wanted.app);
    if app.is_none_or(|app| !app.platform.gives_codes_to_scripts) {
        return Err(no_scripts().into());
    }
    Ok(NewLogin {
        expires_at: now.checked_add(GOOD_FOR).unwrap_or(Timestamp::MAX),
        ..wanted
    })
}

/// Opens a login and answers it at once.
fn file(
    tx: &Tx<'_>,
    wanted: &NewLogin,
    code: Secret,
    asked_by: &str,
    now: Timestamp,
) -> Result<LoginAccepted, JobError> {
    let (id, _) = tx.open_login_for_operator(wanted, "", asked_by, now)?;
    if let Some(login) = tx.login(id)? {
        let state = tx.begin_attempt(&login, None, now)?;
        let answer = Ok(code);
        oauth_dialog::file(tx, &oauth_dialog::Return { state, answer }, now)?;
    }
    Ok(LoginAccepted {
        id: id.0.to_string(),
        event: tx.newest_event()?.0.to_string(),
    })
}

fn no_code() -> Problem {
    Problem::new(
        ProblemType::Invalid,
        "this is not a code that Meta gives a page: it is empty, longer than 4 KiB, or contains spaces. Send the value \
         of code as your page received it, without the rest of the answer",
    )
}

fn no_scripts() -> Problem {
    Problem::new(
        ProblemType::NoScriptLogin,
        "only apps of Facebook have logins in JavaScript that give a code without a redirect. Use a login link: \
         perennial login",
    )
}
