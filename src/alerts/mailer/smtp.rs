//! One conversation with a mail server. Nothing is said without TLS, except to this very machine.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};

use super::Security;
use super::fault::{Fault, within};
use super::message::{Mail, Recipient};
use super::route::Taken;
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
}

pub(super) struct Session(AsyncSmtpConnection);

impl Session {
    pub(super) async fn open(server: &Server<'_>) -> Result<Self, Fault> {
        let opening = async {
            let mut connection = server.connect().await?;
            if let Some((user, password)) = server.login {
                log_in(&mut connection, user, password).await?;
            }
            Ok(Self(connection))
        };
        within(OPENING, opening, |fault| fault).await
    }

    pub(super) async fn send(&mut self, mail: &Mail) -> Result<Taken, Fault> {
        within(SENDING, self.converse(mail), |fault| fault).await
    }

    /// A recipient who is refused does not keep the letter from the others.
    async fn converse(&mut self, mail: &Mail) -> Result<Taken, Fault> {
        let parameters = self.parameters_for(mail)?;
        let from = MailFrom::new(Some(mail.from.clone()), parameters);
        self.ask(from).await?;
        let (mut reached, mut refusal) = (Vec::new(), None);
        for to in &mail.to {
            match self.offer(to).await {
                Ok(()) => reached.push(to.name.clone()),
                Err(fault @ Fault::Path(_)) => return Err(fault),
                // One who may be reached soon brings the letter back sooner.
                Err(fault @ Fault::Later(_)) => refusal = Some(fault),
                Err(fault @ Fault::Refused(_)) => refusal = refusal.or(Some(fault)),
            }
        }
        if reached.is_empty() {
            self.0
                .command(Rset)
                .await
                .map_err(|error| Fault::of_answer(&error))?;
            return Err(refusal.unwrap_or_else(|| Fault::refused("the letter has no recipient")));
        }
        self.ask(Data).await?;
        let sent = self.0.message(&mail.bytes).await;
        sent.map_err(|error| Fault::of_answer(&error))?;
        Ok(Taken { reached, refusal })
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

    async fn offer(&mut self, to: &Recipient) -> Result<(), Fault> {
        let rcpt = Rcpt::new(to.address.clone(), Vec::new());
        let answer = self.0.command(rcpt).await;
        answer.map(drop).map_err(|error| Fault::of_answer(&error))
    }

    /// Refused or not, the conversation is ready for the next letter afterwards.
    async fn ask(&mut self, command: impl std::fmt::Display) -> Result<(), Fault> {
        let Err(error) = self.0.command(command).await else {
            return Ok(());
        };
        let fault = Fault::of_answer(&error);
        if !matches!(fault, Fault::Path(_)) {
            self.0
                .command(Rset)
                .await
                .map_err(|error| Fault::of_answer(&error))?;
        }
        Err(fault)
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

    /// The certificate is checked as the machine checks them all.
    fn tls(&self) -> Result<TlsParameters, Fault> {
        TlsParameters::new(self.host.to_owned()).map_err(|error| Fault::of_connection(&error))
    }
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
