//! The end of a connection that gets no place: a whole answer, and a close that does not cut the answer off.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How many refused connections are answered at the same moment. Further ones are closed without an answer.
const AT_ONCE: usize = 64;

/// For the peer to send its request, and again for it to take the answer and to close.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most that is read of a request that is not looked at.
const LARGEST: u64 = 64 * 1024;

/// Answers connections that get no place, each within two seconds.
#[derive(Clone, Debug)]
pub struct Refusals(Arc<Semaphore>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Refusals {
    /// Sends `answer` once the peer has begun to ask. It does not wait: the rest happens in a task of its own.
    pub fn answer<S>(&self, stream: S, answer: Vec<u8>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Ok(permit) = Arc::clone(&self.0).try_acquire_owned() else {
            return;
        };
        tokio::spawn(async move {
            converse(stream, &answer).await;
            drop(permit);
        });
    }
}

/// A client that has not sent anything takes no answer, and one that is cut off while it sends loses the answer.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answer: &[u8]) {
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
