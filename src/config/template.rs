//! Writes the first configuration of a machine: the commented sample with the operator's answers filled in.

use std::path::{Path, PathBuf};

use toml::Value;

/// The operator's answers.
#[derive(Clone, Debug)]
pub struct Template {
    pub app: String,
    pub app_id: String,
    /// Meta's own if `None`, like `dialog_url`.
    pub graph_url: Option<String>,
    pub dialog_url: Option<String>,
    /// The machine's own if `None`.
    pub timezone: Option<String>,
    pub from: String,
    /// Who writes, and whom to ask; left out if `None`.
    pub company: Option<String>,
    pub contact: Option<String>,
    pub to: Vec<String>,
    pub way: MailTransport,
    /// The address of the public part; there is none if `None`.
    pub public_url: Option<String>,
}

/// How emails are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailTransport {
    Smtp {
        url: String,
        has_password: bool,
    },
    Sendmail,
    /// One file per email.
    Directory(PathBuf),
}

/// Where the daemon keeps its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// The folders of the systemd unit, which also provides the secrets.
    Service,
    /// One folder for everything, for a trial.
    Folder(PathBuf),
}

const SAMPLE: &str = include_str!("../../packaging/perennial.toml");

/// The folder of the secrets, inside that of the configuration.
pub const CREDENTIALS: &str = "credentials";
pub const INVENTORY_KEY: &str = super::defaults::INVENTORY_KEY;
pub const SMTP_PASSWORD: &str = "smtp.password";
pub const WEBHOOK_VERIFY: &str = "webhook.verify";

/// The name of the credential that holds an app's secret.
pub fn secret_of(app: &str) -> String {
    format!("{app}.secret")
}

impl Template {
    /// Returns the text of the configuration.
    pub fn text(&self, home: &Home) -> String {
        let lines = SAMPLE.lines().map(|line| {
            let answer = self.answer(line, home);
            answer.unwrap_or_else(|| line.to_owned()) + "\n"
        });
        lines.collect()
    }

    /// Returns what replaces a line of the sample, if the line needs an answer.
    fn answer(&self, line: &str, home: &Home) -> Option<String> {
        let web = self.public_url.as_ref();
        if line == "#[web]" {
            return web.map(|_| "[web]".to_owned());
        }
        let (key, _) = line.split_once(" = ")?;
        let set = |key: &str, value: &str| Some(format!("{key} = {}", quoted(value)));
        let below = |name: &str| match home {
            Home::Service => None,
            Home::Folder(folder) => set(key.trim_start_matches('#'), &path(&folder.join(name))),
        };
        match key {
            "#timezone" => set("timezone", self.timezone.as_ref()?),
            "name" => set(key, &self.app),
            "id" => set(key, &self.app_id),
            "secret" => Some(format!("{key} = {}", home.source(&secret_of(&self.app)))),
            "#graph_url" => set("graph_url", self.graph_url.as_ref()?),
            "#dialog_url" => set("dialog_url", self.dialog_url.as_ref()?),
            "#path" => below("inventory.db"),
            "key" => Some(format!("{key} = {}", home.source(INVENTORY_KEY))),
            "from" => set(key, &self.from),
            "# company" => set("company", self.company.as_ref()?),
            "# contact" => set("contact", self.contact.as_ref()?),
            "to" => Some(format!("{key} = {}", Value::from(self.to.clone()))),
            "smtp" => Some(self.way.line(home)),
            "#socket" => below("perennial.sock"),
            "#public_url" => set("public_url", web?),
            "#webhook_verify_token" => {
                web.map(|_| format!("webhook_verify_token = {}", home.source(WEBHOOK_VERIFY)))
            }
            _ => None,
        }
    }
}

impl MailTransport {
    fn line(&self, home: &Home) -> String {
        match self {
            Self::Smtp { url, has_password } => {
                let password = has_password
                    .then(|| format!(", password = {}", home.source(SMTP_PASSWORD)))
                    .unwrap_or_default();
                format!("smtp = {{ url = {}{password} }}", quoted(url))
            }
            Self::Sendmail => "sendmail = true".to_owned(),
            Self::Directory(folder) => format!("directory = {}", quoted(&path(folder))),
        }
    }
}

impl Home {
    fn source(&self, name: &str) -> String {
        match self {
            Self::Service => format!("{{ credential = {} }}", quoted(name)),
            Self::Folder(folder) => {
                let file = folder.join(CREDENTIALS).join(name);
                format!("{{ file = {} }}", quoted(&path(&file)))
            }
        }
    }
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(way: MailTransport) -> Template {
        Template {
            app: "shop".to_owned(),
            app_id: "1234567890".to_owned(),
            graph_url: Some("http://127.0.0.1:8470".to_owned()),
            dialog_url: None,
            timezone: Some("Asia/Tokyo".to_owned()),
            company: Some("Öl & \"Gas\" GmbH".to_owned()),
            contact: None,
            from: "\"Öl & Gas\" <perennial@example.com>".to_owned(),
            to: vec!["ops@example.com".to_owned(), "it@example.com".to_owned()],
            way,
            public_url: None,
        }
    }

    /// If a key of the sample were renamed, every new configuration would keep the sample's value.
    #[test]
    fn every_answer_has_its_line_in_the_sample() {
        let home = Home::Folder("/srv/trial".into());
        let mut draft = draft(MailTransport::Sendmail);
        draft.dialog_url = Some("https://www.facebook.com".to_owned());
        draft.contact = Some("help@example.com".to_owned());
        draft.public_url = Some("https://tokens.example.com".to_owned());
        let answered = SAMPLE.lines().filter_map(|line| draft.answer(line, &home));
        let keys: Vec<String> = answered
            .map(|line| line.split(" = ").next().unwrap().to_owned())
            .collect();
        assert_eq!(
            keys.join(" "),
            "timezone name id secret graph_url dialog_url path key from to company contact sendmail socket [web] public_url webhook_verify_token"
        );
    }

    #[test]
    fn what_is_written_is_what_was_answered() {
        let url = "smtps://user@smtp.example.com:465".to_owned();
        let has_password = true;
        let service = draft(MailTransport::Smtp { url, has_password }).text(&Home::Service);
        for line in [
            "timezone = \"Asia/Tokyo\"",
            "secret = { credential = \"shop.secret\" }",
            "#path = \"/var/lib/perennial/inventory.db\"",
            "to = [\"ops@example.com\", \"it@example.com\"]",
            "company = 'Öl & \"Gas\" GmbH'",
            "# contact = \"help@example.com\"",
            "smtp = { url = \"smtps://user@smtp.example.com:465\", password = { credential = \"smtp.password\" } }",
        ] {
            assert!(
                service.lines().any(|written| written == line),
                "{line}\n{service}"
            );
        }
        let trial = draft(MailTransport::Directory("/srv/mail".into()));
        let trial = trial.text(&Home::Folder("/srv/\"trial\"".into()));
        for line in [
            r#"secret = { file = '/srv/"trial"/credentials/shop.secret' }"#,
            r#"path = '/srv/"trial"/inventory.db'"#,
            "directory = \"/srv/mail\"",
        ] {
            assert!(
                trial.lines().any(|written| written == line),
                "{line}\n{trial}"
            );
        }
    }
}
