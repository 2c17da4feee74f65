//! Inspects many tokens: in batches while Meta accepts them, otherwise one by one.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};

use crate::secret::Secret;

use super::batch::{self, Batch};
use super::caller::Caller;
use super::classify::Role;
use super::credentials::{Credentials, is_presentable};
use super::settings::MAX_BATCH;
use super::transport::{Answer, ROOM, ROOM_FOR_BATCH};
use super::{Error, Inspection, Reply, TokenRejection, inspection};

pub(super) struct Debugger {
    /// Tokens of any other app are rejected.
    app_id: String,
    batch: usize,
    takes_batches: AtomicBool,
}

type Inspected = Result<Inspection, Error>;

/// The number of single inspections that run at the same time.
const ABREAST: usize = 4;

impl Debugger {
    pub(super) const fn new(app_id: String, batch: usize) -> Self {
        Self {
            app_id,
            batch: if batch > 1 { batch } else { MAX_BATCH },
            takes_batches: AtomicBool::new(batch > 1),
        }
    }

    /// Returns one result per token, in their order. Values that cannot be tokens are rejected here without a call,
    /// because they could make a batch fail.
    pub(super) async fn inspect(
        &self,
        caller: &Caller,
        tokens: &[Secret],
    ) -> Reply<Vec<Inspected>> {
        let presentable: Vec<&Secret> = tokens.iter().filter(|t| is_presentable(t)).collect();
        let mut all = Reply::free(Vec::with_capacity(tokens.len()));
        for some in presentable.chunks(self.batch) {
            let Reply { answer, usage } = self.inspect_some(caller, some).await;
            all.answer.extend(answer);
            all.usage.absorb(usage);
        }
        if presentable.len() == tokens.len() {
            return all;
        }
        all.map(|answers| among_unreadable(tokens, answers))
    }

    async fn inspect_some(&self, caller: &Caller, tokens: &[&Secret]) -> Reply<Vec<Inspected>> {
        if tokens.len() == 1 || !self.takes_batches.load(Ordering::Relaxed) {
            return self.inspect_one_by_one(caller, tokens).await;
        }
        let Reply { answer, mut usage } = self.inspect_batch(caller, tokens).await;
        let answer = match answer {
            Ok(Batch::Entries(answers)) => answers,
            Ok(Batch::NotAccepted) => {
                self.give_batches_up(caller.app());
                let mut singles = self.inspect_one_by_one(caller, tokens).await;
                singles.usage.absorb(usage);
                return singles;
            }
            Err(error) => vec![Err(error); tokens.len()],
        };
        let entries = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        usage.calls = usage.calls.saturating_mul(entries);
        Reply { answer, usage }
    }

    async fn inspect_batch(
        &self,
        caller: &Caller,
        tokens: &[&Secret],
    ) -> Reply<Result<Batch, Error>> {
        let build = |own: &Credentials| Ok(own.inspect_all(tokens));
        let read =
            |answer: &Answer| batch::read(answer.status, &answer.body, tokens.len(), &self.app_id);
        caller.ask(ROOM_FOR_BATCH, build, read).await
    }

    /// Stops early if all further results would be the same, because calls during a rate limit prolong it. Believes
    /// that the app is rejected only after two rejections in a row.
    async fn inspect_one_by_one(
        &self,
        caller: &Caller,
        tokens: &[&Secret],
    ) -> Reply<Vec<Inspected>> {
        let calls: Vec<_> = tokens.iter().map(|t| self.inspect_one(caller, t)).collect();
        let mut replies = stream::iter(calls).buffered(ABREAST);
        let mut all = Reply::free(Vec::with_capacity(tokens.len()));
        while let Some(Reply { answer, usage }) = replies.next().await {
            all.usage.absorb(usage);
            if is_end(all.answer.last(), &answer) {
                all.answer.resize(tokens.len(), answer);
                return all;
            }
            all.answer.push(answer);
        }
        all.map(batch::without_blame)
    }

    async fn inspect_one(&self, caller: &Caller, token: &Secret) -> Reply<Inspected> {
        let build = |own: &Credentials| Ok(own.inspect(token));
        let read = |answer: &Answer| {
            inspection::read(answer.status, &answer.body, &self.app_id, Role::App)
        };
        caller.ask(ROOM, build, read).await
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

/// Returns whether further calls are pointless.
fn is_end(before: Option<&Inspected>, answer: &Inspected) -> bool {
    let rejects_app = |answer: &Inspected| matches!(answer, Err(Error::App { .. }));
    if rejects_app(answer) {
        return before.is_some_and(rejects_app);
    }
    answer.as_ref().is_err_and(Error::concerns_every_token)
}

fn among_unreadable(tokens: &[Secret], answers: Vec<Inspected>) -> Vec<Inspected> {
    let mut answers = answers.into_iter();
    let unreadable = || Inspection::Refused {
        rejection: TokenRejection::unreadable(),
        facts: None,
    };
    let answer = |token| {
        if is_presentable(token) {
            answers.next().unwrap_or_else(|| Err(Error::senseless(200)))
        } else {
            Ok(unreadable())
        }
    };
    tokens.iter().map(answer).collect()
}
