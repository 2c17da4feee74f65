//! The command line: one file per command. Commands talk to the daemon through its socket only; what runs on its own
//! (the daemon, the demo, the simulated Graph) is declared here and started by `main`.

mod acknowledge;
mod advice;
mod arguments;
mod backup;
mod bar;
mod check_config;
pub mod core_dumps;
mod events;
mod failure;
mod follow;
mod forget;
mod get;
mod import;
mod incidents;
mod keys;
mod login;
mod mail_test;
mod man;
mod orders;
mod rekey;
mod reload;
mod restore;
mod screen;
mod secrets;
mod serve;
mod setup;
mod shell;
mod show;
mod socket;
mod status;
mod story;
mod style;
mod table;
mod text;
mod tokens;
mod watch;
mod when;
mod words;

#[cfg(test)]
mod tests;

use clap::{Parser, Subcommand};

pub use failure::{Answer, Failure};
pub use screen::Screen;
pub use serve::{DemoOptions, GraphSimOptions, Serve};
pub use socket::Global;

/// Keeps Meta access tokens alive, and tells the right person, early and once, when only a human can help.
#[derive(Debug, Parser)]
#[command(name = "perennial", version, after_help = EXIT_CODES)]
#[command(
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 the daemon cannot be reached.\n\
                          Reading commands print the daemon's own JSON with --json. NO_COLOR is respected.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs on its own, for as long as it takes.
    #[command(flatten)]
    Serve(Serve),
    /// Asks the daemon, or looks at its configuration, and ends.
    #[command(flatten)]
    Ask(Ask),
}

#[derive(Debug, Subcommand)]
pub enum Ask {
    Setup(setup::Options),
    CheckConfig(check_config::Options),
    Reload(reload::Options),
    Status(status::Options),
    Tokens(tokens::Options),
    Show(show::Options),
    Import(import::Options),
    Login(login::Options),
    Get(get::Options),
    Check(orders::CheckOptions),
    Rotate(orders::RotateOptions),
    Forget(forget::Options),
    Incidents(incidents::Options),
    Acknowledge(acknowledge::Options),
    Events(events::Options),
    MailTest(mail_test::Options),
    Backup(backup::Options),
    Restore(restore::Options),
    Rekey(rekey::Options),
    #[command(hide = true)]
    AlertUnitFailure(watch::FailureOptions),
    Completions(shell::CompletionOptions),
    Man(man::Options),
}

impl Ask {
    pub async fn carry_out(self, global: &Global, screen: &mut Screen) -> Result<Answer, Failure> {
        match self {
            Self::Setup(options) => setup::run(options, global, screen).await,
            Self::CheckConfig(options) => check_config::run(&options, global, screen),
            Self::Reload(options) => reload::run(&options, &global.client()?, screen).await,
            Self::Status(options) => status::run(&options, &global.client()?, screen).await,
            Self::Tokens(options) => tokens::run(options, &global.client()?, screen).await,
            Self::Show(options) => show::run(&options, &global.client()?, screen).await,
            Self::Import(options) => import::run(options, &global.client()?, screen).await,
            Self::Login(options) => login::run(options, &global.client()?, screen).await,
            Self::Get(options) => get::run(&options, &global.client()?, screen).await,
            Self::Check(options) => match options.about_the_daemon() {
                Some(look) => watch::run(look, global, screen).await,
                None => orders::check(options, &global.client()?, screen).await,
            },
            Self::AlertUnitFailure(_) => watch::tell_of_failure(global, screen).await,
            Self::Rotate(options) => orders::rotate(options, &global.client()?, screen).await,
            Self::Forget(options) => forget::run(&options, &global.client()?, screen).await,
            Self::Incidents(options) => incidents::run(&options, &global.client()?, screen).await,
            Self::Acknowledge(options) => {
                acknowledge::run(&options, &global.client()?, screen).await
            }
            Self::Events(options) => events::run(options, &global.client()?, screen).await,
            Self::MailTest(options) => mail_test::run(options, &global.client()?, screen).await,
            Self::Backup(options) => backup::run(&options, global, screen),
            Self::Restore(options) => restore::run(&options, global, screen),
            Self::Rekey(options) => rekey::run(&options, global, screen),
            Self::Completions(options) => shell::completions(&options, screen),
            Self::Man(options) => man::run(&options, screen),
        }
    }
}

/// Ends the command: the last words to the person, the code to the shell.
pub fn exit_code(outcome: Result<Answer, Failure>, screen: &mut Screen) -> u8 {
    match outcome {
        Ok(answer) => answer.exit_code(),
        Err(failure) => {
            if !failure.is_broken_pipe() {
                screen.note(&failure.to_string());
            }
            failure.exit_code()
        }
    }
}
