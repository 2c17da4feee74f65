//! One conversation with a mail server. Nothing is said without TLS, except to this very machine.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;

use super::Security;
use super::fault::{Fault, within};
use super::message::{Mail, Recipient};
use super::route::{Refusal, Taken};
use super::talk::Talk;
use super::tls::{Authority, tls_parameters};
use crate::secret::Secret;

/// From the first packet to the accepted password.
const OPENING: Duration = Duration::from_secs(60);

/// A server may check a letter for a while before it answers.
const SENDING: Duration = Duration::from_secs(300);

const CLOSING: Duration = Duration::from_secs(5);

/// Whom to talk to, and how.
pub(super) struct Server<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) login: Option<(&'a str, &'a Secret)>,
    pub(super) authority: Option<&'a Authority>,
}

pub(super) struct Session(AsyncSmtpConnection);

impl Session {
    pub(super) async fn open(server: &Server<'_>, talk: &mut Talk) -> Result<Self, Fault> {
        talk.begin();
        let opening = async {
            let mut connection = server.connect().await?;
            talk.open(format_args!("connected to {}:{}", server.host, server.port));
            talk.open(server.protection());
            if let Some((user, password)) = server.login {
                log_in(&mut connection, user, password).await?;
                talk.open("the server accepts user and password");
            }
            Ok(Self(connection))
        };
        within(OPENING, opening, |fault| fault).await
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
        let sent = self.0.message(&mail.bytes).await;
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
            .0
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
        let answer = self.0.command(rcpt).await;
        answer
            .map(|answer| words(&answer))
            .map_err(|error| Fault::of_answer(&error))
    }

    /// Refused or not, the conversation is ready for the next letter afterwards.
    async fn ask(&mut self, command: impl std::fmt::Display) -> Result<(), Fault> {
        let Err(error) = self.0.command(command).await else {
            return Ok(());
        };
        let fault = Fault::of_answer(&error);
        if !matches!(fault, Fault::Path(_)) {
            self.forget().await?;
        }
        Err(fault)
    }

    async fn forget(&mut self) -> Result<(), Fault> {
        let forgotten = self.0.command(Rset).await;
        forgotten
            .map(drop)
            .map_err(|error| Fault::of_answer(&error))
    }

    pub(super) async fn close(mut self) {
        // Whatever the server says to that, all letters have been noted.
        let _ = tokio::time::timeout(CLOSING, self.0.abort()).await;
    }
}

impl Server<'_> {
    async fn connect(&self) -> Result<AsyncSmtpConnection, Fault> {
        let hello = ClientId::default();
        match self.security {
            Security::Implicit => self.dial(&hello, Some(self.tls()?)).await,
            Security::StartTls => {
                let mut connection = self.dial(&hello, None).await?;
                let upgraded = connection.starttls(self.tls()?, &hello).await;
                upgraded.map_err(|error| Fault::of_connection(&error))?;
                Ok(connection)
            }
            Security::PlainLoopback => self.dial_this_machine(&hello).await,
        }
    }

    async fn dial(
        &self,
        hello: &ClientId,
        tls: Option<TlsParameters>,
    ) -> Result<AsyncSmtpConnection, Fault> {
        let address = (self.host, self.port);
        AsyncSmtpConnection::connect_tokio1(address, None, hello, tls, None)
            .await
            .map_err(|error| Fault::of_connection(&error))
    }

    /// Whatever the name resolves to: only a loopback address is spoken to in plain.
    async fn dial_this_machine(&self, hello: &ClientId) -> Result<AsyncSmtpConnection, Fault> {
        let found = tokio::net::lookup_host((self.host, self.port)).await;
        let found = found.map_err(|error| Fault::path(format!("no such mail server: {error}")))?;
        let here: Vec<SocketAddr> = found.filter(|address| address.ip().is_loopback()).collect();
        if here.is_empty() {
            return Err(Fault::path(
                "mail without TLS goes only to this machine: use smtps://, or a local relay",
            ));
        }
        AsyncSmtpConnection::connect_tokio1(here.as_slice(), None, hello, None, None)
            .await
            .map_err(|error| Fault::of_connection(&error))
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
