//! From Meta's first word on each token of a slice to what is to be written down.

use futures_util::{StreamExt, stream};

use super::Keeper;
use super::desk::Desk;
use super::look::AT_ONCE;
use super::policy::{Look, Step};
use super::visit::{Visit, Visited};
use crate::graph_api::{Error, Inspection};
use crate::inventory::{self, Claimed};
use crate::token::{Health, Token};

impl Keeper {
    /// Most visits end with the look; the others go on, some at a time. The first trouble with the inventory is told.
    pub(super) async fn follow_up(
        &self,
        desk: &Desk<'_>,
        seen: Vec<(Claimed, Look)>,
    ) -> (Vec<Visited>, Result<(), inventory::Error>) {
        note_unfit(desk, &seen);
        let begun = seen
            .into_iter()
            .map(|(claimed, look)| Visit::begin(claimed, look, desk));
        let (settled, open): (Vec<Visit>, Vec<Visit>) =
            begun.partition(|visit| visit.next_step(desk) == Step::Settle);
        let mut visited: Vec<Visited> = settled
            .into_iter()
            .map(|visit| visit.settle(desk))
            .collect();
        let mut outcome = Ok(());
        let mut open = stream::iter(open)
            .map(|visit| self.finish(visit, desk))
            .buffer_unordered(AT_ONCE);
        while let Some((visit, finished)) = open.next().await {
            visited.extend(visit);
            outcome = outcome.and(finished);
        }
        (visited, outcome)
    }

    /// Takes a visit to its end. A secret that exists nowhere else is written down before anything else happens.
    async fn finish(
        &self,
        visit: Visit,
        desk: &Desk<'_>,
    ) -> (Option<Visited>, Result<(), inventory::Error>) {
        let (visit, outcome) = match visit.proceed(desk).await {
            Ok(visit) => (Some(visit), Ok(())),
            Err((visit, error)) => (visit, Err(error)),
        };
        let Some(mut visited) = visit.map(|visit| visit.settle(desk)) else {
            return (None, outcome);
        };
        if !visited.is_irreplaceable {
            return (Some(visited), outcome);
        }
        visited.is_saved = true;
        let saved = self.inventory.save(visited.learned.clone(), desk.now).await;
        (Some(visited), outcome.and(saved.map(drop)))
    }
}

/// Through a parent that Meta refuses nothing can be had.
fn note_unfit(desk: &Desk<'_>, seen: &[(Claimed, Look)]) {
    let of_the_one_in_use = seen
        .iter()
        .filter(|(claimed, _)| claimed.candidate.is_none());
    for (claimed, look) in of_the_one_in_use {
        match look {
            Ok(Inspection::Refused { .. }) | Err(Error::Refused(_)) => {
                desk.is_unfit(claimed.token.id);
            }
            Ok(Inspection::Undecided(error)) => log_undecided(&claimed.token, error),
            Ok(Inspection::Alive(_)) | Err(_) => {}
        }
    }
}

/// Once for each new trouble, not with every retry.
fn log_undecided(token: &Token, error: &Error) {
    let known = matches!(token.health, Health::Failing { cause, .. } if cause == error.cause());
    if !known {
        let name = &token.name;
        tracing::warn!(token = name, "Meta gave no verdict on {name}: {error}");
    }
}
