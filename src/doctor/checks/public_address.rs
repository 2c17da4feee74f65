//! The public address leads to this daemon: it answers there with what its socket shows.

use super::LOCAL;
use crate::doctor::{Check, Finding, Reach, Subject};
use crate::outbox::http_post::{Address, HttpPost, PostError, Reach as Networks};
use crate::secret::Secret;

const CHECK: Check = Check::PublicAddress;

const ROUTE: &str = "Let your TLS proxy pass this address on to [web] listen, as docs/src/login.md shows. If other \
                     machines reach it and only this one does not, it is right";

pub(in crate::doctor) async fn check(subject: &Subject<'_>) -> Vec<Finding> {
    vec![found(subject).await]
}

async fn found(subject: &Subject<'_>) -> Finding {
    let Some(url) = &subject.known.public_url else {
        let why = "none is set up, so people cannot log in by a link ([web] public_url)";
        return Finding::not_checked(CHECK, why);
    };
    if subject.reach == Reach::Local {
        return Finding::not_checked(CHECK, format!("{url} was {LOCAL}"));
    }
    let Some(report) = subject.daemon.report() else {
        let why = format!("{url} leads nowhere while the daemon does not answer");
        return Finding::not_checked(CHECK, why);
    };
    judge(url, &report.instance, read(url).await)
}

async fn read(url: &str) -> Result<String, String> {
    let address = Secret::new(format!("{url}/login/instance").as_str());
    let address = Address::parse(&address, Networks::Private).map_err(|error| error.to_string())?;
    let http = HttpPost::new(std::slice::from_ref(&address)).map_err(|error| error.to_string())?;
    let read = http.read(&address).await;
    read.map_err(|error: PostError| error.to_string())
}

fn judge(url: &str, instance: &str, read: Result<String, String>) -> Finding {
    match read {
        Ok(text) if !instance.is_empty() && text.trim() == instance => {
            Finding::good(CHECK, format!("{url} leads to this daemon"))
        }
        Ok(_) => Finding::problem(CHECK, format!("{url} leads to something else"), ROUTE),
        Err(why) => Finding::problem(CHECK, format!("{url}: {why}"), ROUTE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn only_this_daemon_counts() {
        let url = "https://tokens.example.com";
        let outcome = |read: Result<&str, &str>| {
            let read = read.map(str::to_owned).map_err(str::to_owned);
            judge(url, "4f2a", read).outcome
        };
        assert_eq!(outcome(Ok("4f2a\n")), Outcome::Good);
        assert_eq!(outcome(Ok("<html>")), Outcome::Problem);
        assert_eq!(outcome(Err("it answered 502")), Outcome::Problem);
        let empty = judge(url, "", Ok(String::new()));
        assert_eq!(
            empty.outcome,
            Outcome::Problem,
            "a daemon of an earlier version"
        );
    }
}
