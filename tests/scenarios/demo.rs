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
    let failures = told
        .lines()
        .filter(|line| line.contains("the app is failing"));
    assert_eq!(
        failures.count(),
        4,
        "three apps in an outage, and one throttled\n{told}"
    );
    assert_renewed_alone(&told)
}

/// One of each kind that a program can renew, on each of Meta's platforms. None of them needs a person.
fn assert_renewed_alone(told: &str) -> Result {
    let alone = told
        .lines()
        .find_map(|line| line.strip_prefix("Renewed by Perennial alone: "))
        .ok_or_else(|| format!("nothing was renewed\n{told}"))?;
    for name in [
        "acme-omar",
        "acme-robot-reports",
        "acme-whatsapp",
        "acme-instagram-cafe",
        "acme-threads-cafe",
    ] {
        assert!(alone.contains(&format!("{name} (")), "{name}\n{told}");
        let renewed = format!("{name}: ");
        let lines = told.lines().filter(|line| line.contains(&renewed));
        let is_renewal = |line: &&str| line.contains("renewed: it now expires later");
        let (renewals, others): (Vec<_>, Vec<_>) = lines.partition(is_renewal);
        assert!(!renewals.is_empty() && others.is_empty(), "{name}\n{told}");
    }
    Ok(())
}

/// A token that every renewal would renew counts as missed if a person has to log in for it.
#[tokio::test]
async fn a_refused_renewal_is_noticed() -> Result {
    let (good, told) = live(45, 1, Sabotage::RefusedRenewals).await?;
    assert!(!good, "{told}");
    assert!(!told.contains("acme-threads-cafe ("), "{told}");
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
