//! One pass over what is due of one app: claim, look, judge, follow up, write down.

use std::collections::HashSet;

use futures_util::{StreamExt, future, stream};
use jiff::{SignedDuration, Timestamp};

use super::app::Standing;
use super::desk::Desk;
use super::look::{AT_ONCE, Looked, look};
use super::policy::{Look, Step, Verdict, judge};
use super::visit::{Visit, Visited};
use super::{Keeper, Report};
use crate::graph_api::{Error, Inspection};
use crate::inventory::{self, AppRecord, Claimed, Learned, Tx, Visit as Routine};
use crate::token::TokenId;

/// How many are looked up at once. Looking costs an index walk over all that is due, so it is not done for less.
const PLAN: usize = 20_000;
/// How many are claimed at once: enough to share commits, few enough to be small in memory.
const CLAIM: usize = 2_500;
/// Of how many people's changes one pass hears; the rest have the next one.
const NOTICES: usize = 1_000;
/// Nobody else works on what is claimed for so long; a crash frees it after that.
const LEASE: SignedDuration = SignedDuration::from_mins(10);

impl Keeper {
    /// Visits what is due, up to one plan's worth. Call again while the report says that more is due.
    pub async fn sweep(&self, now: Timestamp) -> Result<Report, inventory::Error> {
        let resting = Report {
            resting: true,
            ..Report::default()
        };
        let mut standing = self.standing().await?;
        let allowance = standing.allowance(self.calls_per_hour, now);
        if allowance == 0 {
            return Ok(resting);
        }
        let desk = Desk::new(&self.inventory, &self.graph, &self.rules, allowance, now);
        if standing.is_troubled() && !self.recovers(&desk, &mut standing).await? {
            return Ok(resting);
        }
        self.heed_notices(now).await?;
        let due = self.due(allowance, now).await?;
        let mut report = Report {
            more: due.len() == PLAN,
            ..Report::default()
        };
        let (due, suspects) = self.apart(due).await?;
        let mut seen = None;
        for slice in due.chunks(CLAIM).chain(suspects.chunks(1)) {
            let mut slice = slice.to_vec();
            // Of a suspect a crash must be able to say that it was in hand alone.
            if slice.iter().any(|id| suspects.contains(id)) {
                self.write_down(seen.take(), now).await?;
            }
            // Neighbours in the table are written together.
            slice.sort_unstable();
            let claimed = self.claim(slice, now).await?;
            // While Meta is asked about these, the ones before are written down.
            let (looked, written) = future::join(
                look(&desk, claimed, self.batch),
                self.write_down(seen.take(), now),
            )
            .await;
            written?;
            let looked = self.weigh(&desk, &mut standing, looked).await?;
            let visits = follow_up(&desk, looked.seen).await?;
            report.count(&visits);
            standing.spend(&desk.take_usage(), now);
            seen = Some(Seen {
                visits,
                unseen: looked.unseen,
                app: standing.record(),
            });
            if standing.is_troubled() {
                report.more = false;
                break;
            }
        }
        self.write_down(seen, now).await?;
        Ok(report)
    }

    async fn standing(&self) -> Result<Standing, inventory::Error> {
        let app = self.app.clone();
        let record = self.inventory.read(move |view| view.app(&app)).await?;
        Ok(Standing::new(record))
    }

    /// After trouble the app itself is asked first: one call instead of fifty.
    async fn recovers(
        &self,
        desk: &Desk<'_>,
        standing: &mut Standing,
    ) -> Result<bool, inventory::Error> {
        let answer = desk.confirm_app().await;
        standing.spend(&desk.take_usage(), desk.now);
        let trouble = answer.as_ref().err().map(Error::cause);
        match answer {
            Ok(()) => standing.recover(),
            Err(error) => standing.stand_back(&error, &self.rules, desk.now),
        }
        let (record, now) = (standing.record(), desk.now);
        self.inventory
            .write(move |tx| {
                match trouble {
                    None => tx.hasten_failing(&record.name, now)?,
                    Some(cause) => tx.miss_due(&record.name, cause, now)?,
                };
                tx.keep_app(&record, now)
            })
            .await?;
        Ok(trouble.is_none())
    }

    /// Makes due what Meta told of by itself. Before anything is claimed, so that nothing is under way meanwhile.
    async fn heed_notices(&self, now: Timestamp) -> Result<(), inventory::Error> {
        let app = self.app.clone();
        let waiting = self
            .inventory
            .read(move |view| view.notices(&app, NOTICES))
            .await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let app = self.app.clone();
        self.inventory
            .write(move |tx| {
                waiting
                    .iter()
                    .try_for_each(|notice| tx.heed_notice(&app, notice, now).map(drop))
            })
            .await
    }

    async fn due(&self, allowance: u32, now: Timestamp) -> Result<Vec<TokenId>, inventory::Error> {
        let (app, limit) = (self.app.clone(), PLAN.min(allowance as usize));
        self.inventory
            .read(move |view| view.due(&app, now, limit))
            .await
    }

