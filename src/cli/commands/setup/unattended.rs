//! What the options must contain when no person can be asked.

use super::Options;
use crate::cli::{Error, Result};
use crate::config::{SMTP_PASSWORD, secret_of, validators};
use crate::setup::Places;

impl Options {
    /// Names all missing options in one error.
    pub(super) fn refuse_missing(&self, places: &Places) -> Result<()> {
        let app = self.app_name.clone();
        let app = app.unwrap_or_else(|| usual_name(&self.mail_to));
        let has_secret =
            self.app_secret_file.is_some() || places.credential(&secret_of(&app)).exists();
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
            "stdin is not a terminal, and some options are missing. Add:\n    {}",
            missing.join("\n    ")
        )))
    }
}

/// What an app is called if nobody says otherwise: as the company in the domain of its mail address, `acme` for
/// ops@mail.acme.co.uk.
pub(super) fn usual_name(mail_to: &[String]) -> String {
    const ANY: &str = "app";
    let domain = mail_to.first().and_then(|to| to.rsplit('@').next());
    let domain = domain.unwrap_or_default().to_ascii_lowercase();
    let mut labels = domain.rsplit('.');
    let (top, mut name) = (labels.next(), labels.next().unwrap_or_default());
    let is_of_a_country = top.is_some_and(|top| top.len() == 2);
    if is_of_a_country && is_in(SECOND_LEVELS, name) {
        name = labels.next().unwrap_or_default();
    }
    let is_name = validators::app_name(name).is_ok() && !is_in(MAIL_PROVIDERS, name);
    if is_name { name } else { ANY }.to_owned()
}

/// What stands before a country in domains such as acme.co.uk.
const SECOND_LEVELS: &str = "ac co com edu gov ne net org";

/// Their domains say nothing of a company.
const MAIL_PROVIDERS: &str = "aol fastmail gmail gmx googlemail hotmail icloud live mail me outlook proton protonmail \
                              web yahoo";

fn is_in(list: &str, name: &str) -> bool {
    list.split(' ').any(|item| item == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_called_as_the_company_of_the_mail_address() {
        for (address, expected) in [
            ("ops@acme.example", "acme"),
            ("ops@mail.acme.com", "acme"),
            ("ops@acme.co.uk", "acme"),
            ("Ops@ACME-shop.DE", "acme-shop"),
            ("somebody@gmail.com", "app"),
            ("somebody@yahoo.co.jp", "app"),
            ("root@localhost", "app"),
        ] {
            assert_eq!(usual_name(&[address.to_owned()]), expected, "{address}");
        }
        assert_eq!(usual_name(&[]), "app");
    }
}
