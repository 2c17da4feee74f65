//! Tries the answers: the app's id and secret with Meta, and one real email.

use jiff::Timestamp;

use crate::config::{App, Config};
use crate::email::SystemEmail;
use crate::email::mailer::{Mailer, Reached};
use crate::graph_api::Client;
use crate::model::Cause;

/// Meta's answer to an app's id and secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppTrial {
    Accepted,
    /// The secret does not belong to the app; another one may. Says why, and what to do.
    WrongSecret(String),
    /// Another secret would not help.
    Failed(String),
}

/// Asks Meta whether it accepts the app's id and secret.
pub async fn meta(app: &App) -> AppTrial {
    let client = match Client::new(app.graph.clone()) {
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

/// Sends one email to the operators, in the same way as all later emails.
pub async fn mail(config: &Config, now: Timestamp) -> Result<(), String> {
    let mailer = Mailer::new(config.mail.clone()).map_err(|error| error.to_string())?;
    let rules = &config.alerts;
    let system_email = SystemEmail {
        subject: "Perennial can reach you by email".to_owned(),
        why: vec![
            "This test email arrived, so emails about tokens will arrive too. You do not need to do anything."
                .to_owned(),
        ],
        instructions: Vec::new(),
        footer: "Sent once by perennial setup.".to_owned(),
    };
    let id = format!("setup-{}@{}", now.as_microsecond(), rules.message_domain);
    let email = system_email.email(&rules.operators, id, None);
    match mailer.send_once(email, now).await {
        Ok(Reached::Everybody) => Ok(()),
        Ok(Reached::Some(why)) => Err(format!("the email did not reach all recipients: {why}")),
        Err(error) => Err(error.to_string()),
    }
}
