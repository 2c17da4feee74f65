//! Calls Meta with each of the app's secrets in turn, so that changing the app's secret causes no outage.

use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;

use super::credentials::{Credentials, Request};
use super::transport::{Answer, Transport};
use super::{Error, Reply, Settings, SettingsError, Signatures, VersionNotice};

pub(super) struct Caller {
    app: String,
    app_id: String,
    transport: Transport,
    credentials: Vec<Credentials>,
    /// The index of the credentials that Meta accepted last.
    in_use: AtomicUsize,
}

impl Caller {
    pub(super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let transport = Transport::new(settings)?;
        let credentials: Vec<Credentials> = settings
            .secrets
            .iter()
            .map(|secret| Credentials::new(&settings.id, secret))
            .collect::<Result<_, _>>()?;
        if credentials.is_empty() {
            return Err(SettingsError::NoSecret);
        }
        Ok(Self {
            app: settings.app.clone(),
            app_id: settings.id.clone(),
            transport,
            credentials,
            in_use: AtomicUsize::new(0),
        })
    }

    pub(super) fn time_at_meta(&self) -> Option<Timestamp> {
        self.transport.time()
    }

    pub(super) fn app(&self) -> &str {
        &self.app
    }

    pub(super) fn app_id(&self) -> &str {
        &self.app_id
    }

    /// Says that Meta refuses the version in use.
    pub(super) fn version_refusal(&self) -> VersionNotice {
        VersionNotice {
            version: self.transport.version().to_owned(),
            text: String::new(),
        }
    }

    pub(super) fn signatures(&self) -> Signatures {
        Signatures::new(self.credentials.iter().map(Credentials::signer))
    }

    /// Makes one call, and repeats it with each other secret while Meta rejects the secret.
    pub(super) async fn ask<T>(
        &self,
        room: usize,
        build: impl Fn(&Credentials) -> Result<Request, Error>,
        read: impl Fn(&Answer) -> Result<T, Error>,
    ) -> Reply<Result<T, Error>> {
        let first = self.in_use.load(Ordering::Relaxed);
        let mut reply = self.ask_with(first, room, &build, &read).await;
        for other in (0..self.credentials.len()).filter(|other| *other != first) {
            if !reply.answer.as_ref().is_err_and(Error::is_wrong_secret) {
                break;
            }
            let mut next = self.ask_with(other, room, &build, &read).await;
            next.usage.absorb(reply.usage);
            reply = next;
            if accepts(&reply.answer) {
                self.remember(first, other);
            }
        }
        reply
    }

    async fn ask_with<T>(
        &self,
        index: usize,
        room: usize,
        build: impl Fn(&Credentials) -> Result<Request, Error>,
        read: impl Fn(&Answer) -> Result<T, Error>,
    ) -> Reply<Result<T, Error>> {
        let request = self
            .credentials
            .get(index)
            .map_or_else(|| Err(Error::senseless(0)), build);
        let request = match request {
            Ok(request) => request,
            Err(error) => return Reply::free(Err(error)),
        };
        let Reply { answer, mut usage } = self.transport.send(request, room).await;
        let answer = answer
            .and_then(|answer| read(&answer))
            .map_err(|error| error.with_regain(usage.regain));
        if answer.as_ref().is_err_and(Error::is_about_version) {
            usage.version_refusal = Some(self.version_refusal());
        }
        Reply { answer, usage }
    }

    /// Stores the index of the accepted secret, unless another call has changed it in the meantime.
    fn remember(&self, refused: usize, accepted: usize) {
        let (set, read) = (Ordering::Relaxed, Ordering::Relaxed);
        if self
            .in_use
            .compare_exchange(refused, accepted, set, read)
            .is_ok()
        {
            tracing::warn!(
                app = self.app,
                refused = refused + 1,
                accepted = accepted + 1,
                "Meta refuses an app secret and accepts another of the list; remove the refused one from the configuration"
            );
        }
    }
}

/// Returns whether Meta accepted the app's credentials, whatever it said about the token.
const fn accepts<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Ok(_) | Err(Error::Refused(_)))
}
