//! The transport that is opened for the emails of one run.

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

/// The recipients who got the email, and those who did not.
#[derive(Debug, Default)]
pub(super) struct AcceptedRecipients {
    /// Recipients as written in the email.
    pub(super) reached: Vec<String>,
    pub(super) rejections: Vec<RejectedRecipient>,
    /// Where it was written, if it was not sent.
    pub(super) file: Option<PathBuf>,
}

/// A recipient that the mail server refused.
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
                let accepted = session.send(mail, &mut self.transcript).await;
                if !matches!(accepted, Err(DeliveryError::Path(_))) {
                    self.session = Some(session);
                }
                accepted
            }
            Transport::Sendmail => {
                let accepted = sendmail(Path::new(SENDMAIL), mail).await?;
                self.transcript
                    .receive(format_args!("{SENDMAIL} has taken it"));
                Ok(accepted)
            }
            Transport::Directory(folder) => eml_dir::store(folder, mail).await,
            Transport::Nowhere => Err(DeliveryError::Path(NOWHERE.to_owned())),
        }
    }

    /// The transcript of the latest email.
    pub(super) fn conversation(&mut self) -> Vec<String> {
        self.transcript.take_data()
    }

    /// One connection is used for all emails of a run, within its limits. The caller takes it out and puts it back if
    /// it is still usable.
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
    /// All recipients who did not have it yet have it now.
    pub(super) fn accepted_by_all(&self) -> AcceptedRecipients {
        AcceptedRecipients {
            reached: self.to.iter().map(|to| to.name.clone()).collect(),
            rejections: Vec::new(),
            file: None,
        }
    }
}
