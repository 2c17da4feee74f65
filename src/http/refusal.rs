//! Refuses a connection that gets no slot: it sends a complete answer, and closes so that the answer is not lost.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::listener::Stream;

/// How many refused connections are answered at the same time. Further ones are closed without an answer.
const AT_ONCE: usize = 64;

/// How long the peer may take to send its request, and again to read the answer and close.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most bytes that are read of a request that is ignored.
const LARGEST: u64 = 64 * 1024;

/// Answers connections that get no slot, each within two seconds.
#[derive(Clone, Debug)]
pub(super) struct Rejections(Arc<Semaphore>);

impl Default for Rejections {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Rejections {
    /// Sends `answer` once the peer has sent something. Returns immediately: the rest happens in a task.
    pub(super) fn answer(&self, stream: Stream, answer: Vec<u8>) {
        let Ok(permit) = Arc::clone(&self.0).try_acquire_owned() else {
            return;
        };
        tokio::spawn(async move {
            converse(stream, &answer).await;
            drop(permit);
        });
    }
}

/// Reads before and after it answers: a client reads no answer before it has sent something, and loses the answer if it
/// is cut off while it sends.
async fn converse(mut stream: Stream, answer: &[u8]) {
    let mut first = [0; 1024];
    timeout(PATIENCE, stream.read(&mut first)).await.ok();
    let rest = async {
        stream.write_all(answer).await?;
        stream.shutdown().await?;
        let mut rest = stream.take(LARGEST);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    timeout(PATIENCE, rest).await.ok();
}
