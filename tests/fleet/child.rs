//! Another process of this program. It does one thing for each line that it gets, and answers with a line of JSON. It
//! ends when its input does.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Lines, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Result;

pub struct Child {
    process: std::process::Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Child {
    pub fn start(part: &str, arguments: &[&OsStr]) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(part)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("no output")?;
        Ok(Self {
            input: process.stdin.take(),
            output: BufReader::new(output).lines(),
            process,
        })
    }

    pub fn ask<T: DeserializeOwned>(&mut self, what: &str) -> Result<T> {
        let input = self.input.as_mut().ok_or("no input")?;
        writeln!(input, "{what}")?;
        let answer = self.output.next();
        let answer =
            answer.ok_or_else(|| format!("the process that was asked for {what} ended"))?;
        Ok(serde_json::from_str(&answer?)?)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

/// The side of the other process.
pub fn serve(mut answer: impl FnMut(&str) -> Result<Value>) -> Result {
    let mut out = io::stdout().lock();
    for line in io::stdin().lines() {
        writeln!(out, "{}", answer(&line?)?)?;
        out.flush()?;
    }
    Ok(())
}
