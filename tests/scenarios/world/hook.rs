//! The receiver of a webhook: a program that takes requests, and answers as it was told to.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::Result;

const PATIENCE: Duration = Duration::from_secs(60);

pub struct Hook {
    address: SocketAddr,
    requests: Receiver<Request>,
    /// The answers to come: everything after the version of HTTP. When there are none, `200 OK`.
    answers: Arc<Mutex<VecDeque<String>>>,
}

#[derive(Debug)]
pub struct Request {
    pub head: String,
    pub body: String,
}

impl Hook {
    pub fn start() -> Result<Self> {
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
                if matches!(serve(stream, &answers, &sender), Ok(false)) {
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
        let mut answers = self.answers.lock().unwrap_or_else(|lock| lock.into_inner());
        answers.push_back(status_and_more.to_owned());
    }

    pub fn next(&self) -> Result<Request> {
        Ok(self.requests.recv_timeout(PATIENCE)?)
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
    answers: &Mutex<VecDeque<String>>,
    requests: &Sender<Request>,
) -> std::io::Result<bool> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(true);
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
    let next = answers
        .lock()
        .unwrap_or_else(|lock| lock.into_inner())
        .pop_front();
    let answer = next.unwrap_or_else(|| "200 OK".to_owned());
    let (head, body) = answer.split_once("\n\n").unwrap_or((&answer, ""));
    let wanted = requests.send(request).is_ok();
    let head = head.replace('\n', "\r\n");
    let length = body.len();
    write!(
        reader.get_mut(),
        "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    Ok(wanted)
}
