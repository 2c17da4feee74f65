//! The way out, open for the letters of one round.

use std::path::Path;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::{AsyncSendmailTransport, AsyncTransport, Tokio1Executor};

use super::Transport;
use super::fault::{Fault, within};
use super::folder;
use super::message::Mail;
use super::smtp::{Server, Session};

const SENDMAIL: &str = "/usr/sbin/sendmail";
const SENDMAIL_TIME: Duration = Duration::from_secs(60);

const NOWHERE: &str = "no mail path is set up: set smtp, sendmail or directory under [alerts]";

/// Who has the letter now.
#[derive(Debug)]
pub(super) struct Taken {
    /// Recipients as they stand in the letter.
    pub(super) reached: Vec<String>,
    /// Why the others do not have it, if there are others.
    pub(super) refusal: Option<Fault>,
}

pub(super) struct Route<'a> {
    transport: &'a Transport,
    session: Option<Session>,
}

impl<'a> Route<'a> {
    pub(super) const fn new(transport: &'a Transport) -> Self {
        Self {
            transport,
            session: None,
        }
    }

    pub(super) async fn carry(&mut self, mail: &Mail) -> Result<Taken, Fault> {
        match self.transport {
            Transport::Smtp {
                host,
                port,
                security,
                user,
                password,
            } => {
                let server = Server {
                    host,
                    port: *port,
                    security: *security,
                    login: user.as_deref().zip(password.as_ref()),
                };
                self.session(&server).await?.send(mail).await
            }
            Transport::Sendmail => sendmail(Path::new(SENDMAIL), mail).await,
            Transport::Directory(folder) => folder::store(folder, mail).await,
            Transport::Nowhere => Err(Fault::Path(NOWHERE.to_owned())),
        }
    }

    /// One connection serves all letters of a round.
    async fn session(&mut self, server: &Server<'_>) -> Result<&mut Session, Fault> {
        let session = match self.session.take() {
            Some(session) => session,
            None => Session::open(server).await?,
        };
        Ok(self.session.insert(session))
    }

    pub(super) async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.close().await;
        }
    }
}

impl Mail {
    /// All who do not have it yet have it now.
    pub(super) fn taken_by_all(&self) -> Taken {
        Taken {
            reached: self.to.iter().map(|to| to.name.clone()).collect(),
            refusal: None,
        }
    }
}

/// The local mail program takes care of each recipient by itself.
pub(super) async fn sendmail(program: &Path, mail: &Mail) -> Result<Taken, Fault> {
    let to = mail.to.iter().map(|to| to.address.clone()).collect();
    let envelope = Envelope::new(Some(mail.from.clone()), to)
        .map_err(|_| Fault::Refused("the letter has no recipient".to_owned()))?;
    let program = AsyncSendmailTransport::<Tokio1Executor>::new_with_command(program);
    let sending = program.send_raw(&envelope, &mail.bytes);
    within(SENDMAIL_TIME, sending, |error| {
        Fault::later(format!("the local mail program does not take it: {error}"))
    })
    .await?;
    Ok(mail.taken_by_all())
}
