//! The commands in groups, as `perennial --help` lists them, and the global options that each of them uses.

use clap::{Arg, Command, CommandFactory};

use super::Cli;

/// The title of each group, and its commands.
pub const GROUPS: [(&str, &str); 5] = [
    (
        "Set up",
        "setup check-config config run reload mail-test post-test completions",
    ),
    (
        "Look",
        "status tokens show ui forecast incidents events deliveries consumers calendar doctor version man",
    ),
    (
        "Act",
        "import login get in-use check rotate rename owners acknowledge forget",
    ),
    ("Keep", "backup restore rekey move-inventory"),
    ("Rehearse", "demo graph-sim"),
];

/// Commands that read the configuration, but do not call the daemon.
const WITHOUT_DAEMON: &str = "check-config config run backup restore rekey move-inventory";

const WITHOUT_CONFIGURATION: &str = "setup completions man demo graph-sim";

/// Whether the command's help lists the global option. The command accepts it in any case.
fn uses(command: &Command, option: &Arg) -> bool {
    let is_in = |names: &str| names.split(' ').any(|name| name == command.get_name());
    match option.get_id().as_str() {
        "config" => !is_in(WITHOUT_CONFIGURATION),
        _ => !is_in(WITHOUT_CONFIGURATION) && !is_in(WITHOUT_DAEMON),
    }
}

/// The whole command line.
pub fn command() -> Command {
    let whole = Cli::command();
    let globals = whole
        .get_arguments()
        .filter(|option| option.is_global_set());
    let globals: Vec<Arg> = globals.cloned().collect();
    // A command's own copy of a global option takes its place, with the same value.
    let whole = whole.mut_subcommands(|command| {
        let unused = globals.iter().filter(|option| !uses(&command, option));
        let hidden: Vec<Arg> = unused.map(|option| option.clone().hide(true)).collect();
        command.args(hidden)
    });
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{}\n{}\n{{options}}{{after-help}}",
        overview(&whole),
        heading(&whole, "Options"),
    );
    whole.help_template(template)
}

fn overview(whole: &Command) -> String {
    let literal = whole.get_styles().get_literal();
    let mut text = String::new();
    for (title, commands) in GROUPS {
        text.push_str(&format!("\n{}\n", heading(whole, title)));
        for name in commands.split(' ') {
            let about = whole.find_subcommand(name).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            text.push_str(&format!("  {literal}{name:<12}{literal:#}  {about}\n"));
        }
    }
    text
}

fn heading(whole: &Command, title: &str) -> String {
    let header = whole.get_styles().get_header();
    format!("{header}{title}:{header:#}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn shown() -> Vec<Command> {
        let mut whole = command();
        whole.build();
        let commands = whole.get_subcommands();
        let shown = commands.filter(|it| !it.is_hide_set() && it.get_name() != "help");
        shown.cloned().collect()
    }

    #[test]
    fn every_command_is_in_one_group() {
        let grouped = GROUPS.iter().flat_map(|(_, commands)| commands.split(' '));
        let mut grouped: Vec<&str> = grouped.collect();
        let shown = shown();
        let mut names: Vec<&str> = shown.iter().map(Command::get_name).collect();
        grouped.sort_unstable();
        names.sort_unstable();
        assert_eq!(grouped, names);
    }

    #[test]
    fn the_overview_has_every_command_in_a_line_of_80_columns() {
        let help = command().render_help().to_string();
        for command in shown() {
            let line = format!(
                "  {:<12}  {}\n",
                command.get_name(),
                command.get_about().unwrap()
            );
            assert_eq!(help.matches(&line).count(), 1, "{line}\n{help}");
            assert!(line.chars().count() <= 81, "{line}");
        }
        for (title, _) in GROUPS {
            assert!(help.contains(&format!("\n\n{title}:\n  ")), "{help}");
        }
        assert!(help.contains("\n\nOptions:\n"), "{help}");
        assert!(help.contains("--socket <PATH>"), "{help}");
        assert!(help.ends_with("NO_COLOR is respected.\n"), "{help:?}");
    }

    #[test]
    fn every_argument_is_described() {
        for command in shown() {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string);
                let is_described = help.is_some_and(|help| !help.is_empty());
                assert!(is_described, "{} {argument}", command.get_name());
            }
        }
    }

    #[test]
    fn each_command_lists_exactly_the_global_options_that_it_uses() {
        for mut command in shown() {
            let help = command.render_long_help().to_string();
            let lists = ["--config <FILE>", "--socket <PATH>"].map(|it| help.contains(it));
            let expected = match command.get_name() {
                "setup" | "completions" | "man" | "demo" | "graph-sim" => [false, false],
                "check-config" | "config" | "run" | "backup" | "restore" | "rekey"
                | "move-inventory" => [true, false],
                _ => [true, true],
            };
            assert_eq!(lists, expected, "{help}");
        }
    }

    #[test]
    fn every_command_accepts_the_global_options_before_and_after_it() {
        let required = [
            ("show", "x"),
            ("get", "x"),
            ("in-use", "x"),
            ("consumers", "x"),
            ("check", "x"),
            ("rotate", "x"),
            ("rename", "x y"),
            ("owners", "x"),
            ("forget", "x"),
            ("acknowledge", "7"),
            ("backup", "x"),
            ("restore", "x"),
            ("move-inventory", "--from x --to y"),
            ("completions", "bash"),
            ("config", "show"),
            ("post-test", "x"),
        ];
        let names: BTreeSet<String> = shown().iter().map(|it| it.get_name().to_owned()).collect();
        for name in names {
            let own = required.iter().find(|(command, _)| *command == name);
            let own = own.into_iter().flat_map(|(_, values)| values.split(' '));
            let options = ["--config", "c.toml", "--socket", "s.sock"];
            for line in [
                Vec::from_iter(options.into_iter().chain([&*name]).chain(own.clone())),
                Vec::from_iter([&*name].into_iter().chain(own).chain(options)),
            ] {
                let line = ["perennial"].into_iter().chain(line);
                let cli = Cli::read(line.map(Into::into)).unwrap();
                assert_eq!(cli.global.config.unwrap().as_os_str(), "c.toml", "{name}");
                assert_eq!(cli.global.socket.unwrap().as_os_str(), "s.sock", "{name}");
            }
        }
    }
}
