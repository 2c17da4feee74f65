//! A server at the socket that never stops sending.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

use crate::api::types::EventQuery;
use crate::api_client::{Client, Error};

/// The longest answer, plus a generous allowance for the buffers in between.
const GIVEN_UP_BY: usize = 32 << 20;

/// Answers one call; returns how many bytes it sent before the caller disconnected.
fn talk(listener: UnixListener, status: &'static str) -> JoinHandle<usize> {
    tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await.unwrap();
        let received = caller.read(&mut [0; 4096]).await.unwrap();
        assert!(received > 0);
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\r\n");
        caller.write_all(head.as_bytes()).await.unwrap();
        let part = vec![b' '; 64 * 1024];
        let mut poured = 0;
        while poured < 2 * GIVEN_UP_BY && caller.write_all(&part).await.is_ok() {
            poured += part.len();
        }
        poured
    })
}

#[tokio::test]
async fn an_answer_without_an_end_is_given_up() {
    for status in ["200 OK", "500 Internal Server Error"] {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("perennial.sock");
        let poured = talk(UnixListener::bind(&socket).unwrap(), status);
        let answer = Client::at(socket).unwrap().status().await;
        assert!(
            matches!(answer, Err(Error::NotUnderstood { .. })),
            "{answer:?}"
        );
        let poured = poured.await.unwrap();
        assert!((1..GIVEN_UP_BY).contains(&poured), "{poured} bytes");
    }
}

#[tokio::test]
async fn an_event_without_an_end_is_given_up() {
    for status in ["200 OK", "500 Internal Server Error"] {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("perennial.sock");
        let poured = talk(UnixListener::bind(&socket).unwrap(), status);
        let next = async {
            let mut events = Client::at(socket)?.events(&EventQuery::default()).await?;
            events.next_line().await
        };
        let next = next.await;
        assert!(matches!(next, Err(Error::NotUnderstood { .. })), "{next:?}");
        let poured = poured.await.unwrap();
        assert!((1..GIVEN_UP_BY).contains(&poured), "{poured} bytes");
    }
}
