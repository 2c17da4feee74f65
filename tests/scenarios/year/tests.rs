//! A small fleet for a year, and some weeks in which each rule is broken on purpose; `tests/fleet_years` lives a thousand
//! years of many fleets.

use clap::ValueEnum;

use super::*;

fn options(days: i64, sabotage: Option<Sabotage>) -> Options {
    Options {
        tokens: 30,
        days,
        until: None,
        seed: 1,
        step: SignedDuration::from_hours(8),
        calls_per_hour: Some(match sabotage {
            Some(Sabotage::Overspend) => 3,
            _ => 100,
        }),
        sabotage,
        alone: false,
        without: Vec::new(),
        folder: std::env::temp_dir(),
    }
}

#[tokio::test]
async fn a_year_is_reported_as_it_happened() -> Result {
    let counts = live(options(365, None)).await?;
    println!("{counts}");
    assert!(counts.breaches.is_empty(), "{counts}");
    assert!(
        counts.deaths > 20 && counts.emails > 50 && counts.ends > 0 && counts.foreseen > 0,
        "{counts}"
    );
    Ok(())
}

#[tokio::test]
async fn each_rule_that_is_broken_in_the_year_is_noticed() -> Result {
    let honest = live(options(SEASON, None)).await?;
    assert!(honest.breaches.is_empty(), "{honest}");
    let mut broken = BTreeSet::new();
    for sabotage in Sabotage::value_variants() {
        let days = match sabotage {
            // In a calm season, people do not log in before a clock ends.
            Sabotage::Mislead => 365,
            _ => SEASON,
        };
        let options = Options {
            until: Some(SEASON),
            ..options(days, Some(*sabotage))
        };
        let counts = live(options).await?;
        let rule = sabotage.breaks();
        assert!(
            counts.breaches.of(rule) > 0,
            "{sabotage:?} does not break {rule:?}\n{counts}"
        );
        broken.insert(rule);
    }
    assert_eq!(broken.len(), RULES.len(), "no sabotage breaks some rule");
    Ok(())
}

/// Long enough that a clock ends that a forecast named.
const SEASON: i64 = 75;

#[tokio::test]
async fn a_year_of_one_seed_has_the_same_events_each_time() -> Result {
    let (one, other) = (
        live(options(60, None)).await?,
        live(options(60, None)).await?,
    );
    assert_eq!(one, other);
    assert_eq!(one.log.len(), 64);
    Ok(())
}
