//! How far a login is, for the web page and for the socket.

use jiff::Timestamp;

use crate::inventory::{Error, View};
use crate::model::{
    Ending, Granted, Login, LoginAttempt, Mismatch, Progress, Refusal, Scopes, Token, TokenCounts,
};

#[derive(Clone, Debug)]
pub enum LoginProgress {
    /// The person has not come back from Meta, or has not opened the link yet.
    Awaited,
    /// The link expired before the person logged in.
    Expired,
    /// The code is being exchanged with Meta.
    Asking { since: Timestamp },
    /// The grant is stored; some tokens may still have to be confirmed.
    Granted(Box<Account>),
    /// The login failed and nothing was stored.
    Refused(Ending),
}

/// The state of the person's tokens after a login.
#[derive(Clone, Debug)]
pub struct Account {
    pub granted: Granted,
    pub token_counts: TokenCounts,
    /// Some of the tokens, those that do not work first.
    pub tokens: Vec<Token>,
    /// The permissions that the new token lacks. It was rejected, and the previous token stays in use.
    pub fewer: Option<Scopes>,
    /// The new token was rejected for another reason.
    pub mismatch: Option<String>,
}

impl Account {
    pub const fn is_over(&self) -> bool {
        self.token_counts.unfinished == 0
    }

    /// Whether all of the person's tokens work and the new token was accepted.
    pub const fn is_whole(&self) -> bool {
        self.is_over()
            && self.token_counts.broken == 0
            && self.fewer.is_none()
            && self.mismatch.is_none()
    }
}

/// The number of tokens that are listed.
const NAMED: usize = 50;

pub fn progress(
    view: &View<'_>,
    login: &Login,
    attempt: Option<LoginAttempt>,
    now: Timestamp,
) -> Result<LoginProgress, Error> {
    let Some(attempt) = attempt else {
        return Ok(awaited_or_expired(login.is_open(now)));
    };
    match attempt.progress {
        Progress::Begun => Ok(awaited_or_expired(
            login.is_open(now) || now < attempt.expires_at,
        )),
        Progress::Answered { since } => Ok(LoginProgress::Asking { since }),
        Progress::Ended { at, ending } => match ending {
            Ending::Granted(granted) => account(view, &login.wanted.app, granted, at, now)
                .map(|account| LoginProgress::Granted(Box::new(account))),
            Ending::WrongPerson { .. } | Ending::Failed { .. } => {
                Ok(LoginProgress::Refused(ending))
            }
        },
    }
}

const fn awaited_or_expired(is_open: bool) -> LoginProgress {
    if is_open {
        LoginProgress::Awaited
    } else {
        LoginProgress::Expired
    }
}

fn account(
    view: &View<'_>,
    app: &str,
    granted: Granted,
    stored_at: Timestamp,
    now: Timestamp,
) -> Result<Account, Error> {
    // Before the counts: they include the token as soon as Meta has said whose it is, and that may be learned between the
    // two questions.
    let own = own_token(view, app, &granted)?;
    let mut account = Account {
        token_counts: view.token_counts_of(app, &granted.person, now)?,
        tokens: view.tokens_of_person(app, &granted.person, NAMED)?,
        fewer: None,
        mismatch: None,
        granted,
    };
    let Some(own) = own else {
        return Ok(account);
    };
    if own.facts.is_none() {
        account.token_counts.unfinished += 1;
    }
    let refused = view.refused_candidate(own.id)?;
    if let Some((_, why)) = refused.filter(|(at, _)| *at >= stored_at) {
        match why {
            Refusal::Mismatch(Mismatch::FewerScopes { missing }) => account.fewer = Some(missing),
            _ => account.mismatch = Some(why.reason().to_owned()),
        }
    }
    Ok(account)
}

/// The token that the login gave. It may have been renamed since.
fn own_token(view: &View<'_>, app: &str, granted: &Granted) -> Result<Option<Token>, Error> {
    if let Some(own) = view.token_named(&granted.token)? {
        return Ok(Some(own));
    }
    let own = view.own_token_of(app, &granted.person)?;
    own.map_or(Ok(None), |id| view.token(id))
}
