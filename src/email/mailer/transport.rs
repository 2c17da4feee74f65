//! The transport that is opened for the emails of one run.

use std::path::Path;

use super::delivery_error::DeliveryError;
use super::eml_dir;
use super::message::{AcceptedRecipients, Mail};
use super::sendmail::sendmail;
use super::smtp::Session;
use super::transcript::Transcript;
use super::{SmtpServer, Transport};

pub(super) const SENDMAIL: &str = "/usr/sbin/sendmail";

pub(super) const NOWHERE: &str =
    "no mail path is set up: set smtp, sendmail or directory under [alerts]";

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
        match self.transport {
            Transport::Smtp(server) => {
                let mut session = self.session(server).await?;
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
    async fn session(&mut self, server: &SmtpServer) -> Result<Session, DeliveryError> {
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
