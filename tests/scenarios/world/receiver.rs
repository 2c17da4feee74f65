//! A receiver of posts on loopback. It holds every message against the recorded shape of its service, and answers as
//! the test says.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Result;

pub struct Receiver {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    service: Value,
    received: Vec<Message>,
    /// The status lines and headers of the next answers. Without one, the message is accepted.
    answers: VecDeque<String>,
    /// What was wrong with the messages.
    mistakes: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub at: Instant,
    pub head: String,
    pub text: String,
    pub body: Value,
}

impl Receiver {
    /// `service` is the name of a file in `tests/fixtures/posts`.
    pub async fn open(service: &str) -> Result<Self> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/posts");
        let recorded = std::fs::read_to_string(format!("{folder}/{service}.json"))?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State {
            service: serde_json::from_str(&recorded)?,
            received: Vec::new(),
            answers: VecDeque::new(),
            mistakes: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that gives up needs no answer.
                let _ = serve(stream, &shared).await;
            }
        });
        Ok(Self { address, state })
    }

    /// The address with a part that must never show anywhere.
    pub fn url(&self) -> String {
        format!("http://{}/services/canary", self.address)
    }

    /// The next message gets this answer: a status line without the version, and headers if need be.
    pub fn answer_next(&self, head: &str) {
        self.lock().answers.push_back(head.to_owned());
    }

    /// Returns every message so far, whether it was accepted or not. Fails if one did not have its service's shape.
    pub fn received(&self) -> Vec<Message> {
        let state = self.lock();
        assert!(state.mistakes.is_empty(), "{:?}", state.mistakes);
        state.received.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Message {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>) -> Result {
    let mut request = Vec::new();
    let (head, body) = loop {
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Err("the request ended early".into());
        }
        request.extend_from_slice(&buffer[..length]);
        if let Some(parts) = complete(&request) {
            break parts;
        }
    };
    let answer = state
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take_in(head, body);
    stream.write_all(answer.as_bytes()).await?;
    Ok(stream.shutdown().await?)
}

fn complete(request: &[u8]) -> Option<(String, String)> {
    let request = std::str::from_utf8(request).ok()?;
    let (head, body) = request.split_once("\r\n\r\n")?;
    let lower = head.to_ascii_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?;
    let length: usize = length.parse().ok()?;
    (body.len() >= length).then(|| (head.to_owned(), body.to_owned()))
}

impl State {
    fn take_in(&mut self, head: String, text: String) -> String {
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        self.check(&head, &body);
        let at = Instant::now();
        self.received.push(Message {
            at,
            head,
            text,
            body,
        });
        let accepted = &self.service["accepted"];
        match self.answers.pop_front() {
            Some(head) => format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n"),
            None => {
                let body = accepted["body"].as_str().unwrap_or_default();
                format!(
                    "HTTP/1.1 {} Accepted\r\nContent-Length: {}\r\n\r\n{body}",
                    accepted["status"],
                    body.len()
                )
            }
        }
    }

    fn check(&mut self, head: &str, body: &Value) {
        if !head.starts_with("POST /services/canary HTTP/1.1\r\n") {
            self.mistakes.push(format!("the wrong request: {head}"));
        }
        for key in self.service["required"].as_array().into_iter().flatten() {
            if body.get(key.as_str().unwrap_or_default()).is_none() {
                self.mistakes.push(format!("{key} is missing in {body}"));
            }
        }
        let mut odd = Vec::new();
        compare("", body, &self.service["shape"], &mut odd);
        self.mistakes.append(&mut odd);
    }
}

/// Finds what a payload has and its shape has not. An empty object in the shape may hold anything.
fn compare(place: &str, value: &Value, shape: &Value, odd: &mut Vec<String>) {
    match (value, shape) {
        (Value::Object(_), Value::Object(shape)) if shape.is_empty() => {}
        (Value::Object(members), Value::Object(shape)) => {
            for (key, member) in members {
                let place = format!("{place}.{key}");
                match shape.get(key) {
                    Some(shape) => compare(&place, member, shape, odd),
                    None => odd.push(format!("{place} is unknown")),
                }
            }
        }
        (Value::Array(items), Value::Array(shape)) => {
            for item in items {
                compare(&format!("{place}[]"), item, &shape[0], odd);
            }
        }
        _ if std::mem::discriminant(value) == std::mem::discriminant(shape) => {}
        _ => odd.push(format!("{place} is {value}, but must be like {shape}")),
    }
}
