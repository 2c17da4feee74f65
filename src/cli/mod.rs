//! The command line: one file per command. Commands talk to the daemon only through its socket. The daemon, the demo
//! and the simulated Graph are declared here and started by `main`.

mod commands;
mod completion;
mod connect;
pub mod core_dumps;
mod error;
mod event_follower;
mod groups;
mod hints;
mod inventory_place;
mod key_file;
mod parse;
mod secret_input;
mod terminal;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::api_client::Client;
use commands::{
    acknowledge, backup, calendar, check_config, check_rotate, completions, config, consumers,
    deliveries, doctor, events, forecast, forget, get, import, incidents, login, mail_test, man,
    move_inventory, owners, post_test, rekey, reload, rename, restore, setup, show, status, tokens,
    ui, version,
};

#[cfg(fuzzing)]
pub use commands::import::fuzzing;
pub use commands::run::{DemoOptions, GraphSimOptions, LocalCommand};
pub use connect::Global;
pub use error::{Answer, Error, Result};
pub use groups::{GROUPS, command};
pub use terminal::output::Terminal;

/// Keeps Meta access tokens alive, and notifies the right person, early and once, when only a person can help.
#[derive(Debug, Parser)]
#[command(name = "perennial", version = version::own(), after_help = EXIT_CODES)]
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
    /// Programs of their own, such as the daemon.
    #[command(flatten)]
    LocalCommand(LocalCommand),
    /// Commands that call the daemon or read its files, and exit.
    #[command(flatten)]
    ClientCommand(ClientCommand),
    /// Commands that open the inventory themselves.
    #[command(flatten)]
    InventoryCommand(InventoryCommand),
}

/// They wait for a server without a runtime.
#[derive(Debug, Subcommand)]
pub enum InventoryCommand {
    Backup(backup::Options),
    Restore(restore::Options),
    Rekey(rekey::Options),
    MoveInventory(move_inventory::Options),
}

#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    Setup(Box<setup::Options>),
    CheckConfig(check_config::Options),
    Config(config::Options),
    Doctor(doctor::Options),
    Completions(completions::CompletionOptions),
    Man(man::Options),
    Ui(ui::Options),
    /// Email the operators that systemd has given up a unit, which MONITOR_UNIT and similar variables name
    #[command(hide = true)]
    AlertUnitFailure,
    /// Commands that only call the daemon.
    #[command(flatten)]
    DaemonCommand(DaemonCommand),
}

#[derive(Debug, Subcommand)]
pub enum DaemonCommand {
    Reload(reload::Options),
    Status(status::Options),
    Tokens(tokens::Options),
    Show(show::Options),
    Import(import::Options),
    Login(login::Options),
    Get(get::Options),
    Check(check_rotate::CheckOptions),
    Rotate(check_rotate::RotateOptions),
    Deliveries(deliveries::Options),
    InUse(consumers::InUseOptions),
    Consumers(consumers::ConsumersOptions),
    Version(version::Options),
    Rename(rename::Options),
    Owners(owners::Options),
    Forget(forget::Options),
    Calendar(calendar::Options),
    Forecast(forecast::Options),
    Incidents(incidents::Options),
    Acknowledge(acknowledge::Options),
    Events(events::Options),
    MailTest(mail_test::Options),
    PostTest(post_test::Options),
}

impl Cli {
    /// Runs the command, and returns the exit code of the process.
    pub fn start(self) -> ExitCode {
        match self.command {
            Command::LocalCommand(serve) => serve.start(&self.global),
            Command::ClientCommand(ask) => ask.start(&self.global),
            Command::InventoryCommand(command) => command.start(&self.global),
        }
    }
}

impl InventoryCommand {
    fn start(self, global: &Global) -> ExitCode {
        let mut terminal = Terminal::here();
        let outcome = self.carry_out(global, &mut terminal);
        ExitCode::from(exit_code(outcome, &mut terminal))
    }

