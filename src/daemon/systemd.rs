//! Notifications to systemd. No-op when not started by systemd.

use std::time::Duration;

use sd_notify::NotifyState;

pub(super) fn ready(status: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

pub(super) fn status(status: &str) {
    notify(&[NotifyState::Status(status)]);
}

/// Extends the start timeout, because opening the inventory takes longer.
pub(super) fn not_ready_within(time: Duration) {
    let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
    notify(&[
        NotifyState::ExtendTimeoutUsec(micros),
        NotifyState::Status("opening the inventory"),
    ]);
}

/// Both in one datagram: since version 253, systemd treats a reload message without a time as a failed reload.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(time) => notify(&[NotifyState::Reloading, time]),
        Err(error) => {
            tracing::warn!(
                "the monotonic clock cannot be read, so systemd is not notified of the reload: {error}"
            )
        }
    }
}

pub(super) fn stopping() {
    notify(&[
        NotifyState::Stopping,
        NotifyState::Status("stopping: finishing the current work"),
    ]);
}

pub(super) fn alive() {
    notify(&[NotifyState::Watchdog]);
}

/// The watchdog interval that systemd expects; `None` without a watchdog.
pub(super) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("systemd cannot be notified of the daemon's state: {error}");
    }
}
