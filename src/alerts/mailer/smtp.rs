//! One conversation with a mail server. Nothing is said without TLS, except to this very machine.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;

use tokio::net::{TcpStream, ToSocketAddrs};
use tokio::time::Instant;

use super::Security;
use super::encrypted::Encrypted;
use super::fault::{Fault, within};
use super::limit::{LimitedStream, ReadLimit};
use super::message::{Mail, Recipient};
use super::route::{Refusal, Taken};
use super::talk::Talk;
use super::tls::{Authority, tls_parameters};
use crate::secret::Secret;

/// From the first packet to the accepted password.
const OPENING: Duration = Duration::from_secs(60);

/// A server may check a letter for a while before it answers. For all answers to it together.
const SENDING: Duration = Duration::from_secs(300);

/// An older conversation takes no further letter.
const CONVERSATION: Duration = Duration::from_secs(900);

const CLOSING: Duration = Duration::from_secs(5);

/// Whom to talk to, and how.
pub(super) struct Server<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) login: Option<(&'a str, &'a Secret)>,
    pub(super) authority: Option<&'a Authority>,
}

pub(super) struct Session {
    connection: AsyncSmtpConnection,
    limit: ReadLimit,
    began: Instant,
}

impl Session {
    pub(super) async fn open(server: &Server<'_>, talk: &mut Talk) -> Result<Self, Fault> {
        talk.begin();
        let (limit, began) = (ReadLimit::default(), Instant::now());
        let opening = async {
            let mut connection = server.connect(&limit).await?;
            talk.open(format_args!("connected to {}:{}", server.host, server.port));
            talk.open(server.protection());
            if let Some((user, password)) = server.login {
                log_in(&mut connection, user, password).await?;
                talk.open("the server accepts user and password");
            }
            Ok(connection)
        };
        let connection = within(OPENING, opening, |fault| fault).await?;
        Ok(Self {
            connection,
            limit,
            began,
        })
    }

    /// Does it take another letter within its limits of time and size?
    pub(super) fn has_room(&self) -> bool {
        self.began.elapsed() < CONVERSATION && self.limit.has_room()
    }

    /// For one command and its answer.
    fn next_answer(&mut self) -> &mut AsyncSmtpConnection {
        self.limit.begin_answer();
        &mut self.connection
    }

    pub(super) async fn send(&mut self, mail: &Mail, talk: &mut Talk) -> Result<Taken, Fault> {
        within(SENDING, self.converse(mail, talk), |fault| fault).await
    }

    /// A recipient who is refused does not keep the letter from the others.
    async fn converse(&mut self, mail: &Mail, talk: &mut Talk) -> Result<Taken, Fault> {
        let parameters = self.parameters_for(mail)?;
        let from = MailFrom::new(Some(mail.from.clone()), parameters);
        self.ask(from).await.map_err(Fault::of_sender)?;
        let mut taken = Taken::default();
        for (to, number) in mail.to.iter().zip(1..) {
            match self.offer(to).await {
                Ok(answer) => {
                    talk.hear(format_args!("recipient {number} is accepted: {answer}"));
                    taken.reached.push(to.name.clone());
                }
                Err(fault @ Fault::Path(_)) => return Err(fault),
                Err(fault @ (Fault::Later(_) | Fault::Refused(_))) => {
                    let reason = fault.reason();
                    talk.hear(format_args!("recipient {number} is not accepted: {reason}"));
                    taken.refusals.push(Refusal {
                        recipient: to.name.clone(),
                        fault,
                    });
                }
            }
        }
        if taken.reached.is_empty() {
            self.forget().await?;
            return Ok(taken);
        }
        self.ask(Data).await?;
        let sent = self.next_answer().message(&mail.bytes).await;
        let answer = sent.map_err(|error| Fault::of_answer(&error))?;
        talk.hear(format_args!("the letter is taken: {}", words(&answer)));
        Ok(taken)
    }

    /// Addresses beyond ASCII need a server that knows them.
    fn parameters_for(&self, mail: &Mail) -> Result<Vec<MailParameter>, Fault> {
        let addresses = mail.to.iter().map(|to| &to.address).chain([&mail.from]);
        if addresses.map(AsRef::<str>::as_ref).all(str::is_ascii) {
            return Ok(Vec::new());
        }
        if self
            .connection
            .server_info()
            .supports_feature(Extension::SmtpUtfEight)
        {
            return Ok(vec![MailParameter::SmtpUtfEight]);
        }
        Err(Fault::refused(
            "the mail server does not take addresses beyond ASCII",
        ))
    }

