//! The result of the demo is computed, not scripted: it fails when a rule is broken.

use perennial::demo::{DemoRun, Options, Sabotage};

use crate::world::Result;

async fn live(days: u16, seed: u64, sabotage: Sabotage) -> Result<(bool, String)> {
    let mut told = Vec::new();
    let options = Options {
        days,
        seed,
        sabotage,
    };
    let season = DemoRun::live(options, &mut told).await?;
    season.closing_table.print(&mut told)?;
    Ok((season.closing_table.is_good(), String::from_utf8(told)?))
}

#[tokio::test]
async fn a_season_ends_well() -> Result {
    let (good, told) = live(75, 1, Sabotage::Nothing).await?;
    assert!(good, "{told}");
    Ok(())
}

/// The same two weeks: they pass when nothing is broken, and fail when no email is sent or no token is checked.
#[tokio::test]
async fn a_broken_rule_is_noticed() -> Result {
    for (sabotage, expected) in [
        (Sabotage::Nothing, true),
        (Sabotage::Silence, false),
        (Sabotage::Neglect, false),
    ] {
        let (good, told) = live(16, 1, sabotage).await?;
        assert_eq!(good, expected, "{sabotage:?}\n{told}");
    }
    Ok(())
}
