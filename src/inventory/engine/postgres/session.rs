//! What a new session is told, and what it is asked: whether this is PostgreSQL at all, and whether it will do.

use super::fault::Fault;
use super::link::Link;
use super::server_error::ServerError;
use super::{CALL, IDLE_TRANSACTION, LOCK, STATEMENT};

/// PostgreSQL 14, as `server_version_num` has it.
const OLDEST: u32 = 140_000;

/// Others that speak its protocol, by a part of what they call themselves.
const OTHERS: [&str; 6] = [
    "CockroachDB",
    "-YB-",
    "Yugabyte",
    "Redshift",
    "Greenplum",
    "QuestDB",
];

pub(super) fn set_up(link: &Link, server: &str) -> Result<(), ServerError> {
    let unreachable = |fault: Fault| ServerError::Unreachable {
        server: server.to_owned(),
        reason: fault.to_string(),
    };
    let version = link.word("SELECT version()").map_err(unreachable)?;
    check_name(&version.unwrap_or_default(), server)?;
    let answer = link.words(&settings()).map_err(unreachable)?;
    let [number, schema] = answer
        .into_iter()
        .next_back()
        .and_then(|row| <[_; 2]>::try_from(row).ok())
        .unwrap_or_default();
    let number = number.and_then(|number| number.parse().ok());
    if number.is_none_or(|number: u32| number < OLDEST) {
        return Err(ServerError::TooOld {
            server: server.to_owned(),
            version: shown_version(number),
        });
    }
    if schema.is_none() {
        return Err(ServerError::NoSchema {
            server: server.to_owned(),
        });
    }
    Ok(())
}

fn check_name(version: &str, server: &str) -> Result<(), ServerError> {
    let is_other = OTHERS.iter().any(|other| version.contains(other));
    if version.starts_with("PostgreSQL ") && !is_other {
        return Ok(());
    }
    Err(ServerError::NotPostgres {
        server: server.to_owned(),
        version: version.chars().take(60).collect(),
    })
}

fn shown_version(number: Option<u32>) -> String {
    number.map_or_else(
        || "of an unknown version".to_owned(),
        |number| (number / 10_000).to_string(),
    )
}

/// Time-outs of the server's own, so that a statement ends there as well, and a transaction does not keep its locks after
/// this process has gone or was stopped. Read committed, and durable commits, whatever the server's defaults are. And one
/// plan for each statement: every statement is written for an index, whereas a plan for the values of a moment reads the
/// whole table for a few hundred rows.
fn settings() -> String {
    let settings = [
        ("statement_timeout", STATEMENT),
        ("lock_timeout", LOCK),
        ("idle_in_transaction_session_timeout", IDLE_TRANSACTION),
        ("tcp_user_timeout", CALL),
    ];
    let settings: String = settings
        .iter()
        .map(|(name, limit)| format!("SET {name} = {};", limit.as_millis()))
        .collect();
    format!(
        "{settings}
         SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3;
         SET default_transaction_isolation = 'read committed';
         SET plan_cache_mode = force_generic_plan; SET jit = off;
         SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
         SELECT current_setting('server_version_num'), current_schema()"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_speaks_the_protocol_is_refused() {
        for (version, is_refused) in [
            (
                "PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu",
                false,
            ),
            (
                "PostgreSQL 16.4 on aarch64-unknown-linux-gnu, compiled by clang",
                false,
            ),
            (
                "CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu, built 2023/09/27)",
                true,
            ),
            (
                "PostgreSQL 11.2-YB-2.18.0.0-b0 on x86_64-pc-linux-gnu",
                true,
            ),
            (
                "PostgreSQL 8.0.2 on i686-pc-linux-gnu, Redshift 1.0.12103",
                true,
            ),
            ("", true),
        ] {
            assert_eq!(check_name(version, "db").is_err(), is_refused, "{version}");
        }
    }
}
