//! Reads the rest of a request body that the handler left unread, within limits. Many clients read the answer only
//! after they have sent everything; if the server closed the connection earlier, they would lose the answer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How many bytes of a body are read at most, and for how long after the answer.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub size: usize,
    pub time: Duration,
}

/// A body that reads its own rest when a handler drops it.
struct Drained {
    body: Body,
    bounds: Bounds,
    /// The client sends the body only after `100 Continue`.
    waits: bool,
}

/// Wraps the request so that the unread rest of its body is read within `bounds`.
pub fn read_to_the_end(request: Request, bounds: Bounds) -> Request {
    let waits = request.headers().contains_key(header::EXPECT);
    request.map(|body| {
        Body::new(Drained {
            body,
            bounds,
            waits,
        })
    })
}

impl hyper::body::Body for Drained {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.waits = false;
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            let size = frame.data_ref().map_or(0, Bytes::len);
            self.bounds.size = self.bounds.size.saturating_sub(size);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let is_too_long = self.body.size_hint().lower() > self.bounds.size as u64;
        if self.waits || is_too_long || self.body.is_end_stream() {
            return;
        }
        let (body, bounds) = (std::mem::take(&mut self.body), self.bounds);
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(timeout(bounds.time, discard(body, bounds.size)));
        }
    }
}

async fn discard(mut body: Body, size: usize) {
    let mut left = size;
    while left > 0
        && let Some(Ok(frame)) = body.frame().await
    {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
    }
}
