//! Limits how much a mail server may send. Bytes are counted on the socket, below TLS, so a server that sends an
//! endless line costs no memory, whether before STARTTLS or inside TLS.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The limit for one answer, and for everything up to the login: several times what certificates and a long EHLO need.
/// lettre parses an answer from its start again with each line, so a longer one would also cost time.
const ANSWER: usize = 64 * 1024;

/// The limit for all emails of one connection.
const CONVERSATION: usize = 4 * 1024 * 1024;

/// Cheap to clone; clones share the counters.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadLimit(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    total: AtomicUsize,
    /// The value of `total` when the current answer began.
    answer_began_at: AtomicUsize,
}

impl ReadLimit {
    /// Starts a new limit for the next answer. The limit of the connection stays.
    pub(super) fn begin_answer(&self) {
        let total = self.0.total.load(Ordering::Relaxed);
        self.0.answer_began_at.store(total, Ordering::Relaxed);
    }

    /// Whether the connection has room for another email.
    pub(super) fn has_room(&self) -> bool {
        self.0.total.load(Ordering::Relaxed) < CONVERSATION / 2
    }

    fn is_spent(&self) -> bool {
        let total = self.0.total.load(Ordering::Relaxed);
        let answer = total.saturating_sub(self.0.answer_began_at.load(Ordering::Relaxed));
        answer >= ANSWER || total >= CONVERSATION
    }

    fn count(&self, bytes: usize) {
        self.0.total.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// A connection that fails once the server has sent more than the limit.
#[derive(Debug)]
pub(super) struct LimitedStream {
    tcp: TcpStream,
    limit: ReadLimit,
}

impl LimitedStream {
    pub(super) const fn new(tcp: TcpStream, limit: ReadLimit) -> Self {
        Self { tcp, limit }
    }
}

impl AsyncRead for LimitedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.limit.is_spent() {
            let error = "the mail server's answer is too long";
            return Poll::Ready(Err(io::Error::other(error)));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buf))?;
        self.limit.count(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LimitedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for LimitedStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_a_limit_and_all_of_them_have_one() {
        let limit = ReadLimit::default();
        limit.count(ANSWER - 1);
        assert!(!limit.is_spent());
        limit.count(1);
        assert!(limit.is_spent());
        limit.begin_answer();
        assert!(!limit.is_spent() && limit.has_room());
        let mut total = ANSWER;
        while !limit.is_spent() {
            limit.count(ANSWER / 2);
            total += ANSWER / 2;
            limit.begin_answer();
        }
        assert!(!limit.has_room());
        assert!(
            (CONVERSATION..CONVERSATION + ANSWER).contains(&total),
            "{total}"
        );
    }
}
