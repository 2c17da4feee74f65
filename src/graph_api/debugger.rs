//! Inspects many tokens: in batches while Meta accepts them, otherwise one by one.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};

use super::batch::{self, Batch};
use super::caller::Caller;
use super::classify::Role;
use super::credentials::{Credentials, is_presentable};
use super::platform::{Inspected, Platform};
use super::question::{Answered, Description, Question};
use super::settings::MAX_BATCH;
use super::transport::{Answer, ROOM, ROOM_FOR_BATCH};
use super::{Error, Inspection, Reply, Settings, TokenRejection, Usage, inspection, probe};
use crate::model::Kind;
use crate::secret::Secret;

pub(super) struct Debugger {
    platform: &'static Platform,
    /// Tokens of any other app are rejected.
    app_id: String,
    batch: usize,
    takes_batches: AtomicBool,
    /// Who may ask the debugger, on a platform that answers testers only.
    tester: Option<Secret>,
    /// Whether the debugger answered the tester last.
    answers_tester: AtomicBool,
}

/// The number of single inspections that run at the same time.
const ABREAST: usize = 4;

impl Debugger {
    pub(super) fn new(settings: Settings) -> Self {
        let Settings {
            platform, batch, ..
        } = settings;
        let takes_batches = batch > 1 && platform.takes_batches();
        let may_ask = platform.has_debugger_for_testers;
        Self {
            platform,
            app_id: settings.id,
            batch: if batch > 1 { batch } else { MAX_BATCH },
            takes_batches: AtomicBool::new(takes_batches),
            tester: settings.tester_token.filter(|_| may_ask),
            answers_tester: AtomicBool::new(true),
        }
    }

