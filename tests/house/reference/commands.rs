//! commands.md: every command with its arguments and options, in the groups of `perennial --help`.

use clap::{Arg, Command};
use perennial::cli;

use super::{Result, code, page, paragraph, prose, table};

const INTRO: &str = "`perennial COMMAND --help` prints the same, and `perennial man COMMAND` shows it as a manual page.";

/// The program describes these itself.
const OF_CLAP: [&str; 2] = ["help", "version"];

pub fn text() -> Result<String> {
    let mut whole = cli::command();
    whole.build();
    let mut page = page("Commands", "the command line of the program");
    paragraph(&mut page, INTRO);
    paragraph(&mut page, &after_help(&whole));
    let globals: Vec<&Arg> = whole
        .get_arguments()
        .filter(|it| it.is_global_set())
        .collect();
    paragraph(
        &mut page,
        "Options of every command that reads the configuration or calls the daemon:",
    );
    arguments(&mut page, "option", &globals);
    for (title, names) in cli::GROUPS {
        page.push_str(&format!("\n## {title}\n"));
        for name in names.split(' ') {
            let command = whole.find_subcommand(name).ok_or(name)?;
            describe(&mut page, command);
        }
    }
    Ok(page)
}

fn after_help(whole: &Command) -> String {
    let text = whole.get_after_help().map(ToString::to_string);
    with_code(&text.unwrap_or_default())
}

fn describe(page: &mut String, command: &Command) {
    let mut command = command.clone();
    let name = command.get_bin_name().unwrap_or_default();
    page.push_str(&format!("\n### {name}\n"));
    let about = command.get_long_about().or_else(|| command.get_about());
    paragraph(
        page,
        &sentences(&about.map(ToString::to_string).unwrap_or_default()),
    );
    paragraph(page, &usage(&mut command));
    let own = command.get_arguments().filter(|argument| {
        let is_of_clap = OF_CLAP.contains(&argument.get_id().as_str());
        !argument.is_hide_set() && !argument.is_global_set() && !is_of_clap
    });
    let (positional, options): (Vec<&Arg>, Vec<&Arg>) = own.partition(|it| it.is_positional());
    arguments(page, "argument", &positional);
    arguments(page, "option", &options);
    let shown = command.get_subcommands();
    for below in shown.filter(|it| !it.is_hide_set() && it.get_name() != "help") {
        describe(page, below);
    }
}

fn usage(command: &mut Command) -> String {
    let usage = command.render_usage().to_string();
    let lines = usage.trim_start_matches("Usage: ").lines();
    let lines: Vec<String> = lines.map(|line| code(line.trim())).collect();
    format!("Usage: {}", lines.join(" or "))
}

/// The first line of a help has no full stop.
fn sentences(about: &str) -> String {
    let mut paragraphs = about.trim().splitn(2, "\n\n");
    let first = with_code(paragraphs.next().unwrap_or_default());
    let first = match first.ends_with(['.', ':']) {
        true => first,
        false => format!("{first}."),
    };
    match paragraphs.next() {
        Some(rest) => format!("{first}\n\n{}", with_code(rest)),
        None => first,
    }
}

fn arguments(page: &mut String, title: &str, arguments: &[&Arg]) {
    let rows: Vec<Vec<String>> = arguments.iter().map(|argument| row(argument)).collect();
    table(page, &[title, "meaning"], &rows);
}

fn row(argument: &Arg) -> Vec<String> {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let values = argument.get_possible_values();
    let values = values.iter().filter(|value| !value.is_hide_set());
    let values: Vec<String> = values.map(|value| code(value.get_name())).collect();
    let takes_value = argument.get_action().takes_values();
    let defaults = argument.get_default_values().iter();
    let defaults: Vec<String> = defaults
        .map(|value| code(&value.to_string_lossy()))
        .collect();
    let (help, default) = match help
        .trim()
        .strip_suffix(']')
        .and_then(|it| it.rsplit_once(" [default: "))
    {
        Some((help, default)) => (
            help.to_owned(),
            format!(" Default: {}.", with_code(default)),
        ),
        None => (help, String::new()),
    };
    let mut meaning = sentences(&help).replace("\n\n", " ") + &default;
    if takes_value && !values.is_empty() {
        meaning.push_str(&format!(" One of {}.", values.join(", ")));
    }
    if takes_value && !defaults.is_empty() {
        meaning.push_str(&format!(" Default: {}.", defaults.join(" ")));
    }
    vec![code(&argument.to_string()), meaning]
}

/// Marks options, which Markdown would print with a dash.
fn with_code(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let words = line.split(' ').map(|word| match word.starts_with("--") {
            true => {
                let option = word.trim_end_matches(['.', ',', ';', ':', ')']);
                format!("{}{}", code(option), &word[option.len()..])
            }
            false => word.to_owned(),
        });
        words.collect::<Vec<String>>().join(" ")
    });
    prose(&lines.collect::<Vec<String>>().join("\n"))
}
