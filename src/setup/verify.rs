//! Whether the answers work: the app's id and secret at Meta, and one real email.

use jiff::Timestamp;

use crate::config::{App, Config};
use crate::daemon::client_of;
use crate::email::SystemEmail;
use crate::email::mailer::{Mailer, Reached};
use crate::model::Cause;

/// What Meta says of an app's id and secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppTrial {
    Accepted,
    /// The secret is not that of the app; another one may be. Says why, and what to do.
    WrongSecret(String),
    /// Another secret would not help.
    Failed(String),
}

/// Does Meta know the app by this id and secret?
pub async fn meta(app: &App) -> AppTrial {
    let client = match client_of(app) {
        Ok(client) => client,
        Err(error) => return AppTrial::Failed(error.to_string()),
    };
    match client.confirm_app().await.answer {
        Ok(()) => AppTrial::Accepted,
        Err(error) if error.cause() == Cause::AppSecretWrong => {
            AppTrial::WrongSecret(error.to_string())
        }
        Err(error) => AppTrial::Failed(error.to_string()),
    }
}

/// Sends one email to the operators, by the way that all emails will take.
pub async fn mail(config: &Config, now: Timestamp) -> Result<(), String> {
    let mailer = Mailer::new(config.mail.clone()).map_err(|error| error.to_string())?;
    let rules = &config.alerts;
    let notice = SystemEmail {
        subject: "Perennial can reach you by mail".to_owned(),
        why: vec![
            "Nothing needs to be done. That you read this shows that emails about tokens will arrive, too."
                .to_owned(),
        ],
        instructions: Vec::new(),
        footer: "Sent once, by perennial setup.".to_owned(),
    };
    let id = format!("setup-{}@{}", now.as_microsecond(), rules.message_domain);
    let email = notice.email(&rules.operators, id, None);
    match mailer.send_once(email, now).await {
        Ok(Reached::Everybody) => Ok(()),
        Ok(Reached::Some(why)) => Err(format!("not everybody was reached: {why}")),
        Err(error) => Err(error.to_string()),
    }
}
