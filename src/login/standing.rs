//! How far a login has come, as the inventory tells it: for the page that the person sees, and for the socket.

use jiff::Timestamp;

use crate::inventory::{
    Ending, Error, EventKind, Granted, Household, Login, LoginAttempt, Progress, View,
};
use crate::token::{Scopes, Token};

#[derive(Clone, Debug)]
pub enum Standing {
    /// The person has not come back from Meta, or not even clicked.
    Awaited,
    /// Nobody came while the link was good.
    Expired,
    /// Meta is being asked.
    Asking { since: Timestamp },
    /// Handed in; some of the tokens may still have to be confirmed.
    Granted(Box<Account>),
    /// Nothing was kept.
    Refused(Ending),
}

/// How the tokens of the person are after a login.
#[derive(Clone, Debug)]
pub struct Account {
    pub granted: Granted,
    pub household: Household,
    /// Some of them; those that do not work first.
    pub tokens: Vec<Token>,
    /// What the new token lacks of what the one before had. It was not taken, and the one before stays.
    pub fewer: Option<Scopes>,
    /// The new token was not taken for another reason.
    pub objection: Option<String>,
}

impl Account {
    pub const fn is_settled(&self) -> bool {
        self.household.unsettled == 0
    }

    /// Everything that the person has works, and with what was handed in.
    pub const fn is_whole(&self) -> bool {
        self.is_settled()
            && self.household.broken == 0
            && self.fewer.is_none()
            && self.objection.is_none()
    }
}

/// How many tokens are named.
const NAMED: usize = 50;
/// Far enough back to find what was said of a secret that was handed in.
const EVENTS: usize = 20;

pub fn standing(
    view: &View<'_>,
    login: &Login,
    attempt: Option<LoginAttempt>,
    now: Timestamp,
) -> Result<Standing, Error> {
    let Some(attempt) = attempt else {
        return Ok(awaited_or_expired(login.is_open(now)));
    };
    match attempt.progress {
        Progress::Begun => Ok(awaited_or_expired(
            login.is_open(now) || now < attempt.expires_at,
        )),
        Progress::Answered { since } => Ok(Standing::Asking { since }),
        Progress::Ended { at, ending } => match ending {
            Ending::Granted(granted) => account(view, &login.wanted.app, granted, at, now)
                .map(|account| Standing::Granted(Box::new(account))),
            Ending::WrongPerson { .. } | Ending::Failed { .. } => Ok(Standing::Refused(ending)),
        },
    }
}

const fn awaited_or_expired(is_open: bool) -> Standing {
    if is_open {
        Standing::Awaited
    } else {
        Standing::Expired
    }
}

fn account(
    view: &View<'_>,
    app: &str,
    granted: Granted,
    handed_in_at: Timestamp,
    now: Timestamp,
) -> Result<Account, Error> {
    let mut account = Account {
        household: view.household_of(app, &granted.person, now)?,
        tokens: view.tokens_of_person(app, &granted.person, NAMED)?,
        fewer: None,
        objection: None,
        granted,
    };
    let Some(own) = view.token_named(&account.granted.token)? else {
        return Ok(account);
    };
    if own.facts.is_none() {
        // Meta has not told yet whose it is, so it is not counted among the person's.
        account.household.unsettled += 1;
    }
    let events = view.latest_events(own.id, EVENTS)?;
    let verdict = events.into_iter().find(|event| {
        matches!(
            event.kind,
            EventKind::CandidateAccepted | EventKind::CandidateRefused
        )
    });
    let refused = verdict
        .filter(|event| event.kind == EventKind::CandidateRefused && event.at >= handed_in_at);
    if let Some(refused) = refused {
        let word = |key: &str| refused.detail.get(key)?.as_str().map(str::to_owned);
        account.fewer = word("missing").map(|missing| Scopes::parse(&missing));
        account.objection = word("objection")
            .or_else(|| word("cause"))
            .filter(|_| account.fewer.is_none());
    }
    Ok(account)
}
