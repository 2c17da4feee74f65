//! Files each troubled token into the incident of its story, and opens those of the apps themselves.

use std::sync::Arc;

use jiff::Timestamp;

use super::policy::{self, Filing, RELAPSE_WITHIN};
use super::{Ends, Rules};
use crate::inventory::{self, Concern, Inventory, Story, Tx};
use crate::token::{Cause, Token, TokenId};

/// How many tokens are filed in one transaction.
const CHUNK: usize = 500;

/// Puts every token whose need changed where it belongs; how many that were.
pub(super) async fn file_tokens(
    inventory: &Inventory,
    rules: &Arc<Rules>,
    ends: Ends,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let mut filed = 0;
    let mut after = TokenId(0);
    loop {
        let waiting = inventory
            .read(move |view| view.attention(after, CHUNK))
            .await?;
        let Some(last) = waiting.last() else {
            return Ok(filed);
        };
        after = *last;
        let rules = Arc::clone(rules);
        let file = inventory.write(move |tx| {
            let mut done = Vec::with_capacity(waiting.len());
            for id in waiting {
                if file(tx, id, &rules, ends, now)? == Filed::Done {
                    done.push(id);
                }
            }
            tx.attended(&done)?;
            Ok(done.len())
        });
        filed += file.await?;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Filed {
    Done,
    /// It is about an end, which the clock cannot judge now.
    Waits,
}

/// A token that is gone by now needs nobody.
fn file(
    tx: &Tx<'_>,
    id: TokenId,
    rules: &Rules,
    ends: Ends,
    now: Timestamp,
) -> Result<Filed, inventory::Error> {
    let Some(concern) = tx.concern(id)? else {
        return Ok(Filed::Done);
    };
    if ends == Ends::LeftAlone && concerns_an_end(&concern) {
        return Ok(Filed::Waits);
    }
    let token = &concern.token;
    match policy::filing(&concern, rules, now) {
        Filing::Stay => {}
        Filing::Leave(incident) => tx.leave(id, incident, now)?,
        Filing::Join(story) => join(tx, story, token, now)?,
        Filing::Move { from, to } => {
            tx.leave(id, from, now)?;
            join(tx, to, token, now)?;
        }
    }
    Ok(Filed::Done)
}

fn concerns_an_end(concern: &Concern) -> bool {
    let here = concern.incident.as_ref().map(|here| here.story.cause);
    let causes = [concern.token.cause(), here];
    causes.into_iter().flatten().any(policy::is_about_an_end)
}

/// A coming end joins what is open about the other clock of the same person already.
fn join(tx: &Tx<'_>, story: Story, token: &Token, now: Timestamp) -> Result<(), inventory::Error> {
    let other = policy::sibling(&story).filter(|_| token.cause().is_some_and(policy::is_coming));
    let story = match other {
        Some(other) if !tx.is_open(&story)? && tx.is_open(&other)? => other,
        Some(_) | None => story,
    };
    tx.join(&story, token, relapsed_since(now), now).map(drop)
}

pub(super) async fn open_incidents_of_apps(
    inventory: &Inventory,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), inventory::Error> {
    let apps = inventory.read(|view| view.apps()).await?;
    let troubled = apps
        .into_iter()
        .filter(|app| app.trouble.is_some() && rules.apps.contains(&app.name));
    for app in troubled {
        inventory
            .write(move |tx| {
                let outage = tx.open_story_about(Cause::Outage)?;
                match policy::app_story(&app, outage.as_ref(), now) {
                    Some((story, trouble)) => tx
                        .open_incident(&story, &trouble, relapsed_since(now), now)
                        .map(drop),
                    None => Ok(()),
                }
            })
            .await?;
    }
    Ok(())
}

fn relapsed_since(now: Timestamp) -> Timestamp {
    now.checked_sub(RELAPSE_WITHIN).unwrap_or(Timestamp::MIN)
}
