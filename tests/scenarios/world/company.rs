//! A company whose daemon delivers tokens, and what its people do.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::Signal;
use perennial::daemon::clock;
use serde_json::Value;

use super::daemon::{Daemon, Premises};
use super::hook::Hook;
use super::{Result, World};

/// A daemon that delivers, and a simulated Meta whose clock shows the real time.
pub struct Company {
    pub world: World,
    pub premises: Premises,
    pub daemon: Daemon,
    people: Mutex<HashMap<String, String>>,
}

impl Company {
    /// `{here}` in the configuration is the daemon's own folder.
    pub async fn open(deliveries: &str) -> Result<Self> {
        let world = World::new().await?;
        world.meta.set_now(clock::now());
        let premises = Premises::new(&world.meta.url())?;
        premises.write_secret("hook.secret", SIGNING_SECRET)?;
        let here = premises.path("").display().to_string();
        let deliveries = deliveries.replace("{here}", here.trim_end_matches('/'));
        premises.configure(&world.meta.url(), &deliveries)?;
        let daemon = premises.start()?;
        Ok(Self {
            world,
            premises,
            daemon,
            people: Mutex::default(),
        })
    }

    /// The id of the person of this name.
    pub fn person(&self, name: &str) -> String {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || self.world.person(name);
        people.entry(name.to_owned()).or_insert_with(new).clone()
    }

    /// A new token of the person of this name.
    fn log_in(&self, name: &str) -> Result<String> {
        self.world.log_in(&self.person(name))
    }

    /// Imports the token of a new person, and waits until it was checked.
    pub fn import(&self, name: &str) -> Result<String> {
        let token = self.log_in(name)?;
        let body = format!(r#"{{"app":"acme","name":"{name}","access_token":"{token}"}}"#);
        let (status, answer) = self.daemon.http("POST", "/v1/tokens", &body)?;
        assert_eq!(status, 201, "{answer}");
        Ok(token)
    }

    /// Replaces a token by another one of the same person.
    pub fn replace(&self, name: &str) -> Result<String> {
        let token = self.log_in(name)?;
        let path = format!("/v1/tokens/{name}/secret");
        let body = format!(r#"{{"access_token":"{token}"}}"#);
        let (status, answer) = self.daemon.http("PUT", &path, &body)?;
        assert_eq!(status, 202, "{answer}");
        Ok(token)
    }

    /// Waits until a sink has a version of a token.
    pub fn until_delivered(&self, name: &str, version: u32) -> Result {
        self.daemon
            .follow_until(&delivered(name, version))
            .map(drop)
    }

    /// Waits until a sink has had a version of a token this often.
    pub fn until_delivered_times(&self, name: &str, version: u32, times: usize) -> Result {
        let has = delivered(name, version);
        while self
            .daemon
            .http("GET", "/v1/events", "")?
            .1
            .matches(&has)
            .count()
            < times
        {
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Waits until a version of a token is in use.
    pub fn until_in_use(&self, name: &str, version: u32) -> Result {
        while self.get(&format!("/v1/tokens/{name}"))?["version"] != version {
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Ends the daemon with a signal.
    pub fn end(&mut self, signal: Signal) -> Result {
        self.daemon.signal(signal)?;
        while !self.daemon.has_ended()? {
            std::thread::yield_now();
        }
        Ok(())
    }

    pub fn restart(&mut self, signal: Signal) -> Result {
        self.end(signal)?;
        self.daemon = self.premises.start()?;
        Ok(())
    }

    pub fn get(&self, path: &str) -> Result<Value> {
        let (status, answer) = self.daemon.http("GET", path, "")?;
        assert_eq!(status, 200, "{answer}");
        Ok(serde_json::from_str(&answer)?)
    }

    pub fn ask(&self, line: &str) -> Result<(Option<i32>, String)> {
        let arguments: Vec<&str> = line.split(' ').collect();
        let output = self.premises.ask(&arguments, "")?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.code(), String::from_utf8(said)?))
    }
}

/// How the journal says that the sink `bot` has a version.
pub fn delivered(name: &str, version: u32) -> String {
    let detail = format!(r#""app":"acme","detail":{{"sink":"bot","version":{version}}}"#);
    format!(r#""kind":"delivered","token":"{name}",{detail}"#)
}

pub const SIGNING_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub fn webhook(hook: &Hook, more: &str) -> String {
    let (url, secret) = (hook.url(), "secret = { file = \"{here}/hook.secret\" }");
    format!(
        "[[delivery]]\nname = \"bot\"\ntokens = [\"*\"]\nwebhook = {{ url = \"{url}\", {secret} }}\n{more}"
    )
}
