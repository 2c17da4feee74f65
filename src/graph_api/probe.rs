//! Finds out whether a token works by using it, on a platform without a debugger for apps.

use serde::Deserialize;

use crate::model::{Cause, Expiry, Facts, Kind};
use crate::secret::Secret;

use super::classify::{self, Role};
use super::credentials::{Credentials, Request};
use super::question::Answered;
use super::transport::Answer;
use super::value::Value;
use super::{Certainty, Error, Inspection, Platform, TokenRejection, wire};

/// The subject of a token, with its name in either field.
#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Subject<'a> {
    id: Value<'a>,
    user_id: Value<'a>,
    /// Instagram also answers with the only entry of a list.
    data: Vec<Self>,
}

pub(super) fn request(own: &Credentials, fields: &str, token: &Secret) -> Result<Request, Error> {
    own.read_as(token, &["me"], &[("fields", fields)])
}

pub(super) fn read(answer: &Answer, platform: &Platform, kind: Kind, id: &str) -> Answered {
    let error = match classify::assess(answer.status, &answer.body, Role::Caller) {
        Ok(()) => return subject(answer, kind, id).map(Into::into),
        Err(error) => error,
    };
    match error {
        Error::Refused(rejection) => Ok(refused(rejection)),
        error => match stated_end(answer, platform) {
            Some(cause) => Ok(refused(TokenRejection::new(cause, Certainty::Doubtful))),
            None => Err(error),
        },
    }
    .map(Into::into)
}

const fn refused(rejection: TokenRejection) -> Inspection {
    Inspection::Refused {
        rejection,
        facts: None,
    }
}

/// The end of a token in the words of a platform that has no code for it.
fn stated_end(answer: &Answer, platform: &Platform) -> Option<Cause> {
    let body = wire::error_body(&answer.body).ok()??;
    let known = platform.ends.iter();
    let known = known.copied().find(|(text, _)| body.message.contains(text));
    known.map(|(_, cause)| cause)
}

fn subject(answer: &Answer, kind: Kind, id: &str) -> Result<Inspection, Error> {
    let mut subject: Subject<'_> = wire::parse(&answer.body)?;
    if let Some(only) = subject.data.pop() {
        subject = only;
    }
    let known = match id {
        "user_id" => subject.user_id,
        _ => subject.id,
    };
    let subject = known.id().ok_or_else(|| Error::senseless(answer.status))?;
    Ok(Inspection::Alive(Facts {
        kind,
        subject: subject.clone().into_owned(),
        person: subject.into_owned(),
        issued_at: None,
        expires_at: Expiry::Unknown,
        data_access_expires_at: Expiry::Never,
        scopes: None,
    }))
}
