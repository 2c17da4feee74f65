//! The harness's web part, with a browser that follows redirects: a real listener and the real pass over logins, at the
//! time of the test.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use perennial::alerts::LoginLinks;
use perennial::daemon::serve_forecasts;
use perennial::graph_sim::DialogAnswer;
use perennial::http::{Backend, NowFn};
use perennial::login::{self, LoginWorker};
use perennial::model::{IncidentFilter, IncidentId, LoginId, NewLogin, Remedy, Scopes, TokenId};
use perennial::web::{self, ListenAddress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{APP, Result, World, days};

/// A URL with a path: some proxies keep it, others remove it.
pub const PUBLIC_URL: &str = "https://tokens.example.com/perennial";

pub struct Public {
    pub login_worker: LoginWorker,
    socket: std::path::PathBuf,
    now: Arc<Mutex<Timestamp>>,
    stop: CancellationToken,
}

/// An answer to the browser.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl World {
    /// Opens the web part. Logins request `scopes`, or a configuration of Login for Business.
    pub async fn open_public(&mut self, scopes: &str, config_id: Option<&str>) -> Result<Public> {
        if config_id.is_none() {
            self.require(scopes).await?;
        }
        let app = login::App {
            name: "acme".to_owned(),
            platform: self.platform,
            id: APP.to_owned(),
            graph_version: self.platform.graph_version.to_owned(),
            dialog_url: self.dialog_url.clone(),
            scopes: Scopes::parse(scopes),
            config_id: config_id.map(str::to_owned),
        };
        let logins = login::Settings {
            apps: vec![app],
            public_url: Some(PUBLIC_URL.to_owned()),
        };
        self.link_emails(LoginLinks {
            public_url: PUBLIC_URL.to_owned(),
            business_apps: config_id.map(|_| "acme".to_owned()).into_iter().collect(),
        });
        let socket = self.folder.path().join("web.sock");
        let settings = web::Settings {
            listen: ListenAddress::Unix(socket.clone()),
            public_url: PUBLIC_URL.to_owned(),
            webhook_verify_token: None,
            logins: logins.clone(),
        };
        let now = Arc::new(Mutex::new(self.now));
        let clock = Arc::clone(&now);
        let listener = web::bind(&settings.listen).await?;
        let clock: NowFn = Arc::new(move || *clock.lock().unwrap_or_else(PoisonError::into_inner));
        let stop = CancellationToken::new();
        let backend = Backend {
            inventory: self.inventory.clone(),
            new_work: watch::Sender::new(()),
            journal: watch::Sender::new(()),
            forecasts: serve_forecasts(&self.services()?, &clock, &stop),
            clock,
        };
        let current = watch::channel(web::Current {
            settings,
            app_signatures: Arc::default(),
        });
        tokio::spawn(web::serve(listener, backend, current.1, stop.clone()));
        Ok(Public {
            login_worker: LoginWorker {
                inventory: self.inventory.clone(),
                settings: logins,
                graphs: vec![("acme".to_owned(), self.rotation_worker.graph.clone())],
            },
            socket,
            now,
            stop,
        })
    }

    /// Returns the link in the emails about the only open incident.
    pub async fn email_link(&self) -> Result<String> {
        let now = self.now;
        let link = self.inventory.write(move |tx| {
            let mut open = tx.incidents(IncidentFilter::Unresolved, 2)?;
            assert_eq!(open.len(), 1, "{open:?}");
            tx.login_link_for(&open.remove(0), PUBLIC_URL, now)
        });
        Ok(link.await?)
    }

    pub async fn open_incidents(&self) -> Result<Vec<IncidentId>> {
        let open = self
            .inventory
            .read(|view| view.incidents(IncidentFilter::Unresolved, 100));
        Ok(open.await?.iter().map(|incident| incident.id).collect())
    }

    /// Returns a link as `perennial login` requests it: for the person of this token, or for anyone.
    pub async fn operators_link(
        &self,
        token: Option<TokenId>,
        accepts_fewer: bool,
    ) -> Result<(LoginId, String)> {
        self.link_for(token, accepts_fewer, Remedy::Login).await
    }

    /// Returns such a link for a token that lacks permissions.
    pub async fn operators_link_to_grant(&self, token: TokenId) -> Result<String> {
        let opened = self.link_for(Some(token), false, Remedy::GrantPermissions);
        Ok(opened.await?.1)
    }

    async fn link_for(
        &self,
        token: Option<TokenId>,
        accepts_fewer: bool,
        remedy: Remedy,
    ) -> Result<(LoginId, String)> {
        let person = match token {
            Some(id) => self.token(id).await?.facts.map(|facts| facts.person),
            None => None,
        };
        let wanted = NewLogin {
            app: "acme".to_owned(),
            person,
            token,
            incident: None,
            remedy,
            accepts_fewer,
            expires_at: self.now + days(1),
        };
        let now = self.now;
        Ok(self
            .inventory
            .write(move |tx| tx.open_login_for_operator(&wanted, PUBLIC_URL, "root", now))
            .await?)
    }

    /// Runs what the daemon runs after a login: the pass over logins, then over the tokens, then the emails.
    pub async fn act(&mut self, public: &Public) -> Result {
        public.tell_time(self.now);
        self.meta.set_now(self.now);
        public.login_worker.pass(self.now).await?;
        self.pass().await?;
        self.pass().await?;
        self.post().await
    }

    /// Presses the button behind a link, answers Meta's dialog, and returns. The result is the URL of the outcome.
    pub async fn log_in_through(
        &mut self,
        public: &Public,
        link: &str,
        person: &str,
        answer: DialogAnswer,
    ) -> Result<String> {
        public.tell_time(self.now);
        self.meta.set_now(self.now);
        let dialog = public.post(link).await?.location()?;
        let back = self.meta.world().answer_dialog(&dialog, person, answer)?;
        public.get(&back).await?.location()
    }
}

impl Public {
    pub fn tell_time(&self, now: Timestamp) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    pub async fn get(&self, address: &str) -> Result<Answer> {
        self.ask("GET", address).await
    }

    pub async fn post(&self, address: &str) -> Result<Answer> {
        self.ask("POST", address).await
    }

    pub async fn ask(&self, method: &str, address: &str) -> Result<Answer> {
        self.ask_with(method, address, "").await
    }

    /// Asks with further headers, each with its end of line.
    pub async fn ask_with(&self, method: &str, address: &str, headers: &str) -> Result<Answer> {
        let target = address
            .strip_prefix("https://tokens.example.com")
            .ok_or_else(|| format!("this leads elsewhere: {address}"))?;
        let target = target.split('#').next().unwrap_or_default();
        let mut stream = UnixStream::connect(&self.socket).await?;
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: tokens.example.com\r\nConnection: close\r\n\
             Content-Length: 0\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no head")?;
        let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
        Ok(Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }

    pub fn location(&self) -> Result<String> {
        let location = self.header("location").filter(|_| self.status == 303);
        Ok(location
            .ok_or_else(|| format!("it leads nowhere: {self:?}"))?
            .to_owned())
    }

    #[track_caller]
    pub fn says(&self, words: &[&str]) {
        for words in words {
            assert!(
                self.body.contains(words),
                "{words} is not in\n{}",
                self.body
            );
        }
    }
}

impl Drop for Public {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
