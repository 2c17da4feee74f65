//! A small fleet for a year, and some weeks in which three of the rules are broken on purpose; `tests/fleet_years` lives a
//! thousand years of many fleets, and breaks every rule.

use clap::ValueEnum;

use super::*;

#[tokio::test]
async fn a_year_is_reported_as_it_happened() -> Result {
    let counts = live(Options {
        days: 365,
        until: None,
        ..season(None)
    })
    .await?;
    println!("{counts}");
    assert!(counts.breaches.is_empty(), "{counts}");
    assert!(
        counts.deaths > 20 && counts.emails > 50 && counts.ends > 0 && counts.foreseen > 0,
        "{counts}"
    );
    Ok(())
}

#[test]
fn each_rule_is_broken_by_a_sabotage() {
    let sabotages = Sabotage::value_variants();
    for (rule, name, _) in RULES {
        let is_broken = sabotages.iter().any(|sabotage| sabotage.breaks() == rule);
        assert!(is_broken, "{name}");
    }
}

/// Those that are noticed soonest.
const QUICK: [Sabotage; 3] = [
    Sabotage::LoseToken,
    Sabotage::DoubleIncident,
    Sabotage::Forge,
];

#[tokio::test]
async fn a_rule_that_is_broken_in_the_year_is_noticed() -> Result {
    for sabotage in QUICK {
        let counts = live(season(Some(sabotage))).await?;
        let rule = sabotage.breaks();
        assert!(
            counts.breaches.of(rule) > 0,
            "{sabotage:?} does not break {rule:?}\n{counts}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_year_of_one_seed_has_the_same_events_each_time() -> Result {
    let sixty_days = || Options {
        days: 60,
        until: None,
        ..season(None)
    };
    let (one, other) = (live(sixty_days()).await?, live(sixty_days()).await?);
    assert_eq!(one, other);
    assert_eq!(one.log.len(), 64);
    Ok(())
}
