//! The commands, and a running daemon that they ask.

use std::process::Output;

use perennial::daemon::clock;

use super::daemon::{Daemon, Premises};
use super::{Result, World};

/// A daemon with an empty inventory, and a simulated Meta whose clock shows the real time.
pub struct Office {
    pub world: World,
    pub premises: Premises,
    pub daemon: Daemon,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Office {
    pub async fn open() -> Result<Self> {
        let world = World::new().await?;
        world.meta.set_now(clock::now());
        let premises = Premises::new(&world.meta.url())?;
        let daemon = premises.start()?;
        Ok(Self {
            world,
            premises,
            daemon,
        })
    }

    pub fn ask(&self, line: &str, input: &str) -> Result<Ended> {
        let arguments: Vec<&str> = line.split(' ').collect();
        Ended::of(self.premises.ask(&arguments, input)?)
    }

    /// Imports the token of a new person.
    pub fn import(&self, name: &str) -> Result<String> {
        let token = self.world.log_in(&self.world.person(name))?;
        let ended = self.ask(&format!("import --app acme --name {name}"), &token)?;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        Ok(token)
    }
}

impl Ended {
    pub fn of(output: Output) -> Result<Self> {
        Ok(Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout)?,
            err: String::from_utf8(output.stderr)?,
        })
    }

    #[track_caller]
    pub fn with(self, code: i32, out: &[&str], err: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        let (mut out, mut err) = (out.iter(), err.iter());
        assert!(out.all(|words| self.out.contains(words)), "{self:?}");
        assert!(err.all(|words| self.err.contains(words)), "{self:?}");
        self
    }
}
