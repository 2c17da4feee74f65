//! A connection to a mail server. Without TLS it connects only to this machine.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;

use tokio::net::{TcpStream, ToSocketAddrs};
use tokio::time::Instant;

use super::delivery_error::{DeliveryError, within};
use super::encrypted::Encrypted;
use super::limit::{LimitedStream, ReadLimit};
use super::message::{AcceptedRecipients, Mail, Recipient, RejectedRecipient};
use super::tls::tls_parameters;
use super::transcript::Transcript;
use super::{Security, SmtpServer};
use crate::secret::Secret;

/// The time limit from connecting to the login.
const OPENING: Duration = Duration::from_secs(60);

/// The time limit for all answers to one email; a server may check it for a while before it answers.
const SENDING: Duration = Duration::from_secs(300);

/// A connection older than this takes no further email.
const CONVERSATION: Duration = Duration::from_secs(900);

const CLOSING: Duration = Duration::from_secs(5);

pub(super) struct Session {
    connection: AsyncSmtpConnection,
    limit: ReadLimit,
    began: Instant,
}

impl Session {
    pub(super) async fn open(
        server: &SmtpServer,
        transcript: &mut Transcript,
    ) -> Result<Self, DeliveryError> {
        transcript.begin();
        let (limit, began) = (ReadLimit::default(), Instant::now());
        let opening = async {
            let mut connection = server.connect(&limit).await?;
            transcript.open(format_args!("connected to {}:{}", server.host, server.port));
            transcript.open(server.protection());
            if let Some((user, password)) = server.user.as_deref().zip(server.password.as_ref()) {
                log_in(&mut connection, user, password).await?;
                transcript.open("the server accepts user and password");
            }
            Ok(connection)
        };
        let connection = within(OPENING, opening).await?;
        Ok(Self {
            connection,
            limit,
            began,
        })
    }

    /// Whether the connection may take another email within its limits of time and size.
    pub(super) fn has_room(&self) -> bool {
        self.began.elapsed() < CONVERSATION && self.limit.has_room()
    }

    /// Starts the limits for one command and its answer.
    fn next_answer(&mut self) -> &mut AsyncSmtpConnection {
        self.limit.begin_answer();
        &mut self.connection
    }

    pub(super) async fn send(
        &mut self,
        mail: &Mail,
        transcript: &mut Transcript,
    ) -> Result<AcceptedRecipients, DeliveryError> {
        within(SENDING, self.converse(mail, transcript)).await
    }

    /// Sends a message. A refused recipient does not keep it from the others.
    async fn converse(
        &mut self,
        mail: &Mail,
        transcript: &mut Transcript,
    ) -> Result<AcceptedRecipients, DeliveryError> {
        let parameters = self.parameters_for(mail)?;
        let from = MailFrom::new(Some(mail.from.clone()), parameters);
        self.ask(from).await.map_err(DeliveryError::of_sender)?;
        let mut accepted = AcceptedRecipients::default();
        for (to, number) in mail.to.iter().zip(1..) {
            match self.offer(to).await {
                Ok(answer) => {
                    transcript.receive(format_args!("recipient {number} is accepted: {answer}"));
                    accepted.reached.push(to.name.clone());
                }
                Err(delivery_error @ DeliveryError::Path(_)) => return Err(delivery_error),
                Err(delivery_error @ (DeliveryError::Later(_) | DeliveryError::Refused(_))) => {
                    let reason = delivery_error.reason();
                    transcript
                        .receive(format_args!("recipient {number} is not accepted: {reason}"));
                    accepted.rejections.push(RejectedRecipient {
                        recipient: to.name.clone(),
                        delivery_error,
                    });
                }
            }
        }
        if accepted.reached.is_empty() {
            self.forget().await?;
            return Ok(accepted);
        }
        self.ask(Data).await?;
        let sent = self.next_answer().message(&mail.bytes).await;
        let answer = sent.map_err(|error| DeliveryError::of_answer(&error))?;
        transcript.receive(format_args!("the email is taken: {}", rendered(&answer)));
        Ok(accepted)
    }

    /// Non-ASCII addresses need a server with SMTPUTF8.
    fn parameters_for(&self, mail: &Mail) -> Result<Vec<MailParameter>, DeliveryError> {
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
        Err(DeliveryError::refused(
            "the mail server accepts only ASCII addresses",
        ))
    }

    async fn offer(&mut self, to: &Recipient) -> Result<String, DeliveryError> {
        let rcpt = Rcpt::new(to.address.clone(), Vec::new());
        let answer = self.next_answer().command(rcpt).await;
        answer
            .map(|answer| rendered(&answer))
            .map_err(|error| DeliveryError::of_answer(&error))
    }

