//! The file of the results: a line for each year, with its seed, the commit on which it was lived, and what it came to.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use serde_json::Value;

use super::year::Result;

pub(super) struct Results {
    file: File,
    /// The seeds of the years that the file has already, on whichever commit they were lived.
    pub(super) lived: HashSet<u64>,
}

impl Results {
    /// Goes on where the file ends, also if a run broke off in the middle of a line.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = match path.exists() {
            true => fs::read_to_string(path)?,
            false => String::new(),
        };
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        Ok(Self {
            file,
            lived: years_in(&text).into_keys().collect(),
        })
    }

    pub(super) fn append(&mut self, year: &Value) -> std::io::Result<()> {
        self.file.write_all(format!("{year}\n").as_bytes())
    }
}

/// The years of these seeds, in their order.
pub(super) fn read(path: &Path, seeds: Range<u64>) -> Result<Vec<Value>> {
    let years = years_in(&fs::read_to_string(path)?).into_iter();
    let wanted = years.filter(|(seed, _)| seeds.contains(seed));
    Ok(wanted.map(|(_, year)| year).collect())
}

/// What is no whole line is passed over, so its year is lived again. Of a seed that is there twice, the last line counts.
fn years_in(text: &str) -> BTreeMap<u64, Value> {
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines
        .filter_map(|year: Value| Some((year["seed"].as_u64()?, year)))
        .collect()
}
