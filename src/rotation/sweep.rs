//! One pass over what is due of one app: claim, look, judge, follow up, write down.

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::app::{self, Standing};
use super::desk::Desk;
use super::policy::{Look, Step, Verdict, judge};
use super::visit::{Visit, Visited};
use super::{Keeper, Report};
use crate::graph_api::{Certainty, Error, Inspection};
use crate::inventory::{self, Claimed, Tx, Visit as Routine};
use crate::secret::Secret;
use crate::token::TokenId;

/// How many are claimed at once: enough to share commits, few enough to be small in memory.
const CLAIM: usize = 2_500;
/// Nobody else works on what is claimed for so long; a crash frees it after that.
const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// Calls under way at once.
const AT_ONCE: usize = 8;

impl Keeper {
    /// To be called once before the first sweep: a new start or configuration may be what the app was waiting for.
    pub async fn begin(&self) -> Result<(), inventory::Error> {
        let app = self.app.clone();
        self.inventory.write(move |tx| tx.end_rest(&app)).await
    }

    /// Visits what is due, up to one claim's worth. Call again while the report says that more is due.
    pub async fn sweep(&self, now: Timestamp) -> Result<Report, inventory::Error> {
        let mut standing = self.standing().await?;
        let allowance = standing.allowance(self.calls_per_hour, now);
        let desk = Desk::new(&self.inventory, &self.graph, &self.rules, allowance, now);
        if allowance == 0 {
            return Ok(Report {
                resting: true,
                ..Report::default()
            });
        }
        if standing.is_troubled() && !self.recovers(&desk, &mut standing).await? {
            return Ok(Report {
                resting: true,
                ..Report::default()
            });
        }
        let claimed = self.claim(allowance, now).await?;
        let mut report = Report {
            visited: claimed.len(),
            ..Report::default()
        };
        report.more = claimed.len() == CLAIM;
        let looked = look(&desk, claimed, self.batch).await;
        let looked = self.weigh(&desk, &mut standing, looked).await?;
        let visits = follow_up(&desk, looked.seen).await?;
        standing.spend(&desk.usage(), now);
        report.changed = visits
            .iter()
            .filter(|visited| !visited.is_routine())
            .count();
        report.more &= !standing.is_troubled();
        if !report.more && !standing.is_troubled() {
            standing.swept(now);
        }
        self.write_down(visits, looked.unseen, standing, now)
            .await?;
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
        standing.spend(&desk.usage(), desk.now);
        let recovered = answer.is_ok();
        match answer {
            Ok(()) => standing.recover(),
            Err(error) => standing.stand_back(&error, &self.rules, desk.now),
        }
        let (record, now) = (standing.record(), desk.now);
        self.inventory
            .write(move |tx| {
                if recovered {
                    tx.hasten_failing(&record.name, now)?;
                }
                tx.keep_app(&record, now)
            })
            .await?;
        Ok(recovered)
    }

    async fn claim(
        &self,
        allowance: u32,
        now: Timestamp,
    ) -> Result<Vec<Claimed>, inventory::Error> {
        let app = self.app.clone();
        let limit = CLAIM.min(allowance as usize);
        let due = self
            .inventory
            .read(move |view| view.due(&app, now, limit))
            .await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
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

    async fn write_down(
        &self,
        visits: Vec<Visited>,
        unseen: Vec<TokenId>,
        standing: Standing,
        now: Timestamp,
    ) -> Result<(), inventory::Error> {
        let record = standing.record();
        self.inventory
            .write(move |tx| {
                let (routine, news): (Vec<_>, Vec<_>) =
                    visits.into_iter().partition(|visited| visited.is_routine());
                let routine: Vec<Routine> = routine.iter().filter_map(Visited::routine).collect();
                tx.note_unchanged(&routine)?;
                news.iter()
                    .try_for_each(|visited| record_news(tx, visited, now))?;
                tx.release(&unseen)?;
                tx.keep_app(&record, now)
            })
            .await
    }
}

fn record_news(tx: &Tx<'_>, visited: &Visited, now: Timestamp) -> Result<(), inventory::Error> {
    let token = &visited.learned.after;
    tx.record(&visited.learned, now)?;
    if let Some(pages) = &visited.pages {
        tx.note_pages(token, pages, now)?;
    }
    if visited.died {
        tx.hasten_kin(token, now)?;
    }
    if visited.revived {
        tx.wake_kin(token, now)?;
    }
    Ok(())
}

/// What was asked of Meta, and what was not, because the app was in trouble by then.
struct Looked {
    seen: Vec<(Claimed, Look)>,
    unseen: Vec<TokenId>,
}

/// Asks Meta about every claimed token, batch by batch; stops asking when a whole batch fails alike.
async fn look(desk: &Desk<'_>, claimed: Vec<Claimed>, batch: usize) -> Looked {
    let mut claimed = claimed.into_iter();
    let mut looked = Looked {
        seen: Vec::with_capacity(claimed.len()),
        unseen: Vec::new(),
    };
    let batches = std::iter::from_fn(|| {
        let batch: Vec<Claimed> = claimed.by_ref().take(batch).collect();
        (!batch.is_empty()).then_some(batch)
    });
    let mut answers = stream::iter(batches.collect::<Vec<_>>())
        .map(|batch| async {
            if desk.is_called_off() {
                return (batch, None);
            }
            let secrets: Vec<Secret> = batch.iter().map(|claimed| claimed.secret.clone()).collect();
            let looks = desk.look_at(&secrets).await;
            if app::is_hopeless(&looks) {
                desk.call_off();
            }
            (batch, Some(looks))
        })
        .buffered(AT_ONCE);
    while let Some((batch, looks)) = answers.next().await {
        match looks {
            Some(looks) => looked.seen.extend(batch.into_iter().zip(looks)),
            None => looked
                .unseen
                .extend(batch.iter().map(|claimed| claimed.token.id)),
        }
    }
    looked
}

impl Looked {
    /// Answers that name the app say nothing of a token.
    fn without_what_concerns_the_app(self) -> Self {
        let Self { seen, mut unseen } = self;
        let (about_app, seen): (Vec<_>, Vec<_>) = seen
            .into_iter()
            .partition(|(_, look)| look.as_ref().is_err_and(app::names_the_app));
        unseen.extend(about_app.into_iter().map(|(claimed, _)| claimed.token.id));
        Self { seen, unseen }
    }

    fn all_unseen(self) -> Self {
        let Self { seen, mut unseen } = self;
        unseen.extend(seen.into_iter().map(|(claimed, _)| claimed.token.id));
        Self {
            seen: Vec::new(),
            unseen,
        }
    }

    /// No verdict of this pass is believed before a second look.
    fn in_doubt(mut self) -> Self {
        for (_, look) in &mut self.seen {
            if let Ok(Inspection::Refused { refusal, .. }) = look {
                refusal.certainty = Certainty::Doubtful;
            }
        }
        self
    }
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
