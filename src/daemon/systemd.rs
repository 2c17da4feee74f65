//! What the daemon tells systemd. Without systemd each of these is a word into the wind.

use std::time::Duration;

use sd_notify::NotifyState;

pub(super) fn ready(status: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

pub(super) fn status(status: &str) {
    notify(&[NotifyState::Status(status)]);
}

/// It takes longer than the unit allows for, and goes on.
pub(super) fn not_ready_within(time: Duration) {
    let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
    notify(&[
        NotifyState::ExtendTimeoutUsec(micros),
        NotifyState::Status("opening the inventory"),
    ]);
}

/// Both in one datagram: systemd from 253 on takes a reload without the time for a failed one.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(time) => notify(&[NotifyState::Reloading, time]),
        Err(error) => {
            tracing::warn!(
                "the monotonic clock cannot be read; systemd is not told of the reload: {error}"
            )
        }
    }
}

pub(super) fn stopping() {
    notify(&[
        NotifyState::Stopping,
        NotifyState::Status("stopping: the passes at hand are finished"),
    ]);
}

pub(super) fn alive() {
    notify(&[NotifyState::Watchdog]);
}

/// How often systemd wants to hear that we are alive; `None` if it does not ask.
pub(super) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("systemd cannot be told how we are: {error}");
    }
}
