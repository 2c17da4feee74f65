//! Mail servers that send endless data, before TLS and inside it.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;
use crate::alerts::fixtures::{Result, World};
use crate::model::NewEmail;

const CA: &[u8] = include_bytes!("../../../tests/fixtures/tls/ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../../tests/fixtures/tls/localhost.pem");
const KEY: &[u8] = include_bytes!("../../../tests/fixtures/tls/localhost.key");

/// What socket buffers on this machine hold, generously. The client itself takes far less.
const GIVEN_UP_BY: usize = 32 << 20;

/// The client command after which the server sends endless data.
#[derive(Clone, Copy)]
enum From {
    Greeting,
    /// The answer to a command with this start.
    Command(&'static str),
}

#[derive(Clone, Copy)]
struct Torrent {
    from: From,
    what: &'static str,
    security: Security,
}

impl Torrent {
    /// Returns the port, and how many bytes were sent until the client disconnected.
    async fn start(self) -> (u16, JoinHandle<usize>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            match self.security {
                Security::Implicit => self.transcript(encrypt(tcp).await, true).await,
                Security::StartTls | Security::PlainLoopback => self.reset_limits(tcp).await,
            }
        });
        (port, served)
    }

    async fn reset_limits(self, mut tcp: TcpStream) -> usize {
        let is_inside_tls = matches!(self.from, From::Command("MAIL"));
        if self.security == Security::PlainLoopback || !is_inside_tls {
            return self.transcript(tcp, true).await;
        }
        tcp.write_all(b"220 ready\r\n").await.unwrap();
        let mut tcp = BufReader::new(tcp);
        for answer in ["250-here\r\n250 STARTTLS\r\n", "220 go on\r\n"] {
            tcp.read_line(&mut String::new()).await.unwrap();
            tcp.write_all(answer.as_bytes()).await.unwrap();
        }
        self.transcript(encrypt(tcp.into_inner()).await, false)
            .await
    }

    async fn transcript(self, stream: impl AsyncRead + AsyncWrite + Unpin, greets: bool) -> usize {
        let mut stream = BufReader::new(stream);
        if greets {
            if matches!(self.from, From::Greeting) {
                return self.pour(&mut stream).await;
            }
            stream.write_all(b"220 ready\r\n").await.unwrap();
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return 0;
            }
            if matches!(self.from, From::Command(command) if line.starts_with(command)) {
                return self.pour(&mut stream).await;
            }
            stream.write_all(b"250 fine\r\n").await.unwrap();
        }
    }

    async fn pour(self, stream: &mut (impl AsyncWrite + Unpin)) -> usize {
        let part = self.what.repeat(64 * 1024 / self.what.len());
        let mut poured = 0;
        while poured < 2 * GIVEN_UP_BY && stream.write_all(part.as_bytes()).await.is_ok() {
            poured += part.len();
        }
        poured
    }
}

async fn encrypt(tcp: TcpStream) -> impl AsyncRead + AsyncWrite + Unpin {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    acceptor.accept(tcp).await.unwrap()
}

async fn is_given_up(torrent: Torrent) -> Result {
    let world = World::new();
    let (port, served) = torrent.start().await;
    let mailer = Mailer::new(Settings {
        from: "perennial@example.com".to_owned(),
        transport: Transport::Smtp(SmtpServer {
            host: "localhost".to_owned(),
            port,
            security: torrent.security,
            user: None,
            password: None,
            ca: Some(Authority::from_pem(CA.to_vec()).unwrap()),
        }),
    })
    .unwrap();
    let email = NewEmail {
        incident: None,
        message_id: "1@example.com".to_owned(),
        in_reply_to: None,
        recipients: vec!["maria@example.com".to_owned()],
        subject: "Log in".to_owned(),
        text: "Log in".to_owned(),
        html: String::new(),
    };
    let now = world.now;
    world
        .inventory
        .write(move |tx| tx.enqueue_email(&email, now))
        .await?;
    let report = mailer.send_waiting(&world.inventory, now).await?;
    assert_eq!((report.sent, report.delayed), (0, 1));
    drop(mailer);
    let poured = served.await.unwrap();
    assert!((1..GIVEN_UP_BY).contains(&poured), "{poured} bytes");
    Ok(())
}

const LINE: &str = "250-and so on without an end ";

fn torrent(from: From, security: Security) -> Torrent {
    Torrent {
        from,
        what: LINE,
        security,
    }
}

#[tokio::test]
async fn a_line_without_an_end_before_starttls_is_given_up() -> Result {
    is_given_up(torrent(From::Greeting, Security::StartTls)).await?;
    is_given_up(torrent(From::Command("EHLO"), Security::StartTls)).await
}

#[tokio::test]
async fn a_line_without_an_end_inside_tls_is_given_up() -> Result {
    is_given_up(torrent(From::Greeting, Security::Implicit)).await?;
    is_given_up(torrent(From::Command("MAIL"), Security::Implicit)).await?;
    is_given_up(torrent(From::Command("MAIL"), Security::StartTls)).await
}

#[tokio::test]
async fn a_line_without_an_end_of_a_local_relay_is_given_up() -> Result {
    is_given_up(torrent(From::Command("MAIL"), Security::PlainLoopback)).await
}

#[tokio::test]
async fn an_answer_of_lines_without_an_end_is_given_up() -> Result {
    is_given_up(Torrent {
        what: "250-one more line of an answer that has thousands of them, all of them well-formed and none the last\r\n",
        ..torrent(From::Command("EHLO"), Security::PlainLoopback)
    })
    .await
}
