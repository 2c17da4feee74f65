//! Writing down what a slice of a sweep found out: in one transaction, and where that fails one by one, so that a record
//! that cannot be written takes no other with it.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::app::AppNews;
use super::visit::Visited;
use super::{Keeper, Rules};
use crate::inventory::{self, Learned, Recorded, Tx, Visit as Routine};
use crate::token::{Kind, TokenId};

/// One claim's worth, ready to be written down.
pub(super) struct Seen {
    pub(super) visits: Vec<Visited>,
    pub(super) unseen: Vec<TokenId>,
    pub(super) app: AppNews,
}

/// The same, shared by the transactions that write it.
struct Slice {
    routine: Vec<Routine>,
    news: Vec<Visited>,
    unseen: Vec<TokenId>,
    /// A suspect is visited alone, and after that it is none.
    alone: Option<TokenId>,
    app: AppNews,
    name: String,
    rules: Rules,
    now: Timestamp,
}

/// How many records wait for the writer together, to share a commit.
const AT_A_TIME: usize = 64;

impl Keeper {
    /// The first trouble is told, after everything that can be written was.
    pub(super) async fn write_down(
        &self,
        seen: Option<Seen>,
        now: Timestamp,
    ) -> Result<(), inventory::Error> {
        let Some(seen) = seen else {
            return Ok(());
        };
        let slice = Arc::new(Slice::new(seen, self, now));
        let whole = Arc::clone(&slice);
        let error = match self.inventory.write(move |tx| whole.write(tx)).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_of_the_record() => error,
            Err(error) => return Err(error),
        };
        tracing::warn!(
            app = self.app,
            "what a sweep found out is written one by one, for together it cannot be: {error}"
        );
        self.write_one_by_one(&slice).await
    }

    async fn write_one_by_one(&self, slice: &Arc<Slice>) -> Result<(), inventory::Error> {
        let routine = Arc::clone(slice);
        let routine = move |tx: &Tx<'_>| tx.note_unchanged(&routine.routine);
        let mut outcome = self.inventory.write(routine).await;
        let records = (0..slice.news.len()).map(|index| self.write_one(slice, index));
        let mut records = stream::iter(records).buffered(AT_A_TIME);
        while let Some(recorded) = records.next().await {
            outcome = outcome.and(recorded);
        }
        let rest = Arc::clone(slice);
        let rest = self.inventory.write(move |tx| rest.write_rest(tx)).await;
        outcome.and(rest)
    }

    async fn write_one(&self, slice: &Arc<Slice>, index: usize) -> Result<(), inventory::Error> {
        let one = Arc::clone(slice);
        let recorded = self.inventory.write(move |tx| {
            let Some(visited) = one.news.get(index) else {
                return Ok(());
            };
            record_news(tx, visited, one.now)?;
            note_pages(tx, visited, one.now)
        });
        let recorded = recorded.await;
        if let (Err(error), Some(visited)) = (&recorded, slice.news.get(index)) {
            let token = &visited.learned.after.name;
            tracing::error!(
                token,
                "what was learned of {token} cannot be written: {error}"
            );
        }
        recorded
    }
}

impl Slice {
    fn new(seen: Seen, keeper: &Keeper, now: Timestamp) -> Self {
        let alone = match seen.visits.as_slice() {
            [one] => Some(one.learned.after.id),
            [] | [_, _, ..] => None,
        };
        let (routine, news): (Vec<_>, Vec<_>) =
            seen.visits.into_iter().partition(Visited::is_routine);
        Self {
            routine: routine
                .iter()
                .map(|visited| visited.learned.visit())
                .collect(),
            news,
            unseen: seen.unseen,
            alone,
            app: seen.app,
            name: keeper.app.clone(),
            rules: keeper.rules.clone(),
            now,
        }
    }

    fn write(&self, tx: &Tx<'_>) -> Result<(), inventory::Error> {
        tx.note_unchanged(&self.routine)?;
        for visited in &self.news {
            record_news(tx, visited, self.now)?;
        }
        for visited in &self.news {
            note_pages(tx, visited, self.now)?;
        }
        self.write_rest(tx)
    }

    fn write_rest(&self, tx: &Tx<'_>) -> Result<(), inventory::Error> {
        tell_kin(tx, &self.news, self.now)?;
        tx.release(&self.unseen)?;
        self.alone.map_or(Ok(()), |id| tx.acquit(id))?;
        self.app.write(tx, &self.name, &self.rules, self.now)
    }
}

fn record_news(tx: &Tx<'_>, visited: &Visited, now: Timestamp) -> Result<(), inventory::Error> {
    let Learned { before, after, .. } = &visited.learned;
    if !visited.is_saved && tx.record(&visited.learned, now)? == Recorded::Gone {
        return Ok(());
    }
    if let Some(listening) = &visited.listens {
        tx.note_listening(after, listening, now)?;
    }
    if before.facts.is_none() && after.facts.is_some() {
        tx.find_family(after)?;
    }
    Ok(())
}

fn note_pages(tx: &Tx<'_>, visited: &Visited, now: Timestamp) -> Result<(), inventory::Error> {
    match &visited.pages {
        Some(pages) => tx.note_pages(&visited.learned.after, pages, now),
        None => Ok(()),
    }
}

/// After all of a claim stand recorded, for kin may be among them. Each person's kin are told once, though thousands of
/// that person's pages died or came back together.
fn tell_kin(tx: &Tx<'_>, news: &[Visited], now: Timestamp) -> Result<(), inventory::Error> {
    let (mut hastened, mut woken) = (HashSet::new(), HashSet::new());
    let mut measured = HashSet::new();
    for visited in news {
        let token = &visited.learned.after;
        let Some(facts) = &token.facts else { continue };
        if visited.died && hastened.insert(&facts.person) {
            tx.hasten_kin(token, now)?;
        }
        let is_own = facts.kind != Kind::Page;
        if visited.permissions_changed && measured.insert((is_own, &facts.person)) {
            tx.hasten_permissions(token, now)?;
        }
        // A user token also wakes the pages of others that it reaches.
        if visited.revived && woken.insert((facts.kind, &facts.person)) {
            tx.wake_kin(token, now)?;
        }
    }
    Ok(())
}
