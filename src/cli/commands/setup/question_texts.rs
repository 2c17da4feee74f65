//! What setup asks, each with a longer explanation for `?`.

pub(super) struct Question {
    pub(super) text: &'static str,
    pub(super) help: &'static str,
}

pub(super) const APP_NAME: Question = Question {
    text: "Name of the app in Perennial?",
    help: "A short name for the app in commands, emails and file names.",
};
pub(super) const APP_ID: Question = Question {
    text: "The app's id at Meta?",
    help: "Meta's app dashboard (https://developers.facebook.com/apps) shows it under App settings, Basic: a number \
           such as 257422819769992.",
};
pub(super) const MAIL_TO: Question = Question {
    text: "Email address for errors?",
    help: "The person who runs Perennial. Emails about a token go to its owners, if it has any. Separate several \
           addresses with commas.",
};
pub(super) const MAIL_FROM: Question = Question {
    text: "Sender address of the emails?",
    help: "An address that your mail server lets this machine use, with or without a name before it.",
};
pub(super) const COMPANY: Question = Question {
    text: "Name of your company, for emails and pages? (Enter leaves it out)",
    help: "It stands at the top of every email and public page, so that people see who asks them for a login.",
};
pub(super) const CONTACT: Question = Question {
    text: "Whom may people ask about an email?",
    help: "People who get an email or open a login page from you may doubt that it is genuine. Name an email address, \
           a phone number or whatever else they can use and know.",
};
pub(super) const MAIL_WAY: Question = Question {
    text: "Mail server?",
    help: "A mail server as smtps://USER@HOST:465 (TLS from the first byte) or smtp://USER@HOST:587 (STARTTLS), \
           smtp://localhost for one on this machine, or an absolute path: a directory that gets one file per email, \
           which sends nothing.",
};
pub(super) const PUBLIC_URL: Question = Question {
    text: "Public address, for login links and Meta's webhooks? (Enter leaves it out)",
    help: "The https address at which people and Meta reach this machine through your TLS proxy, such as \
           https://tokens.example.com. With it, an email has a link to log in. Without it, people log in with \
           perennial login --paste. You can add it later, under [web].",
};
