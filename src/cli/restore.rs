//! `perennial restore FILE`: a copy takes the inventory's place, and what was there is kept.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::text::counted;
use super::{Answer, Failure, Global, Screen, keys};
use crate::config;
use crate::daemon::clock;
use crate::inventory::{Contents, Present, Restore, Settings};

/// Put a copy in the inventory's place, with the daemon stopped
///
/// A copy that is broken, newer than this version, or sealed with another key is refused, and nothing is changed. The
/// inventory that was there is kept beside it.
#[derive(Clone, Debug, Args)]
pub struct Options {
    file: PathBuf,
    /// The file of the key that opens the copy [default: as the configuration says]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(
    options: &Options,
    global: &Global,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let stores = config::stores(global.config())?;
    let key = options.key_file.as_deref().unwrap_or(&stores.key);
    let settings = Settings {
        path: stores.inventory,
        key: keys::read(key)?,
    };
    let restore = Restore::prepare(&settings, &options.file)?;
    screen.say(&described(&options.file, &restore.contents, screen))?;
    screen.say(&what_is_lost(&restore, screen))?;
    if !options.yes && !is_confirmed(screen)? {
        screen.note("Nothing was changed.");
        return Ok(Answer::No);
    }
    let path = settings.path.display().to_string();
    let kept = restore.carry_out(clock::now())?;
    screen.say(&format!("{} is now {path}.", options.file.display()))?;
    if let Some(kept) = kept {
        screen.say(&format!("What was there is kept: {}", kept.display()))?;
    }
    screen.note("Start the daemon: systemctl start perennial");
    Ok(Answer::Yes)
}

fn is_confirmed(screen: &mut Screen) -> Result<bool, Failure> {
    if !screen.is_attended() {
        let words = "Nobody is here to be asked. To go ahead without a question: perennial restore --yes FILE";
        return Err(Failure::Usage(words.to_owned()));
    }
    let answer = screen
        .ask("Put it in the inventory's place? [y/N]")
        .unwrap_or_default();
    Ok(["y", "yes"].contains(&answer.to_lowercase().as_str()))
}

fn described(file: &Path, copy: &Contents, screen: &Screen) -> String {
    let broken = match copy.unsealable {
        0 => String::new(),
        some => format!(
            " Of these, {} not open: only a new import heals that.",
            if some == 1 {
                "1 does".to_owned()
            } else {
                format!("{some} do")
            }
        ),
    };
    format!(
        "{} is sound: {}, the newest event of {}.{broken}",
        file.display(),
        counted(copy.tokens, "token"),
        moment(copy.newest_event_at, screen)
    )
}

fn what_is_lost(restore: &Restore, screen: &Screen) -> String {
    let (copy, now) = match &restore.present {
        Present::Nothing => return "There is no inventory in its place yet.".to_owned(),
        Present::Unreadable(why) => return format!("The present inventory cannot be read: {why}."),
        Present::Inventory(now) => (&restore.contents, now),
    };
    let lost = match (copy.newest_event_at, now.newest_event_at) {
        (Some(copy), Some(now)) if copy < now => {
            let span = now.duration_since(copy);
            format!("what it learned in the {} between is lost", in_words(span))
        }
        _ => "nothing that it learned since is lost".to_owned(),
    };
    format!(
        "The present inventory holds {}, the newest event of {}; {lost}. Secrets that were renewed meanwhile may have to \
         be imported anew.",
        counted(now.tokens, "token"),
        moment(now.newest_event_at, screen)
    )
}

fn moment(at: Option<Timestamp>, screen: &Screen) -> String {
    at.map_or("never".to_owned(), |at| {
        let local = at.to_zoned(screen.look.zone.clone());
        local.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    })
}

fn in_words(span: SignedDuration) -> String {
    let (minutes, hours) = (span.as_mins().max(1), span.as_hours());
    match hours {
        48.. => counted(hours.unsigned_abs() / 24, "day"),
        2..48 => counted(hours.unsigned_abs(), "hour"),
        _ => counted(minutes.unsigned_abs(), "minute"),
    }
}
