//! The receiver of a webhook: a program that takes requests, and answers as it was told to.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::Result;

const PATIENCE: Duration = Duration::from_secs(60);

pub struct Hook {
    address: SocketAddr,
    requests: Receiver<Request>,
    /// The answers to come. When there are none, `200 OK`.
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

struct Answer {
    /// Everything after the version of HTTP.
    text: String,
    /// Where the receiver stops, and waits until the client has gone.
    held: Option<Held>,
}

/// How much of an answer the client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Before,
    InHead,
    AfterHead,
    InBody,
    /// All is given; the client may have understood it or not.
    After,
}

#[derive(Debug)]
pub struct Request {
    pub head: String,
    pub body: String,
}

impl Hook {
    pub fn start() -> Result<Self> {
        Self::open(None)
    }

    /// Makes this file before each answer.
    pub fn start_with_mark(mark: &Path) -> Result<Self> {
        Self::open(Some(mark.to_owned()))
    }

    fn open(mark: Option<PathBuf>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (sender, requests) = channel();
        let hook = Self {
            address: listener.local_addr()?,
            requests,
            answers: Arc::default(),
        };
        let answers = Arc::clone(&hook.answers);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that went away is its own affair.
                if matches!(serve(stream, &answers, &sender, mark.as_deref()), Ok(false)) {
                    return;
                }
            }
        });
        Ok(hook)
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers one of the next requests with this status, such as `410 Gone`, and after it perhaps headers and a body.
    pub fn will_answer(&self, status_and_more: &str) {
        self.push(status_and_more, None);
    }

    /// Answers one of the next requests as far as here, and then waits until the client has gone.
    pub fn will_hold(&self, status_and_more: &str, held: Held) {
        self.push(status_and_more, Some(held));
    }

    fn push(&self, text: &str, held: Option<Held>) {
        let text = text.to_owned();
        let mut answers = self.answers.lock().unwrap_or_else(|lock| lock.into_inner());
        answers.push_back(Answer { text, held });
    }

    /// Waits for the next request. If its answer is held, everything before the stop has been given.
    pub fn next(&self) -> Result<Request> {
        Ok(self.requests.recv_timeout(PATIENCE)?)
    }

    /// The requests that came and were not looked at.
    pub fn rest(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }

    /// Whether nothing came that was not looked at.
    pub fn is_quiet(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Whether anybody still wants to know.
fn serve(
    stream: TcpStream,
    answers: &Mutex<VecDeque<Answer>>,
    requests: &Sender<Request>,
    mark: Option<&Path>,
) -> std::io::Result<bool> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let Some(request) = read(&mut reader)? else {
        return Ok(true);
    };
    let next = answers
        .lock()
        .unwrap_or_else(|lock| lock.into_inner())
        .pop_front();
    let (text, held) = match &next {
        Some(answer) => (answer.text.as_str(), answer.held),
        None => ("200 OK", None),
    };
    let (answer, length) = written(text, held);
    if let Some(mark) = mark {
        std::fs::write(mark, "")?;
    }
    if held.is_none() {
        let wanted = requests.send(request).is_ok();
        reader.get_mut().write_all(answer.as_bytes())?;
        return Ok(wanted);
    }
    reader.get_mut().write_all(&answer.as_bytes()[..length])?;
    let wanted = requests.send(request).is_ok();
    let _ = reader.read(&mut [0]);
    Ok(wanted)
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(None);
        }
    }
    let mut request = Request {
        head,
        body: String::new(),
    };
    let length = request
        .header("content-length")
        .and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(request))
}

/// The whole answer, and how much of it is given.
fn written(text: &str, held: Option<Held>) -> (String, usize) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let (head, length) = (head.replace('\n', "\r\n"), body.len());
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let given = match held {
        Some(Held::Before) => 0,
        Some(Held::InHead) => head.len() / 2,
        Some(Held::AfterHead) => head.len(),
        Some(Held::InBody) => head.len() + length / 2,
        Some(Held::After) | None => head.len() + length,
    };
    (head + body, given)
}
