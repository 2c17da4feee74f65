//! What an operator sends by hand, to see whether it arrives.

use super::run::Daemon;
use super::{clock, wakeups};
use crate::alerts;
use crate::api::{MailTest, SinkTest};

impl Daemon {
    pub(super) async fn send_test_email(&self, order: MailTest) {
        let operators = self.services.alerts.operators.clone();
        let to = order.to.map_or(operators, |address| vec![address]);
        let now = clock::now();
        let written =
            alerts::send_test_email(&self.inventory, &self.services.alerts, to, now).await;
        self.shared.wakeups.send(wakeups::Signal::EmailQueued);
        self.shared.journal_has_grown();
        let _ = order
            .answer
            .send(written.map_err(|error| error.to_string()));
    }

    /// In the background, because a receiver may be slow.
    pub(super) fn test_sink(&self, order: SinkTest) {
        let workers = &self.services.sink_workers;
        let worker = workers.iter().find(|worker| worker.sink.name == order.sink);
        let worker = worker.cloned();
        self.retiring.spawn(async move {
            let tested = match worker {
                Some(worker) => worker.test(clock::now()).await,
                None => Err("the configuration no longer has this sink".to_owned()),
            };
            // Whoever asked may be gone.
            let _ = order.answer.send(tested);
        });
    }
}
