//! The way out, open for the emails of one round.

use std::path::{Path, PathBuf};

use super::Transport;
use super::delivery_error::DeliveryError;
use super::eml_dir;
use super::message::Mail;
use super::sendmail::sendmail;
use super::smtp::{Server, Session};
use super::transcript::Transcript;

const SENDMAIL: &str = "/usr/sbin/sendmail";

const NOWHERE: &str = "no mail path is set up: set smtp, sendmail or directory under [alerts]";

/// Who has the email now, and who has not.
#[derive(Debug, Default)]
pub(super) struct AcceptedRecipients {
    /// Recipients as they stand in the email.
    pub(super) reached: Vec<String>,
    pub(super) refusals: Vec<RejectedRecipient>,
    /// Where it was written, if it was not sent.
    pub(super) file: Option<PathBuf>,
}

/// One recipient whom a mail server does not take an email for.
#[derive(Debug)]
pub(super) struct RejectedRecipient {
    pub(super) recipient: String,
    pub(super) delivery_error: DeliveryError,
}

impl RejectedRecipient {
    pub(super) fn of_no_address(recipient: &str) -> Self {
        Self {
            recipient: recipient.to_owned(),
            delivery_error: DeliveryError::refused(
                "a recipient of the email is not a mail address",
            ),
        }
    }
}

pub(super) struct OpenTransport<'a> {
    transport: &'a Transport,
    session: Option<Session>,
    transcript: Transcript,
}

impl<'a> OpenTransport<'a> {
    pub(super) fn new(transport: &'a Transport) -> Self {
        Self {
            transport,
            session: None,
            transcript: Transcript::default(),
        }
    }

    pub(super) async fn send(&mut self, mail: &Mail) -> Result<AcceptedRecipients, DeliveryError> {
        let transport = self.transport;
        match transport {
            Transport::Smtp {
                host,
                port,
                security,
                user,
                password,
                ca,
            } => {
                let server = Server {
                    host,
                    port: *port,
                    security: *security,
                    login: user.as_deref().zip(password.as_ref()),
                    authority: ca.as_ref(),
                };
                let mut session = self.session(&server).await?;
                let taken = session.send(mail, &mut self.transcript).await;
                if !matches!(taken, Err(DeliveryError::Path(_))) {
                    self.session = Some(session);
                }
                taken
            }
            Transport::Sendmail => {
                let taken = sendmail(Path::new(SENDMAIL), mail).await?;
                self.transcript
                    .receive(format_args!("{SENDMAIL} has taken it"));
                Ok(taken)
            }
            Transport::Directory(folder) => eml_dir::store(folder, mail).await,
            Transport::Nowhere => Err(DeliveryError::Path(NOWHERE.to_owned())),
        }
    }

    /// How it went with the latest email.
    pub(super) fn conversation(&mut self) -> Vec<String> {
        self.transcript.take_data()
    }

    /// One connection serves all emails of a round, or as many as fit in its limits. Whoever takes it out puts it back
    /// when it is still good.
    async fn session(&mut self, server: &Server<'_>) -> Result<Session, DeliveryError> {
        match self.session.take() {
            Some(session) if session.has_room() => return Ok(session),
            Some(session) => session.close().await,
            None => {}
        }
        Session::open(server, &mut self.transcript).await
    }

    pub(super) async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.close().await;
        }
    }
}

impl Mail {
    /// All who do not have it yet have it now.
    pub(super) fn taken_by_all(&self) -> AcceptedRecipients {
        AcceptedRecipients {
            reached: self.to.iter().map(|to| to.name.clone()).collect(),
            refusals: Vec::new(),
            file: None,
        }
    }
}
