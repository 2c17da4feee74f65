//! The way out, open for the letters of one round.

use std::path::Path;

use super::Transport;
use super::fault::Fault;
use super::folder;
use super::message::Mail;
use super::sendmail::sendmail;
use super::smtp::{Server, Session};
use super::talk::Talk;

const SENDMAIL: &str = "/usr/sbin/sendmail";

const NOWHERE: &str = "no mail path is set up: set smtp, sendmail or directory under [alerts]";

/// Who has the letter now, and who has not.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Recipients as they stand in the letter.
    pub(super) reached: Vec<String>,
    pub(super) refusals: Vec<Refusal>,
}

/// One recipient whom a mail server does not take a letter for.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) recipient: String,
    pub(super) fault: Fault,
}

impl Refusal {
    pub(super) fn of_no_address(recipient: &str) -> Self {
        Self {
            recipient: recipient.to_owned(),
            fault: Fault::refused("a recipient of the letter is not a mail address"),
        }
    }
}

pub(super) struct Route<'a> {
    transport: &'a Transport,
    session: Option<Session>,
    talk: Talk,
}

impl<'a> Route<'a> {
    pub(super) fn new(transport: &'a Transport) -> Self {
        Self {
            transport,
            session: None,
            talk: Talk::default(),
        }
    }

    pub(super) async fn carry(&mut self, mail: &Mail) -> Result<Taken, Fault> {
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
                let taken = session.send(mail, &mut self.talk).await;
                if !matches!(taken, Err(Fault::Path(_))) {
                    self.session = Some(session);
                }
                taken
            }
            Transport::Sendmail => {
                let taken = sendmail(Path::new(SENDMAIL), mail).await?;
                self.talk.hear(format_args!("{SENDMAIL} has taken it"));
                Ok(taken)
            }
            Transport::Directory(folder) => {
                let taken = folder::store(folder, mail).await?;
                self.talk
                    .hear(format_args!("it lies in {}", folder.display()));
                Ok(taken)
            }
            Transport::Nowhere => Err(Fault::Path(NOWHERE.to_owned())),
        }
    }

    /// How it went with the latest letter.
    pub(super) fn conversation(&mut self) -> Vec<String> {
        self.talk.take_letter()
    }

    /// One connection serves all letters of a round, or as many as fit in its limits. Whoever takes it out puts it back
    /// when it is still good.
    async fn session(&mut self, server: &Server<'_>) -> Result<Session, Fault> {
        match self.session.take() {
            Some(session) if session.has_room() => return Ok(session),
            Some(session) => session.close().await,
            None => {}
        }
        Session::open(server, &mut self.talk).await
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
            refusals: Vec::new(),
        }
    }
}