    /// Returns one result per token, in their order. Values that cannot be tokens are rejected here without a call,
    /// because they could make a batch fail.
    pub(super) async fn inspect(
        &self,
        caller: &Caller,
        questions: &[Question<'_>],
    ) -> Reply<Vec<Answered>> {
        let askable = questions.iter().filter(|q| is_presentable(q.token));
        let askable: Vec<Question<'_>> = askable.copied().collect();
        let mut all = Reply::free(Vec::with_capacity(questions.len()));
        for some in askable.chunks(self.batch) {
            let Reply { answer, usage } = self.inspect_some(caller, some).await;
            all.answer.extend(answer);
            all.usage.absorb(usage);
        }
        if all.answer.iter().any(refuses_version) {
            all.usage.version_refusal = Some(caller.version_refusal());
        }
        if askable.len() == questions.len() {
            return all;
        }
        all.map(|answers| among_unreadable(questions, answers))
    }

    async fn inspect_some(
        &self,
        caller: &Caller,
        questions: &[Question<'_>],
    ) -> Reply<Vec<Answered>> {
        if questions.len() == 1 || !self.takes_batches.load(Ordering::Relaxed) {
            return self.inspect_one_by_one(caller, questions).await;
        }
        let Reply { answer, mut usage } = self.inspect_batch(caller, questions).await;
        let answer = match answer {
            Ok(Batch::Entries(answers)) => answers,
            Ok(Batch::NotAccepted) => {
                self.give_batches_up(caller.app());
                let mut singles = self.inspect_one_by_one(caller, questions).await;
                singles.usage.absorb(usage);
                return singles;
            }
            Err(error) => vec![Err(error); questions.len()],
        };
        let entries = u32::try_from(questions.len()).unwrap_or(u32::MAX);
        usage.calls = usage.calls.saturating_mul(entries);
        Reply { answer, usage }
    }

    async fn inspect_batch(
        &self,
        caller: &Caller,
        questions: &[Question<'_>],
    ) -> Reply<Result<Batch, Error>> {
        let build = |own: &Credentials| Ok(own.inspect_all(questions.iter().map(|q| q.token)));
        let read =
            |answer: &Answer| batch::read(answer.status, &answer.body, questions, &self.app_id);
        caller.ask(ROOM_FOR_BATCH, build, read).await
    }

    /// Stops early if all further results would be the same, because calls during a rate limit prolong it. Believes
    /// that the app is rejected only after two rejections in a row.
    async fn inspect_one_by_one(
        &self,
        caller: &Caller,
        questions: &[Question<'_>],
    ) -> Reply<Vec<Answered>> {
        let calls: Vec<_> = questions
            .iter()
            .map(|q| self.inspect_one(caller, q))
            .collect();
        let mut replies = stream::iter(calls).buffered(ABREAST);
        let mut all = Reply::free(Vec::with_capacity(questions.len()));
        while let Some(Reply { answer, usage }) = replies.next().await {
            all.usage.absorb(usage);
            if is_end(all.answer.last(), &answer) {
                all.answer.resize(questions.len(), answer);
                return all;
            }
            all.answer.push(answer);
        }
        all.map(batch::without_blame)
    }

    async fn inspect_one(&self, caller: &Caller, question: &Question<'_>) -> Reply<Answered> {
        match self.platform.inspection {
            Inspected::ByApp => {
                let build = |own: &Credentials| Ok(own.inspect(question.token));
                let read = |answer: &Answer| {
                    question.read(answer.status, &answer.body, &self.app_id, Role::App)
                };
                caller.ask(ROOM, build, read).await
            }
            Inspected::ByUse { kind, id, fields } => {
                let mut spent = Usage::default();
                if let Some(tester) = &self.tester {
                    let reply = self.ask_as_tester(caller, tester, kind, question).await;
                    let Reply { answer, usage } = reply;
                    if let Some(inspection) = answer {
                        let answer = Ok(inspection.into());
                        return Reply { answer, usage };
                    }
                    spent = usage;
                }
                let build = |own: &Credentials| probe::request(own, fields, question.token);
                let read = |answer: &Answer| probe::read(answer, self.platform, kind, id);
                let mut reply = caller.ask(ROOM, build, read).await;
                reply.usage.absorb(spent);
                reply
            }
        }
    }

    /// Returns what the debugger says about a token, if it answers the tester. The tester's own token may have ended, so
    /// a call that fails says nothing about the other one.
    async fn ask_as_tester(
        &self,
        caller: &Caller,
        tester: &Secret,
        kind: Kind,
        question: &Question<'_>,
    ) -> Reply<Option<Inspection>> {
        let build = |own: &Credentials| own.inspect_as(tester, question.token);
        let read = |answer: &Answer| inspection::read_of_kind(answer.status, &answer.body, kind);
        let reply = caller.ask(ROOM, build, read).await;
        let error = match &reply.answer {
            Ok(Inspection::Undecided(error)) | Err(error) => Some(error.clone()),
            Ok(Inspection::Alive(_) | Inspection::Refused { .. }) => None,
        };
        self.remember_tester(caller.app(), error.as_ref());
        reply.map(|answer| answer.ok().filter(|_| error.is_none()))
    }

    fn remember_tester(&self, app: &str, error: Option<&Error>) {
        let answered = self.answers_tester.swap(error.is_none(), Ordering::Relaxed);
        if let Some(error) = error.filter(|_| answered) {
            tracing::warn!(
                app,
                "the debugger does not answer tester_token, so each token is checked by reading its profile: {error}"
            );
        }
    }

    fn give_batches_up(&self, app: &str) {
        if self.takes_batches.swap(false, Ordering::Relaxed) {
            tracing::warn!(
                app,
                "Meta accepts no batches of debug_token calls; tokens are inspected one by one until the next start"
            );
        }
    }
}

/// Returns whether Meta refused the version of a call, in an answer that may be one of many.
fn refuses_version(answer: &Answered) -> bool {
    let error = match answer {
        Err(error) => error,
        Ok(Description::Other(inspection, _)) => match &**inspection {
            Inspection::Undecided(error) => error,
            Inspection::Alive(_) | Inspection::Refused { .. } => return false,
        },
        Ok(Description::Known) => return false,
    };
    error.is_about_version()
}

/// Returns whether further calls are pointless.
fn is_end(before: Option<&Answered>, answer: &Answered) -> bool {
    let rejects_app = |answer: &Answered| matches!(answer, Err(Error::App { .. }));
    if rejects_app(answer) {
        return before.is_some_and(rejects_app);
    }
    answer.as_ref().is_err_and(Error::concerns_every_token)
}

fn among_unreadable(questions: &[Question<'_>], answers: Vec<Answered>) -> Vec<Answered> {
    let mut answers = answers.into_iter();
    let unreadable = || Inspection::Refused {
        rejection: TokenRejection::unreadable(),
        facts: None,
    };
    let answer = |question: &Question<'_>| {
        if is_presentable(question.token) {
            answers.next().unwrap_or_else(|| Err(Error::senseless(200)))
        } else {
            Ok(Description::from(unreadable()))
        }
    };
    questions.iter().map(answer).collect()
}
