//! `perennial demo`: the real daemon code on a simulated Meta, a whole season in seconds.
//!
//! - `cast`: people, pages and tokens · `fate`: what happens to them · `inbox`: people read their mail and act
//! - `stage`: configuration, inventory, socket and clock · `narrator`: what is told as it happens
//! - `watch`: holds what Perennial says against the simulated world · `verdict`: the closing table

mod cast;
mod fate;
mod inbox;
mod narrator;
mod stage;
mod verdict;
mod watch;

use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};

use cast::Cast;
use fate::Fates;
use inbox::Inbox;
use narrator::Narrator;
use stage::Stage;
use watch::Watch;

pub use stage::Error;
pub use verdict::Verdict;

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub days: u16,
    pub seed: u64,
    pub sabotage: Sabotage,
}

/// What is broken on purpose, to show that the demo would notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    #[default]
    Nothing,
    /// Nobody writes letters.
    Silence,
    /// Nobody looks after the tokens from the tenth day on.
    Neglect,
}

/// How far the clock jumps at most: people and Meta act in between.
const LONGEST_STEP: SignedDuration = SignedDuration::from_mins(30);
/// Nothing is looked at more often.
const SHORTEST_STEP: SignedDuration = SignedDuration::from_mins(1);

/// A season that was lived through; the stage stands until it is dropped.
#[derive(Debug)]
pub struct Season {
    stage: Stage,
    pub verdict: Verdict,
}

impl Season {
    /// Lives through it, telling `out` what happens.
    pub async fn live(options: Options, out: &mut impl Write) -> Result<Self, Error> {
        let stage = Stage::set(options.seed).await?;
        let cast = Cast::enter(&stage).await?;
        let end = stage.now() + SignedDuration::from_hours(24 * i64::from(options.days));
        let mut play = Play {
            fates: Fates::draw(&cast, stage.now(), options.seed),
            inbox: Inbox::new(options.seed),
            watch: Watch::new(&cast),
            narrator: Narrator::new(stage.now()),
            sabotage: options.sabotage,
            cast,
            stage,
        };
        play.narrator.opening(&play.stage, &play.cast, out)?;
        while play.stage.now() < end {
            play.step(end, out).await?;
        }
        play.stage.show().await?;
        let verdict = Verdict::reach(&play.stage, &play.cast, &play.watch).await?;
        Ok(Self {
            stage: play.stage,
            verdict,
        })
    }

    /// Where to look while the stage stands.
    pub fn places(&self, out: &mut impl Write) -> io::Result<()> {
        narrator::places(&self.stage, out)
    }
}

struct Play {
    stage: Stage,
    cast: Cast,
    fates: Fates,
    inbox: Inbox,
    watch: Watch,
    narrator: Narrator,
    sabotage: Sabotage,
}

impl Play {
    /// To the next moment at which anything may happen, and through it.
    async fn step(&mut self, end: Timestamp, out: &mut impl Write) -> Result<(), Error> {
        let now = self.stage.now();
        let wanted = [
            self.stage.next_due().await?,
            self.fates.next(),
            self.inbox.next(),
        ];
        let soonest = wanted.into_iter().flatten().min().unwrap_or(end);
        let next = soonest
            .max(now + SHORTEST_STEP)
            .min(now + LONGEST_STEP)
            .min(end);
        self.stage.move_to(next);
        for happening in self.fates.strike(&self.cast, &self.stage)? {
            self.narrator.at_meta(next, &happening, out)?;
        }
        for deed in self.inbox.act(&self.cast, &self.stage).await? {
            self.narrator.person(next, &deed, out)?;
        }
        self.watch.look(&self.stage, &self.cast).await?;
        let neglected = next > self.fates.start() + SignedDuration::from_hours(240);
        if self.sabotage != Sabotage::Neglect || !neglected {
            self.stage.sweep().await?;
        }
        if self.sabotage != Sabotage::Silence {
            self.stage.post().await?;
        }
        self.narrator.journal(&self.stage, out).await?;
        let letters = self.inbox.read(&self.cast, &self.stage).await?;
        self.watch.letters(&self.stage, &self.cast, &letters).await
    }
}
