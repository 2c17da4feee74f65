//! Breaks each rule on purpose, and says which rule noticed it.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::ValueEnum;
use serde_json::Value;

use super::worker::{Wanted, live, name_of};
use super::year::{Result, Sabotage};

/// Lives a season without a sabotage, in which no rule may be broken, and one with each of them.
pub(super) fn run(jobs: usize) -> Result<ExitCode> {
    let sabotages = Sabotage::value_variants().iter().copied().map(Some);
    let seasons: Vec<Option<Sabotage>> = [None].into_iter().chain(sabotages).collect();
    let next = AtomicUsize::new(0);
    let work = &|job: usize| -> std::result::Result<bool, String> {
        let mut all_noticed = true;
        while let Some(sabotage) = seasons.get(next.fetch_add(1, Ordering::Relaxed)) {
            let season =
                live(&Wanted::Season(*sabotage), job).map_err(|error| error.to_string())?;
            let (is_as_wanted, line) = verdict(*sabotage, &season);
            println!("{line}");
            all_noticed &= is_as_wanted;
        }
        Ok(all_noticed)
    };
    let all_noticed = thread::scope(|scope| {
        let spawn = |job| scope.spawn(move || work(job));
        let workers: Vec<_> = (0..jobs).map(spawn).collect();
        let mut all_noticed = true;
        for worker in workers {
            all_noticed &= worker.join().map_err(|_| "a worker panicked")??;
        }
        Ok::<bool, Box<dyn std::error::Error>>(all_noticed)
    })?;
    Ok(match all_noticed {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Whether the rules noticed what they should have, and a line about it.
fn verdict(sabotage: Option<Sabotage>, season: &Value) -> (bool, String) {
    let Some(sabotage) = sabotage else {
        let breaches = season["breaches"].as_object();
        let is_honest = breaches.is_some_and(|breaches| breaches.is_empty());
        let words = match is_honest {
            true => "every rule held".to_owned(),
            false => format!("BROKEN: {}", season["breaches"]),
        };
        return (is_honest, format!("no sabotage: {words}"));
    };
    let (name, rule) = (name_of(sabotage), sabotage.breaks().name());
    let first = season["breaches"][rule]["first"].as_str();
    let line = match first {
        Some(first) => format!("{name}: {rule} noticed it at {first}"),
        None => format!("{name}: NOT NOTICED by {rule}: {}", season["breaches"]),
    };
    (first.is_some(), line)
}