    /// Those that may have made the daemon crash come last, one by one.
    async fn apart(
        &self,
        due: Vec<TokenId>,
    ) -> Result<(Vec<TokenId>, Vec<TokenId>), inventory::Error> {
        let suspects = self.inventory.read(|view| view.suspects()).await?;
        let suspects: HashSet<TokenId> = suspects.into_iter().collect();
        Ok(due.into_iter().partition(|id| !suspects.contains(id)))
    }

    async fn claim(
        &self,
        due: Vec<TokenId>,
        now: Timestamp,
    ) -> Result<Vec<Claimed>, inventory::Error> {
        self.inventory
            .write(move |tx| tx.claim(&due, now, now + LEASE))
            .await
    }

    /// What do the answers say together? Only what speaks for its own token goes on.
    async fn weigh(
        &self,
        desk: &Desk<'_>,
        standing: &mut Standing,
        looked: Looked,
    ) -> Result<Looked, inventory::Error> {
        let pairs = looked
            .seen
            .iter()
            .map(|(claimed, look)| (&claimed.token, look));
        match judge(pairs) {
            Verdict::Sound => Ok(looked),
            Verdict::Troubled(error) => {
                standing.stand_back(&error, &self.rules, desk.now);
                Ok(looked.without_what_concerns_the_app())
            }
            Verdict::Suspicious(cause) => {
                tracing::warn!(app = self.app, %cause, "every answer refuses alike: asking after the app itself first");
                match desk.confirm_app().await {
                    Ok(()) => Ok(looked.in_doubt()),
                    Err(error) => {
                        standing.stand_back(&error, &self.rules, desk.now);
                        Ok(looked.all_unseen())
                    }
                }
            }
        }
    }

    async fn write_down(&self, seen: Option<Seen>, now: Timestamp) -> Result<(), inventory::Error> {
        let Some(Seen {
            visits,
            unseen,
            app,
        }) = seen
        else {
            return Ok(());
        };
        let (routine, news): (Vec<_>, Vec<_>) = visits.into_iter().partition(Visited::is_routine);
        let alone = visits_of_one(&routine, &news);
        let routine: Vec<Routine> = routine
            .iter()
            .map(|visited| visited.learned.visit())
            .collect();
        self.inventory
            .write(move |tx| {
                tx.note_unchanged(&routine)?;
                news.iter()
                    .try_for_each(|visited| record_news(tx, visited, now))?;
                tell_kin(tx, &news, now)?;
                tx.release(&unseen)?;
                alone.map_or(Ok(()), |id| tx.acquit(id))?;
                tx.keep_app(&app, now)
            })
            .await
    }
}

/// One claim's worth, ready to be written down.
struct Seen {
    visits: Vec<Visited>,
    unseen: Vec<TokenId>,
    app: AppRecord,
}

/// A suspect is visited alone.
fn visits_of_one(routine: &[Visited], news: &[Visited]) -> Option<TokenId> {
    match (routine, news) {
        ([one], []) | ([], [one]) => Some(one.learned.after.id),
        _ => None,
    }
}

fn record_news(tx: &Tx<'_>, visited: &Visited, now: Timestamp) -> Result<(), inventory::Error> {
    let Learned { before, after, .. } = &visited.learned;
    tx.record(&visited.learned, now)?;
    if let Some(listening) = &visited.listens {
        tx.note_listening(after, listening, now)?;
    }
    if before.facts.is_none() && after.facts.is_some() {
        tx.find_family(after)?;
    }
    Ok(())
}

/// After all of a claim stand recorded, for kin may be among them. Each person's kin are told once, though thousands of
/// that person's pages died or came back together.
fn tell_kin(tx: &Tx<'_>, news: &[Visited], now: Timestamp) -> Result<(), inventory::Error> {
    let (mut hastened, mut woken) = (HashSet::new(), HashSet::new());
    for visited in news {
        let token = &visited.learned.after;
        if let Some(pages) = &visited.pages {
            tx.note_pages(token, pages, now)?;
        }
        let Some(facts) = &token.facts else { continue };
        if visited.died && hastened.insert(&facts.person) {
            tx.hasten_kin(token, now)?;
        }
        // A user token also wakes the pages of others that it reaches.
        if visited.revived && woken.insert((facts.kind, &facts.person)) {
            tx.wake_kin(token, now)?;
        }
    }
    Ok(())
}

/// Most visits end with the look; the others go on, some at a time.
async fn follow_up(
    desk: &Desk<'_>,
    seen: Vec<(Claimed, Look)>,
) -> Result<Vec<Visited>, inventory::Error> {
    for (claimed, look) in &seen {
        if matches!(
            look,
            Ok(Inspection::Refused { .. }) | Err(Error::Refused(_))
        ) {
            desk.is_unfit(claimed.token.id);
        }
    }
    let begun = seen
        .into_iter()
        .map(|(claimed, look)| Visit::begin(claimed, &look, desk));
    let (settled, open): (Vec<Visit>, Vec<Visit>) =
        begun.partition(|visit| visit.next_step(desk) == Step::Settle);
    let mut visited: Vec<Visited> = settled
        .into_iter()
        .map(|visit| visit.settle(desk))
        .collect();
    let mut open = stream::iter(open)
        .map(|visit| visit.proceed(desk))
        .buffer_unordered(AT_ONCE);
    while let Some(visit) = open.next().await {
        visited.push(visit?.settle(desk));
    }
    Ok(visited)
}
