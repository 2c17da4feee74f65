//! Consumers that have not confirmed the newest version of a token, and deliveries that failed.

use crate::api::types::TokenQuery;
use crate::doctor::{Check, Finding, Subject};

const CHECK: Check = Check::Consumers;

/// More names do not fit on a line.
const NAMED: usize = 5;

pub(in crate::doctor) async fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(report) = subject.daemon.report() else {
        return vec![Finding::not_checked(CHECK, "the daemon does not say")];
    };
    let mut found = Vec::from_iter(failed(report.deliveries.failed));
    found.extend(lagging(subject).await);
    if found.is_empty() {
        found.push(Finding::good(
            CHECK,
            "all have the newest version of their tokens",
        ));
    }
    found
}

fn failed(count: u64) -> Option<Finding> {
    let says = format!("{count} deliveries failed");
    let to_do = "See which, and try again: perennial deliveries";
    (count > 0).then(|| Finding::problem(CHECK, says, to_do))
}

async fn lagging(subject: &Subject<'_>) -> Option<Finding> {
    let query = TokenQuery {
        behind: true,
        limit: Some(NAMED + 1),
        ..TokenQuery::default()
    };
    match subject.client.tokens(&query).await {
        Ok(list) => {
            let names: Vec<String> = list.tokens.into_iter().map(|token| token.name).collect();
            behind(&names)
        }
        Err(error) => Some(Finding::not_checked(CHECK, error.to_string())),
    }
}

fn behind(names: &[String]) -> Option<Finding> {
    let shown = &names[..names.len().min(NAMED)];
    let more = if names.len() > shown.len() {
        " and more"
    } else {
        ""
    };
    (!names.is_empty()).then(|| {
        Finding::warning(
            CHECK,
            format!(
                "some still use an older version of {}{more}",
                shown.join(", ")
            ),
            "See who: perennial tokens --behind; perennial consumers NAME",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_tokens_are_named() {
        let names: Vec<String> = (1..=6).map(|number| format!("acme-{number}")).collect();
        assert_eq!(behind(&[]), None);
        let one = behind(&names[..1]).unwrap().says;
        assert_eq!(one, "some still use an older version of acme-1");
        let many = behind(&names).unwrap().says;
        assert!(many.ends_with("acme-5 and more"), "{many}");
    }
}
