//! Validates the answers that `setup` asks for, by the same rules as the configuration file.

pub use super::addresses::{address, line as one_line, mailbox as sender};
pub use super::names::app as app_name;
pub use super::urls::base as url;
use super::{hours, names, smtp_url};

/// With or without the quotes that the configuration file has around it.
pub fn app_id(text: &str) -> Result<String, String> {
    names::id(text.trim().trim_matches(['"', '\'']))
}

/// With or without the scheme, which is https.
pub fn public_url(text: &str) -> Result<String, String> {
    match text.contains("://") {
        true => url(text),
        false => url(&format!("https://{text}")),
    }
}

pub fn mail_server(text: &str) -> Result<String, String> {
    smtp_url::parse(text)?;
    Ok(text.to_owned())
}

/// Returns the user name in the URL of a mail server.
pub fn user_of(mail_server: &str) -> Option<String> {
    smtp_url::parse(mail_server).ok()?.user
}

pub fn timezone(text: &str) -> Result<String, String> {
    hours::timezone(text).map(|_| text.to_owned())
}
