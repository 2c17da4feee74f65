//! A forecast decides as the daemon does, and can do nothing: no code that it reaches knows a network or a database.

use super::circles::Files;
use super::{Result, sources, stands};

const ACTING: &[&str] = &[
    "axum",
    "futures_util",
    "hyper",
    "hyper_util",
    "lettre",
    "reqwest",
    "rusqlite",
    "rustls",
    "tokio",
    "tokio_postgres",
    "tokio_rustls",
];

#[test]
fn a_forecast_reaches_no_code_that_acts() -> Result {
    let reached = Files::new(sources()?).reached_from("forecast");
    let offences: Vec<String> = reached
        .iter()
        .flat_map(|(file, outside)| {
            let acting = ACTING.iter().filter(|name| outside.contains(*name));
            acting.map(move |name| format!("{file} uses {name}"))
        })
        .collect();
    stands(
        "A forecast reaches these files. Move what it needs of them to a file that only decides:",
        &offences,
    );
    // It does reach the policies, so the list above is not empty for want of looking.
    for policy in ["rotation/policy/learn.rs", "alerts/policy/timing.rs"] {
        assert!(
            reached.contains_key(policy),
            "{policy} is not reached: {reached:?}"
        );
    }
    Ok(())
}
