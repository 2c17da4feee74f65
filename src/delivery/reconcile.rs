//! Compares what a sink should have with what it has: after a start, a reload, and every night. So a new sink gets every
//! token, and a file that was lost is written again.

use jiff::Timestamp;

use super::worker::SinkWorker;
use super::{FileSink, Target, policy};
use crate::inventory::{Error, View};
use crate::model::{Deliverable, SinkTokens, TokenId};
use crate::secret::Secret;

/// How many tokens are looked at in one step.
const CHUNK: usize = 500;

/// Tokens of one step.
#[derive(Default)]
struct Part {
    /// Where the next step goes on; `None` at the end.
    next: Option<TokenId>,
    missing: Vec<(TokenId, u32)>,
    /// Those whose file must be looked at.
    delivered: Vec<(Deliverable, Secret)>,
}

impl SinkWorker {
    /// Puts what the sink misses on its way. Returns how many versions those were.
    pub async fn reconcile(&self, now: Timestamp) -> Result<usize, Error> {
        let (mut after, mut found) = (Some(TokenId(0)), 0);
        while let Some(from) = after {
            let (sink, has_files) = (
                self.sink.tokens(),
                matches!(self.sink.target, Target::File(_)),
            );
            let part = self
                .inventory
                .read(move |view| part(view, from, &sink, has_files))
                .await?;
            after = part.next;
            let missing = self.missing(part).await?;
            found += missing.len();
            if !missing.is_empty() {
                self.enqueue(missing, now).await?;
            }
        }
        Ok(found)
    }

    async fn missing(&self, part: Part) -> Result<Vec<(TokenId, u32)>, Error> {
        let mut missing = part.missing;
        if let Target::File(file) = &self.sink.target
            && !part.delivered.is_empty()
        {
            let file = file.clone();
            let look = move || lost(&file, &part.delivered);
            let lost = tokio::task::spawn_blocking(look).await;
            missing.extend(lost.map_err(|_| Error::Closed)?);
        }
        Ok(missing)
    }

    async fn enqueue(&self, missing: Vec<(TokenId, u32)>, now: Timestamp) -> Result<(), Error> {
        let sink = self.sink.name.clone();
        let enqueue = self.inventory.write_alone(move |tx| {
            missing.iter().try_for_each(|&(token, version)| {
                // A newer version that came meanwhile is on its way already.
                match tx.deliverable(token)? {
                    Some(now_wanted) if now_wanted.version == version => {
                        tx.enqueue_delivery(token, &sink, version, now)
                    }
                    Some(_) | None => Ok(()),
                }
            })
        });
        enqueue.await
    }
}

fn part(
    view: &View<'_>,
    after: TokenId,
    sink: &SinkTokens,
    has_files: bool,
) -> Result<Part, Error> {
    let mut part = Part::default();
    if view
        .disabled_sinks()?
        .iter()
        .any(|(name, _)| *name == sink.sink)
    {
        return Ok(part);
    }
    let tokens = view.deliverables_after(after, CHUNK)?;
    part.next = tokens
        .last()
        .filter(|_| tokens.len() == CHUNK)
        .map(|last| last.token);
    for token in tokens.into_iter().filter(|token| policy::gets(token, sink)) {
        let newest = view.newest_delivery(token.token, &sink.sink)?;
        if policy::is_missing(&token, newest.as_ref()) {
            part.missing.push((token.token, token.version));
        } else if has_files && newest.is_some_and(|newest| newest.delivered_at.is_some()) {
            // One that does not open is reported when it is delivered next.
            if let Ok(Some(secret)) = view.secret_of_version(token.token, token.version) {
                part.delivered.push((token, secret));
            }
        }
    }
    Ok(part)
}

fn lost(file: &FileSink, delivered: &[(Deliverable, Secret)]) -> Vec<(TokenId, u32)> {
    let lost = delivered
        .iter()
        .filter(|(token, secret)| !file.has(token, secret));
    lost.map(|(token, _)| (token.token, token.version))
        .collect()
}