    /// Sends a command. Afterwards the connection is ready for the next email even if the server refused it.
    async fn ask(&mut self, command: impl std::fmt::Display) -> Result<(), DeliveryError> {
        let Err(error) = self.next_answer().command(command).await else {
            return Ok(());
        };
        let delivery_error = DeliveryError::of_answer(&error);
        if !matches!(delivery_error, DeliveryError::Path(_)) {
            self.forget().await?;
        }
        Err(delivery_error)
    }

    async fn forget(&mut self) -> Result<(), DeliveryError> {
        let forgotten = self.next_answer().command(Rset).await;
        forgotten
            .map(drop)
            .map_err(|error| DeliveryError::of_answer(&error))
    }

    pub(super) async fn close(mut self) {
        // The server's answer does not matter, since all results are recorded.
        let _ = tokio::time::timeout(CLOSING, self.next_answer().abort()).await;
    }
}

impl SmtpServer {
    async fn connect(&self, limit: &ReadLimit) -> Result<AsyncSmtpConnection, DeliveryError> {
        let address = (self.host.as_str(), self.port);
        match self.security {
            Security::Implicit => {
                let stream = dial(address, limit).await?;
                let encrypted = Encrypted::open(stream, self.tls()?).await;
                let encrypted = encrypted.map_err(|error| DeliveryError::of_connection(&error))?;
                greet(Box::new(encrypted)).await
            }
            Security::StartTls => {
                let mut connection = greet(Box::new(dial(address, limit).await?)).await?;
                let hello = ClientId::default();
                let upgraded = connection.starttls(self.tls()?, &hello).await;
                upgraded.map_err(|error| DeliveryError::of_connection(&error))?;
                Ok(connection)
            }
            Security::PlainLoopback => self.dial_this_machine(limit).await,
        }
    }

    /// Connects in plain text, but only to the loopback addresses that the name resolves to.
    async fn dial_this_machine(
        &self,
        limit: &ReadLimit,
    ) -> Result<AsyncSmtpConnection, DeliveryError> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let found =
            found.map_err(|error| DeliveryError::path(format!("no such mail server: {error}")))?;
        let here: Vec<SocketAddr> = found.filter(|address| address.ip().is_loopback()).collect();
        if here.is_empty() {
            return Err(DeliveryError::path(
                "email without TLS is sent only to this machine: use smtps:// or a local relay",
            ));
        }
        greet(Box::new(dial(here.as_slice(), limit).await?)).await
    }

    fn tls(&self) -> Result<TlsParameters, DeliveryError> {
        tls_parameters(&self.host, self.ca.as_ref())
    }

    const fn protection(&self) -> &'static str {
        match self.security {
            Security::Implicit => "TLS from the first byte, and the certificate is good",
            Security::StartTls => "STARTTLS, and the certificate is good",
            Security::PlainLoopback => "without TLS, because the server is this machine",
        }
    }
}

async fn dial(
    address: impl ToSocketAddrs,
    limit: &ReadLimit,
) -> Result<LimitedStream, DeliveryError> {
    let tcp = TcpStream::connect(address).await;
    tcp.map(|tcp| LimitedStream::new(tcp, limit.clone()))
        .map_err(|error| DeliveryError::path(format!("cannot reach the mail server: {error}")))
}

async fn greet(stream: Box<dyn AsyncTokioStream>) -> Result<AsyncSmtpConnection, DeliveryError> {
    AsyncSmtpConnection::connect_with_transport(stream, &ClientId::default())
        .await
        .map_err(|error| DeliveryError::of_connection(&error))
}

/// The server's answer as one line, such as `250 2.0.0 Ok: queued as 4F2A`.
fn rendered(answer: &Response) -> String {
    let lines: Vec<&str> = answer.message().collect();
    format!("{} {}", answer.code(), lines.join(" "))
}

/// Logs in. The server's answer is not repeated, because it may contain the credentials.
async fn log_in(
    connection: &mut AsyncSmtpConnection,
    user: &str,
    password: &Secret,
) -> Result<(), DeliveryError> {
    let credentials = Credentials::new(user.to_owned(), password.expose().to_owned());
    let ways = [Mechanism::Plain, Mechanism::Login];
    let answer = connection.auth(&ways, &credentials).await;
    answer
        .map(drop)
        .map_err(|error| match error.status().map(u16::from) {
            Some(code) => DeliveryError::path(format!(
                "the mail server does not accept user and password ({code})"
            )),
            None => DeliveryError::path(
                "the mail server offers no login method that Perennial supports",
            ),
        })
}