    async fn offer(&mut self, to: &Recipient) -> Result<String, Fault> {
        let rcpt = Rcpt::new(to.address.clone(), Vec::new());
        let answer = self.next_answer().command(rcpt).await;
        answer
            .map(|answer| words(&answer))
            .map_err(|error| Fault::of_answer(&error))
    }

    /// Refused or not, the conversation is ready for the next letter afterwards.
    async fn ask(&mut self, command: impl std::fmt::Display) -> Result<(), Fault> {
        let Err(error) = self.next_answer().command(command).await else {
            return Ok(());
        };
        let fault = Fault::of_answer(&error);
        if !matches!(fault, Fault::Path(_)) {
            self.forget().await?;
        }
        Err(fault)
    }

    async fn forget(&mut self) -> Result<(), Fault> {
        let forgotten = self.next_answer().command(Rset).await;
        forgotten
            .map(drop)
            .map_err(|error| Fault::of_answer(&error))
    }

    pub(super) async fn close(mut self) {
        // Whatever the server says to that, all letters have been noted.
        let _ = tokio::time::timeout(CLOSING, self.next_answer().abort()).await;
    }
}

impl Server<'_> {
    async fn connect(&self, limit: &ReadLimit) -> Result<AsyncSmtpConnection, Fault> {
        let address = (self.host, self.port);
        match self.security {
            Security::Implicit => {
                let stream = dial(address, limit).await?;
                let encrypted = Encrypted::open(stream, self.tls()?).await;
                let encrypted = encrypted.map_err(|error| Fault::of_connection(&error))?;
                greet(Box::new(encrypted)).await
            }
            Security::StartTls => {
                let mut connection = greet(Box::new(dial(address, limit).await?)).await?;
                let hello = ClientId::default();
                let upgraded = connection.starttls(self.tls()?, &hello).await;
                upgraded.map_err(|error| Fault::of_connection(&error))?;
                Ok(connection)
            }
            Security::PlainLoopback => self.dial_this_machine(limit).await,
        }
    }

    /// Whatever the name resolves to: only a loopback address is spoken to in plain.
    async fn dial_this_machine(&self, limit: &ReadLimit) -> Result<AsyncSmtpConnection, Fault> {
        let found = tokio::net::lookup_host((self.host, self.port)).await;
        let found = found.map_err(|error| Fault::path(format!("no such mail server: {error}")))?;
        let here: Vec<SocketAddr> = found.filter(|address| address.ip().is_loopback()).collect();
        if here.is_empty() {
            return Err(Fault::path(
                "mail without TLS goes only to this machine: use smtps://, or a local relay",
            ));
        }
        greet(Box::new(dial(here.as_slice(), limit).await?)).await
    }

    fn tls(&self) -> Result<TlsParameters, Fault> {
        tls_parameters(self.host, self.authority)
    }

    const fn protection(&self) -> &'static str {
        match self.security {
            Security::Implicit => "TLS from the first byte, and the certificate is good",
            Security::StartTls => "STARTTLS, and the certificate is good",
            Security::PlainLoopback => "without TLS, for the server is this machine",
        }
    }
}

async fn dial(address: impl ToSocketAddrs, limit: &ReadLimit) -> Result<LimitedStream, Fault> {
    let tcp = TcpStream::connect(address).await;
    tcp.map(|tcp| LimitedStream::new(tcp, limit.clone()))
        .map_err(|error| Fault::path(format!("cannot reach the mail server: {error}")))
}

async fn greet(stream: Box<dyn AsyncTokioStream>) -> Result<AsyncSmtpConnection, Fault> {
    AsyncSmtpConnection::connect_with_transport(stream, &ClientId::default())
        .await
        .map_err(|error| Fault::of_connection(&error))
}

/// What a server said when it agreed: `250 2.0.0 Ok: queued as 4F2A`.
fn words(answer: &Response) -> String {
    let lines: Vec<&str> = answer.message().collect();
    format!("{} {}", answer.code(), lines.join(" "))
}

/// What the server says to that is not repeated: it may hold what we said.
async fn log_in(
    connection: &mut AsyncSmtpConnection,
    user: &str,
    password: &Secret,
) -> Result<(), Fault> {
    let credentials = Credentials::new(user.to_owned(), password.expose().to_owned());
    let ways = [Mechanism::Plain, Mechanism::Login];
    let answer = connection.auth(&ways, &credentials).await;
    answer
        .map(drop)
        .map_err(|error| match error.status().map(u16::from) {
            Some(code) => Fault::path(format!(
                "the mail server does not accept user and password ({code})"
            )),
            None => Fault::path("the mail server offers no way to log in that we know"),
        })
}
