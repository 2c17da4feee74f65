//! How an answer is transmitted: late, slowly, in part, or not at all.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};

use super::endpoints::Answer;
use super::faults::Fault;

/// How the faults of a call change its transmission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionFault {
    pub(crate) delay: Duration,
    pub(crate) end: End,
    date_skew: SignedDuration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    Arrives,
    /// Half of the announced body is sent, then the connection closes.
    BreaksOff,
    Trickles(Duration),
    Swells(u64),
    /// The connection is reset before the first byte.
    Reset,
}

impl ConnectionFault {
    pub(crate) fn under(faults: &[Fault]) -> Self {
        faults
            .iter()
            .fold(Self::default(), |connection_fault, fault| match fault {
                Fault::Latency(delay) => Self {
                    delay: connection_fault.delay + *delay,
                    ..connection_fault
                },
                Fault::DateSkew(date_skew) => Self {
                    date_skew: *date_skew,
                    ..connection_fault
                },
                Fault::Reset | Fault::LostAnswer => Self {
                    end: End::Reset,
                    ..connection_fault
                },
                Fault::Truncated => Self {
                    end: End::BreaksOff,
                    ..connection_fault
                },
                Fault::SlowBytes(pause) => Self {
                    end: End::Trickles(*pause),
                    ..connection_fault
                },
                Fault::HugeBody(bytes) => Self {
                    end: End::Swells(*bytes),
                    ..connection_fault
                },
                Fault::HtmlError
                | Fault::Unavailable
                | Fault::Error(_)
                | Fault::EmptyBody
                | Fault::WrongTypes
                | Fault::WithoutExpiresIn
                | Fault::WithoutClocks
                | Fault::WithoutScopes
                | Fault::Verdict(_)
                | Fault::EmptyTokens
                | Fault::TokenType(_)
                | Fault::NullMember
                | Fault::ReorderedHeaders
                | Fault::VersionWarning(_) => connection_fault,
            })
    }

    /// Builds the HTTP response. `End::Reset` is handled at the connection.
    pub(crate) fn response(&self, answer: Answer, now: Timestamp) -> Response {
        let length = answer.body.len();
        let mut response = Response::new(self.body(answer.body));
        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json; charset=UTF-8");
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::DATE, date(now, self.date_skew));
        for (name, value) in answer.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
        if self.end == End::BreaksOff {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        response
    }

    fn body(&self, text: String) -> Body {
        let length = text.len();
        match self.end {
            End::Arrives | End::Reset => Body::from(text),
            End::BreaksOff => break_off(Bytes::from(text).split_to(length / 2)),
            End::Trickles(pause) => trickle(text.into(), pause),
            End::Swells(bytes) => swell(bytes),
        }
    }
}

/// The pause before the error makes the server send what it has.
fn break_off(half: Bytes) -> Body {
    Body::from_stream(stream::unfold(Some(half), |half| async move {
        if let Some(half) = half {
            return Some((Ok(half), None));
        }
        tokio::task::yield_now().await;
        Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None))
    }))
}

fn trickle(text: Bytes, pause: Duration) -> Body {
    const AT_ONCE: usize = 8;
    Body::from_stream(stream::unfold(text, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let chunk = rest.split_to(rest.len().min(AT_ONCE));
        Some((Ok::<_, io::Error>(chunk), rest))
    }))
}

/// The beginning of a JSON document: one very long string.
fn swell(bytes: u64) -> Body {
    const CHUNK: &[u8] = &[b'a'; 64 << 10];
    let chunks = bytes.div_ceil(CHUNK.len() as u64);
    let opening = std::iter::once(Bytes::from_static(b"{\"data\":\""));
    let filling = (0..chunks).map(|_| Bytes::from_static(CHUNK));
    Body::from_stream(stream::iter(opening.chain(filling).map(Ok::<_, io::Error>)))
}

fn date(now: Timestamp, skew: SignedDuration) -> HeaderValue {
    let shown = now.checked_add(skew).unwrap_or(now);
    let text = shown.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