    fn carry_out(self, global: &Global, terminal: &mut Terminal) -> Result {
        match self {
            Self::Backup(options) => backup::run(&options, global, terminal),
            Self::Restore(options) => restore::run(&options, global, terminal),
            Self::Rekey(options) => rekey::run(&options, global, terminal),
            Self::MoveInventory(options) => move_inventory::run(&options, global, terminal),
        }
    }
}

impl ClientCommand {
    fn start(self, global: &Global) -> ExitCode {
        let mut terminal = Terminal::here();
        let outcome = self.block_on(global, &mut terminal);
        ExitCode::from(exit_code(outcome, &mut terminal))
    }

    /// One thread is enough to send requests and wait. Not in `main`: the compiler compiles an async function where it
    /// is waited for, and a program of its own would be compiled after the library instead of with it.
    fn block_on(self, global: &Global, terminal: &mut Terminal) -> Result {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.carry_out(global, terminal))
    }

    async fn carry_out(self, global: &Global, terminal: &mut Terminal) -> Result {
        match self {
            Self::Setup(options) => setup::run(*options, global, terminal).await,
            Self::CheckConfig(options) => check_config::run(&options, global, terminal),
            Self::Config(options) => config::run(&options, global, terminal),
            Self::Doctor(options) => doctor::run(&options, global, terminal).await,
            Self::Completions(options) => completions::completions(&options, terminal),
            Self::Man(options) => man::run(&options, terminal),
            Self::Ui(options) => ui::run(&options, &global.client()?, terminal).await,
            Self::AlertUnitFailure => doctor::report_unit_failure(global, terminal).await,
            Self::DaemonCommand(ask) => ask.carry_out(&global.client()?, terminal).await,
        }
    }
}

impl DaemonCommand {
    async fn carry_out(self, client: &Client, terminal: &mut Terminal) -> Result {
        match self {
            Self::Reload(options) => reload::run(&options, client, terminal).await,
            Self::Status(options) => status::run(&options, client, terminal).await,
            Self::Tokens(options) => tokens::run(options, client, terminal).await,
            Self::Show(options) => show::run(&options, client, terminal).await,
            Self::Import(options) => import::run(options, client, terminal).await,
            Self::Login(options) => login::run(options, client, terminal).await,
            Self::Get(options) => get::run(&options, client, terminal).await,
            Self::Check(options) => check_rotate::check(options, client, terminal).await,
            Self::Rotate(options) => check_rotate::rotate(options, client, terminal).await,
            Self::Deliveries(options) => deliveries::run(options, client, terminal).await,
            Self::InUse(options) => consumers::in_use(options, client, terminal).await,
            Self::Consumers(options) => consumers::consumers(&options, client, terminal).await,
            Self::Version(options) => version::run(&options, client, terminal).await,
            Self::Rename(options) => rename::run(options, client, terminal).await,
            Self::Owners(options) => owners::run(options, client, terminal).await,
            Self::Forget(options) => forget::run(&options, client, terminal).await,
            Self::Calendar(options) => calendar::run(&options, client, terminal).await,
            Self::Forecast(options) => forecast::run(&options, client, terminal).await,
            Self::Incidents(options) => incidents::run(&options, client, terminal).await,
            Self::Acknowledge(options) => acknowledge::run(&options, client, terminal).await,
            Self::Events(options) => events::run(options, client, terminal).await,
            Self::MailTest(options) => mail_test::run(options, client, terminal).await,
            Self::PostTest(options) => post_test::run(options, client, terminal).await,
        }
    }
}

/// Prints the error, if there is one, and returns the exit code.
fn exit_code(outcome: Result, terminal: &mut Terminal) -> u8 {
    match outcome {
        Ok(answer) => answer.exit_code(),
        Err(error) => {
            if !error.is_broken_pipe() {
                terminal.warn(&error.to_string());
            }
            error.exit_code()
        }
    }
}
