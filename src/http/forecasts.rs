//! How both servers ask for a forecast. One is made at a time, in the order of the questions.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::model::{Forecast, ForecastError, ForecastQuestion};

/// Further questions are refused while so many wait.
const WAITING: usize = 16;

pub type ForecastResult = Result<Arc<Forecast>, ForecastError>;

/// A question that waits for its answer.
#[derive(Debug)]
pub struct ForecastOrder {
    pub question: ForecastQuestion,
    pub answer: oneshot::Sender<ForecastResult>,
}

/// Where forecasts are asked for.
#[derive(Clone, Debug)]
pub struct Forecasts(mpsc::Sender<ForecastOrder>);

impl Forecasts {
    /// The orders come out at the other end.
    pub fn channel() -> (Self, mpsc::Receiver<ForecastOrder>) {
        let (sender, orders) = mpsc::channel(WAITING);
        (Self(sender), orders)
    }

    pub async fn ask(&self, question: ForecastQuestion) -> ForecastResult {
        let (answer, answered) = oneshot::channel();
        let order = ForecastOrder { question, answer };
        self.0.try_send(order).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ForecastError::Busy,
            mpsc::error::TrySendError::Closed(_) => ForecastError::Stopping,
        })?;
        answered.await.unwrap_or(Err(ForecastError::Stopping))
    }
}
