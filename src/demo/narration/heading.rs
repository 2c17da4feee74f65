//! What is printed before the first day, and where to look afterwards.

use std::io::{self, Write};

use anstyle::Style;

use crate::demo::fixtures::Fixtures;
use crate::demo::harness::Harness;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// The width of all lines.
pub(in crate::demo) const WIDTH: usize = 100;

const WHAT_IS_REAL: &str = "Only Meta, the people and the clock are simulated. The daemon is the real one: its inventory, \
    socket, emails, public pages, and the files in which it delivers tokens to a chatbot.";

const THREE_THINGS: [&str; 3] = [
    "One cause, one email, to the person who can help. The people here act only through the link in it.",
    "Silence when nobody can help. While Meta is down, no token is judged, and only the operator gets an email.",
    "Renewed, or only exchanged. Perennial measures whether the end moved. If not, a person is asked in good time.",
];

const COLUMNS: &str = "The day of the demo, and the time in Berlin, as in the emails. In quotes: what a page says at the \
    end. → chatbot: the new tokens have arrived there, and the chatbot has confirmed them.";

/// `forecast` are the sentences of the forecast.
pub(in crate::demo) fn opening(
    fixtures: &Fixtures,
    days: u16,
    forecast: &[String],
    out: &mut impl Write,
) -> io::Result<()> {
    let pages: usize = fixtures.people.iter().map(|one| one.pages.len()).sum();
    let what = format!(
        "Perennial keeps {} access tokens of a company alive for {days} simulated days: the logins of {} people and their \
         {pages} pages, 3 system users (one for WhatsApp), an Instagram and a Threads account.",
        fixtures.tokens.len(),
        fixtures.people.len()
    );
    for line in wrapped(&what, WIDTH) {
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    for line in wrapped(WHAT_IS_REAL, WIDTH) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "\n{BOLD}Watch for three things{BOLD:#}")?;
    for (number, thing) in (1..).zip(THREE_THINGS) {
        item(&number.to_string(), thing, out)?;
    }
    writeln!(
        out,
        "\n{BOLD}The forecast, before anything has happened{BOLD:#} (perennial forecast)"
    )?;
    for sentence in forecast {
        item("·", sentence, out)?;
    }
    writeln!(
        out,
        "\n{BOLD}{:<21}{:<10}what happens{BOLD:#}",
        "day and time", "who"
    )?;
    for line in wrapped(COLUMNS, WIDTH) {
        writeln!(out, "{DIM}{line}{DIM:#}")?;
    }
    Ok(())
}

fn item(mark: &str, text: &str, out: &mut impl Write) -> io::Result<()> {
    let mut lines = wrapped(text, WIDTH - 4).into_iter();
    writeln!(out, "  {mark} {}", lines.next().unwrap_or_default())?;
    lines.try_for_each(|line| writeln!(out, "    {line}"))
}

/// Prints where to look while the socket and folder exist; `program` is how a shell calls this program.
pub(in crate::demo) fn places(
    harness: &Harness,
    program: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    let here = harness.folder().display();
    let ask = format!("{program} --socket {here}/perennial.sock");
    writeln!(
        out,
        "\n{BOLD}Look around{BOLD:#} while this runs. Ctrl-C ends it and removes the folder."
    )?;
    writeln!(
        out,
        "  {here}/index.html   in a browser: emails (their links work), timeline, tokens"
    )?;
    writeln!(out, "  {ask} ui")?;
    writeln!(out, "  {ask} tokens")?;
    writeln!(out, "  {ask} check acme-maria")?;
    writeln!(
        out,
        "  curl --unix-socket {here}/perennial.sock http://localhost/v1/status"
    )?;
    writeln!(
        out,
        "  sqlite3 {here}/inventory.db 'SELECT name, state, cause FROM token'"
    )
}

/// Breaks the text at spaces. A longer word gets a line of its own.
pub(in crate::demo) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_at_spaces() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("overlong a b", 3), ["overlong", "a b"]);
    }
}
