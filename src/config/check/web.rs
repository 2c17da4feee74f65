//! Reads `[web]`.

use jiff::tz::TimeZone;

use crate::config::credentials::Machine;
use crate::config::readers::text;
use crate::config::tree::{Entry, Section};
use crate::config::{defaults, paths, urls};
use crate::email::Sender;
use crate::email::text::Language;
use crate::web::{ListenAddress, Settings as Web};
use crate::{alerts, login};

const NO_ADDRESS: &str =
    "is not an address to listen on; write \"127.0.0.1:8480\" or \"unix:/run/perennial/web.sock\"";

/// Reads `[web]` and adds its public URL to `logins`.
pub(super) fn web(
    top: &mut Section<'_>,
    machine: &Machine,
    logins: &login::Settings,
) -> Option<Web> {
    let mut section = top.optional("web", Entry::into_section)?;
    let local = ListenAddress::Tcp(defaults::LISTEN);
    let listen = section.or("listen", local, text(listen));
    let help = "write the address at which people reach it, such as \"https://tokens.example.com\"";
    let public_url = section.required("public_url", help, text(urls::base));
    let token = section.optional("webhook_verify_token", |entry| machine.secret(entry));
    let public_url = public_url?;
    Some(Web {
        listen,
        logins: login::Settings {
            public_url: Some(public_url.clone()),
            ..logins.clone()
        },
        public_url,
        webhook_verify_token: token,
        sender: Sender::default(),
        language: Language::default(),
        timezone: TimeZone::UTC,
    })
}

/// The address for people, whatever else the section says.
pub(in crate::config) fn public_url(section: &mut Section<'_>) -> Option<String> {
    section.optional("public_url", text(urls::base))
}

/// Pages name the company and write times as emails do.
pub(super) fn as_in_emails(web: Web, alerts: &alerts::Rules) -> Web {
    Web {
        sender: alerts.templates.sender().clone(),
        language: alerts.language,
        timezone: alerts.timezone.clone(),
        ..web
    }
}

fn listen(written: &str) -> Result<ListenAddress, String> {
    if let Some(path) = written.strip_prefix("unix:") {
        let path = paths::socket(path).map_err(|message| format!("unix: {message}"))?;
        return Ok(ListenAddress::Unix(path));
    }
    let address = written.parse().map_err(|_| NO_ADDRESS)?;
    Ok(ListenAddress::Tcp(address))
}
