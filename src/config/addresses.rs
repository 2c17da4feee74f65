//! Validates email addresses. Accepts only the plain form that every mail system accepts.

const NO_ADDRESS: &str = "is not an email address; write it as ops@example.com";
const NOT_BARE: &str = "must be the bare address, without a name or < >, as ops@example.com";
const NO_SENDER: &str = "is not a sender; write perennial@example.com or \"Perennial <perennial@example.com>\", \
                         the name without < > \" or \\";

pub fn address(text: &str) -> Result<String, String> {
    if text.contains(['<', '>']) {
        return Err(NOT_BARE.to_owned());
    }
    let is_address = |(local, domain): (&str, &str)| is_local_part(local) && is_domain(domain);
    if text.rsplit_once('@').is_some_and(is_address) {
        Ok(text.to_owned())
    } else {
        Err(NO_ADDRESS.to_owned())
    }
}

/// A name, an address or a sentence for people: one line, and not too long for the top of a phone.
pub fn line(text: &str) -> Result<String, String> {
    const LONGEST: usize = 100;
    match text.trim() {
        "" => Err("is empty; remove the key instead".to_owned()),
        line if line.contains(char::is_control) => Err("must be a single line".to_owned()),
        line if line.chars().count() > LONGEST => {
            Err(format!("is longer than {LONGEST} characters"))
        }
        line => Ok(line.to_owned()),
    }
}

/// Parses an address with an optional display name. Returns a name quoted if mail headers require it.
pub fn mailbox(text: &str) -> Result<String, String> {
    sender(text).ok_or_else(|| NO_SENDER.to_owned())
}

fn sender(text: &str) -> Option<String> {
    let Some((name, rest)) = text.split_once('<') else {
        return address(text.trim()).ok();
    };
    let bare = address(rest.strip_suffix('>')?).ok()?;
    let name = unquoted(name.trim());
    if name.contains(['"', '\\', '>']) || name.contains(char::is_control) {
        return None;
    }
    Some(match name {
        "" => bare,
        name if name.split(' ').all(is_atom) => format!("{name} <{bare}>"),
        name => format!("\"{name}\" <{bare}>"),
    })
}

fn unquoted(name: &str) -> &str {
    name.strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'))
        .unwrap_or(name)
        .trim()
}

fn is_local_part(local: &str) -> bool {
    local.len() <= 64 && local.split('.').all(is_atom)
}

fn is_atom(word: &str) -> bool {
    let is_atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    !word.is_empty() && word.chars().all(is_atext)
}

fn is_domain(domain: &str) -> bool {
    domain.len() <= 253 && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=63).contains(&label.len())
        && label.chars().all(is_letter)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_mail_systems_take() {
        for text in [
            "ops@example.com",
            "ops+tokens@mail.example.co.uk",
            "root@localhost",
            "o'neil@xn--bcher-kva.example",
        ] {
            assert_eq!(address(text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn addresses_that_would_bounce() {
        for text in [
            "",
            "ops",
            "@",
            "@example.com",
            "ops@",
            "a b@example.com",
            "a..b@example.com",
            ".a@example.com",
            "a@b@example.com",
            "a@exam ple.com",
            "a@-example.com",
            "a@b..com",
            "a@example.com\r\nBcc: x@example.com",
            "a@bücher.example",
            "a@example.com.",
        ] {
            assert_eq!(address(text), Err(NO_ADDRESS.to_owned()), "{text}");
        }
        let bare = address("Ops <ops@example.com>");
        assert_eq!(bare, Err(NOT_BARE.to_owned()));
    }

    #[test]
    fn a_sender_may_have_a_name() {
        for (text, header) in [
            ("perennial@example.com", "perennial@example.com"),
            ("<p@example.com>", "p@example.com"),
            ("Perennial <p@example.com>", "Perennial <p@example.com>"),
            (
                "Acme, Inc. <p@example.com>",
                "\"Acme, Inc.\" <p@example.com>",
            ),
            (
                "\"Acme, Inc.\" <p@example.com>",
                "\"Acme, Inc.\" <p@example.com>",
            ),
            ("Müller <p@example.com>", "\"Müller\" <p@example.com>"),
        ] {
            assert_eq!(mailbox(text), Ok(header.to_owned()));
        }
        for text in [
            "",
            "P",
            "P <p@example.com",
            "P <p@>",
            "P <a@b> <c@d>",
            "\"P <p@example.com>",
            "a\nb <p@b>",
            "P > <p@example.com>",
        ] {
            assert_eq!(mailbox(text), Err(NO_SENDER.to_owned()), "{text}");
        }
    }
}
