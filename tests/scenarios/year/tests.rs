//! A small fleet for a year, and a few weeks in which a rule is broken; `tests/year` runs it with a large fleet.

use super::*;

fn options(days: i64, sabotage: Sabotage) -> Options {
    Options {
        tokens: 120,
        days,
        seed: 1,
        step: SignedDuration::from_hours(4),
        sabotage,
        alone: false,
        without: Vec::new(),
    }
}

#[tokio::test]
async fn a_year_is_reported_as_it_happened() -> Result {
    let counts = live(options(365, Sabotage::Nothing)).await?;
    println!("{counts}");
    assert!(counts.is_good(), "{counts}");
    assert!(
        counts.deaths > 50 && counts.emails > 50 && counts.ends > 0 && counts.foreseen > 0,
        "{counts}"
    );
    Ok(())
}

#[tokio::test]
async fn a_rule_that_is_broken_in_the_year_is_noticed() -> Result {
    for sabotage in [Sabotage::Silence, Sabotage::Neglect, Sabotage::FalseAlarm] {
        let counts = live(options(30, sabotage)).await?;
        assert!(!counts.is_good(), "{sabotage:?}\n{counts}");
    }
    Ok(())
}
