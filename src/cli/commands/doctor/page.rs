//! How the findings are shown: a line for each, in groups, or as JSON.

use serde_json::{Value, json};

use crate::api::types::StatusReport;
use crate::cli::commands::status;
use crate::cli::terminal::output::{Glyphs, Medium, TerminalFormat};
use crate::cli::terminal::style;
use crate::cli::terminal::text::{counted, plain, wrapped};
use crate::cli::{Result, Terminal};
use crate::doctor::{Check, Finding, Group, Outcome};

/// The column where the text begins.
const INDENT: usize = 21;
const NARROWEST: usize = 40;

pub(super) fn json(findings: &[Finding], report: Option<&StatusReport>) -> Value {
    let check = |it: &Finding| {
        json!({
            "group": it.check.group().name(),
            "check": it.check.name(),
            "result": it.outcome.name(),
            "says": it.says,
            "to_do": it.to_do,
        })
    };
    json!({
        "checks": findings.iter().map(check).collect::<Vec<_>>(),
        "nodes": report.map(|report| &report.nodes[..]).unwrap_or_default(),
    })
}

pub(super) fn print(
    findings: &[Finding],
    report: Option<&StatusReport>,
    terminal: &mut Terminal,
) -> Result<()> {
    let format = &terminal.format;
    let groups = findings.chunk_by(|one, other| one.check.group() == other.check.group());
    let mut parts: Vec<String> = groups.map(|group| section(group, format)).collect();
    if let Some(report) = report.filter(|report| report.nodes.len() > 1) {
        parts.push(status::nodes(&report.nodes, report.now, format));
    }
    parts.push(sum(findings));
    terminal.print(&parts.join("\n"))
}

fn section(findings: &[Finding], format: &TerminalFormat) -> String {
    let title = findings.first().map(|first| title(first.check.group()));
    let mut section = style::paint(title.unwrap_or_default(), style::BOLD) + "\n";
    for finding in findings {
        section.push_str(&lines(finding, format));
    }
    section
}

fn lines(finding: &Finding, format: &TerminalFormat) -> String {
    let width = match format.medium {
        Medium::Terminal { width } => width.saturating_sub(INDENT).max(NARROWEST),
        Medium::Pipe => usize::MAX,
    };
    let (mark, color) = mark(finding.outcome, format.glyphs);
    let head = format!(
        "  {} {:<17}",
        style::paint(mark, color),
        label(finding.check)
    );
    let gap = format!("\n{}", " ".repeat(INDENT));
    let text = |text: &str| wrapped(&plain(text), width).join(&gap);
    let not_checked = match finding.outcome {
        Outcome::NotChecked => "not checked: ",
        Outcome::Good | Outcome::Warning | Outcome::Problem => "",
    };
    let says = text(&format!("{not_checked}{}", finding.says));
    let to_do = finding.to_do.as_deref();
    let to_do = to_do.map(|to_do| format!("{gap}{}", text(to_do)));
    format!("{head}{says}{}\n", to_do.unwrap_or_default())
}

const fn mark(outcome: Outcome, glyphs: Glyphs) -> (&'static str, anstyle::Style) {
    let (unicode, ascii, color) = match outcome {
        Outcome::Good => ("✓", "+", style::GOOD),
        Outcome::Warning => ("!", "!", style::WARNING),
        Outcome::Problem => ("✗", "x", style::BAD),
        Outcome::NotChecked => ("–", "-", style::FAINT),
    };
    match glyphs {
        Glyphs::Unicode => (unicode, color),
        Glyphs::Ascii => (ascii, color),
    }
}

fn sum(findings: &[Finding]) -> String {
    let count = |outcome| findings.iter().filter(|it| it.outcome == outcome).count() as u64;
    let problems = count(Outcome::Problem);
    let warnings = count(Outcome::Warning);
    let result = match (problems, warnings) {
        (0, 0) => "No problems.".to_owned(),
        (0, _) => format!("No problems, {}.", counted(warnings, "warning")),
        (_, 0) => format!("{}.", counted(problems, "problem")),
        _ => format!(
            "{}, {}.",
            counted(problems, "problem"),
            counted(warnings, "warning")
        ),
    };
    match count(Outcome::NotChecked) {
        0 => result,
        some => format!("{result} Not checked: {some}."),
    }
}

const fn title(group: Group) -> &'static str {
    match group {
        Group::Machine => "This machine",
        Group::Inventory => "Inventory",
        Group::Daemon => "Daemon",
        Group::Meta => "Meta",
        Group::People => "People",
        Group::Consumers => "Programs that use tokens",
    }
}

const fn label(check: Check) -> &'static str {
    match check {
        Check::Configuration => "configuration",
        Check::Credentials => "credentials",
        Check::Clock => "clock",
        Check::Disk => "disk",
        Check::Key => "key",
        Check::Backup => "backup",
        Check::Daemon => "daemon",
        Check::Nodes => "nodes",
        Check::Incidents => "incidents",
        Check::App => "app secret",
        Check::Versions => "Graph version",
        Check::PublicAddress => "public address",
        Check::Email => "email",
        Check::Consumers => "consumers",
    }
}
