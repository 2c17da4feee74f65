//! A mail server on loopback that keeps what it receives, and answers as the test wants.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// No answer: the server accepts the email, and the connection breaks before it says so.
pub(super) const TAKEN_AND_GONE: &str = "";

/// An email as received.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrived {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) data: String,
}

#[derive(Clone, Default)]
pub(super) struct Sink {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    arrived: Vec<Arrived>,
    connections: usize,
    /// The start of a command, and the answer to the next such command.
    answers: Vec<(String, String)>,
    received: Vec<String>,
}

impl Sink {
    /// Listens until the test ends. Returns the port.
    pub(super) async fn start(&self) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sink = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                sink.state.lock().unwrap().connections += 1;
                tokio::spawn(sink.clone().serve(stream));
            }
        });
        port
    }

    /// The next command with this start gets this answer; later ones get the usual answer.
    pub(super) fn answer(&self, command: &str, answer: &str) {
        let answer = (command.to_owned(), answer.to_owned());
        self.state.lock().unwrap().answers.push(answer);
    }

    pub(super) fn answer_as_usual(&self) {
        self.state.lock().unwrap().answers.clear();
    }

    pub(super) fn arrived(&self) -> Vec<Arrived> {
        self.state.lock().unwrap().arrived.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    pub(super) fn received(&self, command: &str) -> bool {
        let state = self.state.lock().unwrap();
        state.received.iter().any(|line| line.starts_with(command))
    }

    async fn serve(self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 sink ready\r\n").await?;
        let mut email = Arrived::default();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            let answer = self.answer_to(line, &mut email);
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
            if answer.starts_with("354") {
                email.data = read_data(&mut stream).await?;
                let answer = self.take(std::mem::take(&mut email));
                if answer == TAKEN_AND_GONE {
                    return Ok(());
                }
                stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
            }
            if answer.starts_with("221") || answer.starts_with("421") {
                return Ok(());
            }
        }
    }

    fn answer_to(&self, line: &str, email: &mut Arrived) -> String {
        let mut state = self.state.lock().unwrap();
        state.received.push(line.to_owned());
        if let Some(answer) = state.scripted(line) {
            return answer;
        }
        if let Some(from) = line.strip_prefix("MAIL FROM:") {
            *email = Arrived {
                from: from.to_owned(),
                ..Arrived::default()
            };
        } else if let Some(to) = line.strip_prefix("RCPT TO:") {
            email.to.push(to.to_owned());
        }
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" => "250-sink\r\n250 AUTH PLAIN",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        answer.to_owned()
    }

    fn take(&self, email: Arrived) -> String {
        let mut state = self.state.lock().unwrap();
        let answer = state
            .scripted(".")
            .unwrap_or_else(|| "250 taken".to_owned());
        if answer == TAKEN_AND_GONE || answer.starts_with("250") {
            state.arrived.push(email);
        }
        answer
    }
}

impl State {
    fn scripted(&mut self, line: &str) -> Option<String> {
        let found = self
            .answers
            .iter()
            .position(|(begin, _)| line.starts_with(begin))?;
        Some(self.answers.remove(found).1)
    }
}

async fn read_data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        match line.as_str() {
            ".\r\n" => return Ok(data),
            dotted => data.push_str(dotted.strip_prefix('.').unwrap_or(dotted)),
        }
    }
}
