//! Reads answers as Meta's for `tests/fuzz`, without asking Meta.

use reqwest::header::HeaderMap;

use super::batch::{self, Batch};
use super::classify::Role;
use super::platform::{Inspected, Platform};
use super::question::{Answered, Question};
use super::transport::Answer;
use super::{
    Error, FACEBOOK, Grant, INSTAGRAM, Inspection, Permission, Profile, THREADS, Usage, grant,
    headers, inspection, probe, responses,
};
use crate::model::{Kind, PageList, Scopes};
use crate::secret::Secret;

/// What one answer means to each of the calls.
#[derive(Debug)]
pub struct Meanings {
    pub usage: Usage,
    /// Of a token, by the debugger: asked for one token, and in a batch.
    pub described: [Answered; 2],
    /// Of a token: by a tester, and by its use on each platform without a debugger.
    pub used: Vec<Result<Inspection, Error>>,
    pub app: Result<(), Error>,
    pub grants: [Result<Grant, Error>; 2],
    pub page_token: Result<Option<Secret>, Error>,
    /// Some pages of a person, and where the list goes on.
    pub pages: Result<(PageList, Option<String>), Error>,
    pub permissions: Result<Vec<Permission>, Error>,
    pub subscribed_fields: Result<Scopes, Error>,
    pub profile: Result<Profile, Error>,
}

/// Reads the answer as the answer to each of the calls.
pub fn meanings(
    status: u16,
    headers: &HeaderMap,
    body: &str,
    question: &Question<'_>,
    app_id: &str,
) -> Meanings {
    let answer = &Answer {
        status,
        body: body.to_owned(),
    };
    let described = |role| question.read(status, body, app_id, role);
    Meanings {
        usage: headers::usage(headers, FACEBOOK.graph_version),
        described: [described(Role::App), described(Role::BatchEntry)],
        used: used(answer),
        app: inspection::confirms_app(status, body),
        grants: [
            grant::read(answer, Role::Exchanged),
            grant::read(answer, Role::Caller),
        ],
        page_token: responses::page_token(answer, app_id),
        pages: responses::accounts(answer).map(|some| (some.pages, some.next)),
        permissions: responses::permissions(answer),
        subscribed_fields: responses::subscribed_fields(answer, app_id),
        profile: responses::profile(answer),
    }
}

fn used(answer: &Answer) -> Vec<Result<Inspection, Error>> {
    let tester = inspection::read_of_kind(answer.status, &answer.body, Kind::ThreadsUser);
    let probed = [&INSTAGRAM, &THREADS].into_iter();
    let probed = probed.filter_map(|platform| probed_on(platform, answer));
    std::iter::once(tester).chain(probed).collect()
}

fn probed_on(platform: &Platform, answer: &Answer) -> Option<Result<Inspection, Error>> {
    let Inspected::ByUse { kind, id, .. } = platform.inspection else {
        return None;
    };
    let answered = probe::read(answer, platform, kind, id);
    Some(answered.and_then(|found| found.inspection().ok_or_else(|| Error::senseless(200))))
}

/// Reads the answer to a batch: one result for each question, or `None` if Meta takes no batches.
pub fn batch(
    status: u16,
    body: &str,
    questions: &[Question<'_>],
    app_id: &str,
) -> Result<Option<Vec<Answered>>, Error> {
    Ok(match batch::read(status, body, questions, app_id)? {
        Batch::Entries(answers) => Some(answers),
        Batch::NotAccepted => None,
    })
}
