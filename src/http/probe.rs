//! Lets the watchdog ask the accept loop whether it runs. The question comes from inside the process, so that no peer
//! can delay it.

use tokio::sync::{mpsc, oneshot};

/// Asks the accept loop whether it still runs.
#[derive(Clone, Debug)]
pub struct Probe(mpsc::Sender<oneshot::Sender<()>>);

/// The accept loop's end of the channel.
pub type Questions = mpsc::Receiver<oneshot::Sender<()>>;

/// Returns both ends: one for the watchdog, one for the server.
pub fn probe() -> (Probe, Questions) {
    let (ask, questions) = mpsc::channel(1);
    (Probe(ask), questions)
}

impl Probe {
    /// Returns true when the loop has answered, false when it has ended. Waits as long as the loop hangs.
    pub async fn is_answered(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.0.send(answer).await.is_ok() && answered.await.is_ok()
    }
}
