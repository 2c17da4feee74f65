//! What the daemon does in one step, with the clock that its machine shows.

use perennial::alerts;
use perennial::daemon::{ClockState, clock_state};
use perennial::delivery::clean_up;
use perennial::inventory::Tx;
use perennial::webhooks::run_deletions;

use super::Result;
use super::fleet::{APPS, Fleet};
use super::sabotage::Sabotage;

/// Of which the calls are remembered, more than an hour has.
const MOST_LOGINS: usize = 500;

impl Fleet {
    /// What the daemon tries every two seconds while it cannot write.
    pub(super) async fn recover(&mut self) -> Result {
        if self.inventory.write_error().is_some() {
            let probed = self.inventory.probe().await;
            self.excuse(probed)?;
        }
        match self.is_begun {
            true => Ok(()),
            false => self.begin().await,
        }
    }

    /// What the daemon makes of its clock. A clock that was ahead and is right again is followed by a repair, as there.
    pub(super) async fn check_clock(&mut self) -> Result {
        let now = self.daemon_now();
        let latest = self.inventory.read(|view| view.latest_event_at()).await?;
        self.clock = clock_state(now, Some(self.now), latest).0;
        let was_ahead = latest.is_some_and(|latest| latest > now);
        if self.clock == ClockState::Right && was_ahead {
            let fix = self
                .inventory
                .write_alone(move |tx| tx.fix_future_dates(now));
            self.excuse(fix.await)?;
        }
        Ok(())
    }

    /// Logins, deletions and sweeps.
    pub(super) async fn sweep(&mut self) -> Result {
        if self.is_sabotaged_by(Sabotage::Neglect) {
            return Ok(());
        }
        let now = self.daemon_now();
        if !self.is_sabotaged_by(Sabotage::IgnoreDeletion) {
            self.excuse(run_deletions(&self.inventory, now).await.map(drop))?;
        }
        self.log_in().await?;
        if self.clock == ClockState::Wrong {
            return Ok(());
        }
        self.excuse(self.services.sweep(now).await)
    }

    /// Ends the logins that people have begun, and counts their calls.
    async fn log_in(&mut self) -> Result {
        let before = self.calls_of_apps()?;
        let passed = self.services.login_worker.pass(self.daemon_now()).await;
        self.excuse(passed.map(drop))?;
        let after = self.calls_of_apps()?;
        for (app, (after, before)) in after.into_iter().zip(before).enumerate() {
            if after > before {
                self.login_calls.push_back((self.now, app, after - before));
            }
        }
        while self.login_calls.len() > MOST_LOGINS {
            self.login_calls.pop_front();
        }
        Ok(())
    }

    /// In the last hour.
    fn calls_of_apps(&self) -> Result<[u64; 2]> {
        let mut world = self.meta.world();
        let mut calls = [0; 2];
        for (of_app, (_, id, _)) in calls.iter_mut().zip(APPS) {
            *of_app = u64::from(world.calls_last_hour(id)?);
        }
        Ok(calls)
    }

    /// Writes the emails that are due.
    pub(super) async fn write(&self) -> Result {
        if self.is_sabotaged_by(Sabotage::Silence) {
            return Ok(());
        }
        let (inventory, rules) = (&self.inventory, &self.services.alerts);
        let now = self.daemon_now();
        let written = match self.clock {
            ClockState::Right => alerts::pass(inventory, rules, now).await,
            ClockState::Doubtful => alerts::pass_without_ends(inventory, rules, now).await,
            ClockState::Wrong => return Ok(()),
        };
        self.excuse(written.map(drop))
    }

    /// Sends the queued emails, and once a day also the summary if it is due.
    pub(super) async fn send(&self, is_daily: bool) -> Result {
        let (inventory, now) = (&self.inventory, self.daemon_now());
        if self.is_sabotaged_by(Sabotage::Silence) {
            return Ok(());
        }
        let sent = match self.clock {
            ClockState::Right if is_daily => self.services.run_alerts(inventory, now).await,
            ClockState::Right | ClockState::Doubtful => self
                .services
                .mailer
                .send_waiting(inventory, now)
                .await
                .map(drop),
            ClockState::Wrong => return Ok(()),
        };
        self.excuse(sent)
    }

    /// Hands the newest versions to the consumers, once a day also those that were missed.
    pub(super) async fn deliver(&self, is_daily: bool) -> Result {
        // What cannot be recorded is not sent.
        if self.is_disk_full {
            return Ok(());
        }
        let now = self.daemon_now();
        for worker in &self.services.sink_workers {
            if is_daily {
                worker.reconcile(now).await?;
            }
            while worker.pass(now).await? > 0 {}
        }
        if !self.is_sabotaged_by(Sabotage::KeepFiles) {
            clean_up(&self.inventory, &self.services.sinks).await?;
        }
        Ok(())
    }

    /// Deletes old rows, a day's worth of steps. With a wrong clock every row could look old.
    pub(super) async fn prune(&self) -> Result {
        if self.clock != ClockState::Right || self.is_sabotaged_by(Sabotage::Hoard) {
            return Ok(());
        }
        let (retention, now) = (self.services.retention, self.daemon_now());
        loop {
            let step = move |tx: &Tx<'_>| tx.prune(&retention, now);
            let pruned = self.inventory.write_alone(step).await;
            let is_over = !matches!(pruned, Ok(1..));
            self.excuse(pruned.map(drop))?;
            if is_over {
                return Ok(());
            }
        }
    }
}
