//! An HTTP server that answers as a test prescribes, well or badly, and records the requests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub(super) struct Peer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) method: String,
    /// The target, as on the request line.
    pub(super) target: String,
    pub(super) authorization: String,
    pub(super) body: String,
}

pub(super) enum Scenario {
    Json(u16, Value),
    JsonWith(&'static str, Value),
    /// Sends these bytes, then closes the connection.
    Raw(Vec<u8>),
    /// Sends these bytes, then nothing more.
    Stall(Vec<u8>),
    /// Sends bytes without end.
    Flood,
}

impl Peer {
    pub(super) async fn playing(
        script: impl Fn(&Asked) -> Scenario + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (script, log) = (Arc::new(script), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&log)));
            }
        });
        Self { address, asked }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Asked {
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns a field of a GET's query or a POST's form.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?').map(|(_, query)| query);
        let form = if self.method == "POST" {
            Some(&*self.body)
        } else {
            query
        };
        decode(form?)
            .into_iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v)
    }

    /// Returns the tokens to inspect, from a single call or a batch.
    pub(super) fn inputs(&self) -> Vec<String> {
        let Some(batch) = self.field("batch") else {
            return self.field("input_token").into_iter().collect();
        };
        let entries: Vec<Value> = serde_json::from_str(&batch).unwrap();
        let input = |entry: &Value| {
            let url = entry["relative_url"].as_str().unwrap();
            decode(url.strip_prefix("debug_token?").unwrap())[0]
                .1
                .clone()
        };
        entries.iter().map(input).collect()
    }
}

fn decode(query: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://localhost/?{query}")).unwrap();
    url.query_pairs().into_owned().collect()
}

async fn serve(
    stream: TcpStream,
    script: Arc<impl Fn(&Asked) -> Scenario>,
    log: Arc<Mutex<Vec<Asked>>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let asked = read(&mut stream).await?;
        let play = script(&asked);
        log.lock().unwrap().push(asked);
        let (status, headers, body) = match play {
            Scenario::Json(status, body) => (status, "", body),
            Scenario::JsonWith(headers, body) => (200, headers, body),
            Scenario::Raw(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                return stream.shutdown().await.ok();
            }
            Scenario::Stall(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                return std::future::pending().await;
            }
            Scenario::Flood => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
                loop {
                    stream.write_all(&[b' '; 65_536]).await.ok()?;
                }
            }
        };
        let body = body.to_string();
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut asked = Asked::default();
    let mut length = 0;
    let first = line(stream).await?;
    let mut texts = first.split(' ');
    asked.method = texts.next()?.to_owned();
    asked.target = texts.next()?.to_owned();
    loop {
        let line = line(stream).await?;
        let Some((name, value)) = line.split_once(": ") else {
            break;
        };
        match &*name.to_ascii_lowercase() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => asked.authorization = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    asked.body = String::from_utf8(body).unwrap();
    Some(asked)
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}
