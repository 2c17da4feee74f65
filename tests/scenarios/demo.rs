//! The demo is computed, not scripted: it says so when a rule is broken.

use perennial::demo::{Options, Sabotage, Season};

use crate::world::Result;

#[tokio::test]
async fn a_season_ends_well_for_every_seed() -> Result {
    for seed in 1..=3 {
        let mut told = Vec::new();
        let season = Season::live(
            Options {
                days: 75,
                seed,
                sabotage: Sabotage::Nothing,
            },
            &mut told,
        )
        .await?;
        season.verdict.print(&mut told)?;
        assert!(
            season.verdict.is_good(),
            "seed {seed}\n{}",
            String::from_utf8(told)?
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_broken_rule_is_noticed() -> Result {
    for sabotage in [Sabotage::Silence, Sabotage::Neglect] {
        let mut told = Vec::new();
        let season = Season::live(
            Options {
                days: 75,
                seed: 1,
                sabotage,
            },
            &mut told,
        )
        .await?;
        assert!(!season.verdict.is_good(), "{sabotage:?}");
    }
    Ok(())
}
