//! Makes forecasts, one at a time. An answer is kept until the inventory changes, and for some time that it was costly to
//! make, so that nobody who asks again and again keeps a processor busy.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::services::Services;
use crate::http::{ForecastOrder, ForecastResult, Forecasts, NowFn};
use crate::inventory::Inventory;
use crate::model::{Figures, Forecast, ForecastError, ForecastQuestion};

/// How many answers are kept.
const KEPT: usize = 4;
/// An answer says what would happen from its moment on, so it is not kept for long.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// An answer is kept at least this many times as long as it took.
const TIMES: u32 = 10;

pub(super) struct ForecastWorker {
    inventory: Inventory,
    /// Those of the configuration that is live.
    services: watch::Receiver<Arc<Services>>,
    clock: NowFn,
    orders: mpsc::Receiver<ForecastOrder>,
    stop: CancellationToken,
}

struct Kept {
    question: ForecastQuestion,
    forecast: Arc<Forecast>,
    services: Arc<Services>,
    figures: Arc<Figures>,
    made_at: Instant,
    took: Duration,
}

/// The daemon's side of the worker.
pub(super) struct ForecastService {
    pub(super) forecasts: Forecasts,
    services: watch::Sender<Arc<Services>>,
}

impl ForecastService {
    pub(super) fn new(
        services: &Arc<Services>,
        clock: NowFn,
        stop: &CancellationToken,
    ) -> (Self, ForecastWorker) {
        let (forecasts, orders) = Forecasts::channel();
        let service = Self {
            forecasts,
            services: watch::Sender::new(Arc::clone(services)),
        };
        let worker = ForecastWorker {
            inventory: services.inventory.clone(),
            services: service.services.subscribe(),
            clock,
            orders,
            stop: stop.clone(),
        };
        (service, worker)
    }

    /// A new configuration is live.
    pub(super) fn show(&self, services: &Arc<Services>) {
        self.services.send_replace(Arc::clone(services));
    }
}

/// Answers with one configuration until the stop, for servers that no daemon runs.
pub fn serve_forecasts(
    services: &Arc<Services>,
    clock: &NowFn,
    stop: &CancellationToken,
) -> Forecasts {
    let (service, worker) = ForecastService::new(services, Arc::clone(clock), stop);
    tokio::spawn(worker.run());
    service.forecasts
}

impl ForecastWorker {
    /// Answers until the stop.
    pub(super) async fn run(mut self) -> &'static str {
        let mut kept = VecDeque::new();
        while let Some(Some(order)) = self.stop.run_until_cancelled(self.orders.recv()).await {
            // Whoever asked may have given up meanwhile.
            if order.answer.is_closed() {
                continue;
            }
            let answered = self.stop.clone();
            let answer = answered.run_until_cancelled(self.answer(order.question, &mut kept));
            let answer = answer.await.unwrap_or(Err(ForecastError::Stopping));
            let _ = order.answer.send(answer);
        }
        self.stop.cancelled().await;
        "forecasts"
    }

    async fn answer(
        &mut self,
        question: ForecastQuestion,
        kept: &mut VecDeque<Kept>,
    ) -> ForecastResult {
        let services = Arc::clone(&self.services.borrow_and_update());
        let figures = self.inventory.figures();
        let now = (self.clock)();
        kept.retain(|known| known.is_good(&services, &figures, now));
        if let Some(known) = kept.iter().find(|known| known.question == question) {
            return Ok(Arc::clone(&known.forecast));
        }
        let began = Instant::now();
        let forecast = services.forecast(question.clone(), now).await;
        let forecast = Arc::new(forecast?);
        kept.truncate(KEPT - 1);
        kept.push_front(Kept {
            question,
            forecast: Arc::clone(&forecast),
            services,
            figures,
            made_at: began,
            took: began.elapsed(),
        });
        Ok(forecast)
    }
}

impl Kept {
    fn is_good(&self, services: &Arc<Services>, figures: &Arc<Figures>, now: Timestamp) -> bool {
        // The figures are read anew after each commit.
        let is_unchanged = Arc::ptr_eq(&self.figures, figures);
        let age = age(self.made_at.elapsed(), self.forecast.from, now);
        Arc::ptr_eq(&self.services, services)
            && age < LONGEST
            && (is_unchanged || age < self.took * TIMES)
    }
}

/// By the clock that says more: one stands still while the machine sleeps, the other can be set.
fn age(measured: Duration, from: Timestamp, now: Timestamp) -> Duration {
    measured.max(from.duration_until(now).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ages_by_the_clock_that_says_more() {
        let from = "2026-12-01T09:00:00Z".parse().unwrap();
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3_600));
        assert_eq!(age(second, from, from), second);
        assert_eq!(age(second, from, from + hour), hour);
        assert_eq!(age(second, from, from - hour), hour);
    }
}
