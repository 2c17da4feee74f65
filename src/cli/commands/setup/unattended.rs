//! What the options must contain when no person can be asked.

use super::Options;
use crate::cli::Error;
use crate::config::{SMTP_PASSWORD, secret_of, validators};
use crate::setup::Places;

impl Options {
    /// Names all missing options in one error.
    pub(super) fn refuse_missing(&self, places: &Places) -> Result<(), Error> {
        let app = self.app_name.as_deref().unwrap_or(USUAL_NAME);
        let has_secret =
            self.app_secret_file.is_some() || places.credential(&secret_of(app)).exists();
        let has_way = self.smtp_url.is_some() || self.sendmail || self.mail_directory.is_some();
        let user = self.smtp_url.as_deref().and_then(validators::user_of);
        let has_password = user.is_none()
            || self.smtp_password_file.is_some()
            || places.credential(SMTP_PASSWORD).exists();
        let needed = [
            (self.app_id.is_some(), "--app-id ID"),
            (has_secret, "--app-secret-file FILE"),
            (!self.mail_to.is_empty(), "--mail-to ADDRESS"),
            (
                has_way,
                "--smtp-url URL (or --sendmail, or --mail-directory DIRECTORY)",
            ),
            (has_password, "--smtp-password-file FILE"),
        ];
        let missing: Vec<&str> = needed
            .iter()
            .filter_map(|(is_there, option)| (!is_there).then_some(*option))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "Nobody is here to be asked, and something is missing. Add:\n    {}",
            missing.join("\n    ")
        )))
    }
}

pub(super) const USUAL_NAME: &str = "main";
