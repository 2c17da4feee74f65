//! The watchdog's question to the accept loop. It comes from inside, so that no peer can keep it waiting.

use tokio::sync::{mpsc, oneshot};

/// Asks the accept loop whether it still runs.
#[derive(Clone, Debug)]
pub struct Probe(mpsc::Sender<oneshot::Sender<()>>);

/// The loop's end of it.
#[derive(Debug)]
pub struct Questions(mpsc::Receiver<oneshot::Sender<()>>);

/// A pair: one end for the watchdog, one for [`serve_probed`](super::serve_probed).
pub fn probe() -> (Probe, Questions) {
    let (ask, questions) = mpsc::channel(1);
    (Probe(ask), Questions(questions))
}

impl Probe {
    /// True once the loop has answered; false when it has ended. It waits for a loop that hangs.
    pub async fn is_answered(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.0.send(answer).await.is_ok() && answered.await.is_ok()
    }
}

impl Questions {
    /// The next question; `None` when nobody will ask again.
    pub(super) async fn next(&mut self) -> Option<oneshot::Sender<()>> {
        self.0.recv().await
    }
}
