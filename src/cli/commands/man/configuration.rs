//! perennial.toml(5): the keys of the configuration, generated from their reference.

use super::roff::{entry, escaped, heading, paragraph};
use crate::config::reference::{DefaultValue, Key, SECTIONS};

const HEAD: &str = r#".TH perennial.toml 5 "" "perennial" "Perennial"
.SH NAME
perennial.toml \- the configuration of perennial
.SH SYNOPSIS
.I /etc/perennial/perennial.toml
.SH DESCRIPTION
TOML. Unknown keys are errors.
.B perennial check\-config
lists every error with its line.
.B systemctl reload perennial
applies a changed file as a whole, or says why it is refused and keeps the old one. It names the settings that need a
restart (inventory.path, inventory.url, inventory.key, status.socket, web.listen, ui.listen, metrics.listen); the rest is
live.
.PP
Durations are written 90s, 15m, 12h, 30d.
.PP
Do not write secrets into this file. Write
.B { credential = \(dqname\(dq }
for the file with this name in
.IR /etc/perennial/credentials ,
which systemd hands to the daemon when it starts, or
.B { file = \(dq/path\(dq }
for a file that belongs to the daemon's user and that only this user can read.
.SH KEYS
"#;

const TAIL: &str = r".SH FILES
.TP
.I /etc/perennial/credentials
The secrets. Only root can read them.
.TP
.I /usr/share/doc/perennial/examples/perennial.toml
A configuration to start from, with every default.
.SH SEE ALSO
.BR perennial (1),
.BR perennial\-api (8),
.BR systemd.exec (5)
";

pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    for section in SECTIONS {
        if section.header.is_empty() {
            page.push_str(&format!("{}\n", escaped(section.about)));
        } else {
            heading(&mut page, section.header);
            paragraph(&mut page, section.about);
        }
        for key in section.keys {
            entry(&mut page, &name(key), &meaning(key));
        }
    }
    page + TAIL
}

/// `batch = 50`
fn name(key: &Key) -> String {
    match key.default {
        DefaultValue::Value(value) => format!("{} = {}", key.name, value),
        DefaultValue::Required | DefaultValue::Unset => key.name.to_owned(),
    }
}

fn meaning(key: &Key) -> String {
    match key.default {
        DefaultValue::Required => format!("{} Required.", key.meaning),
        DefaultValue::Value(_) | DefaultValue::Unset => key.meaning.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_entry_in_its_section() {
        let page = page();
        for section in SECTIONS {
            let heading = format!(".SS \"{}\"\n", section.header);
            let text = match section.header {
                "" => page.as_str(),
                _ => page.split_once(&heading).unwrap().1,
            };
            let text = text.split(".SS ").next().unwrap();
            for key in section.keys {
                let entry = format!(".TP\n.B {}", key.name);
                assert!(text.contains(&entry), "{} {}", section.header, key.name);
            }
        }
        assert!(page.contains(".B batch = 50\n"), "{page}");
        assert!(page.contains(".B language = \\(dqen\\(dq\n"), "{page}");
    }
}
