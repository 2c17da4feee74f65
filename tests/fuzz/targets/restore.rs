//! A file for `perennial restore`: what differs from a sound copy, as a position, a number of bytes and these bytes; or,
//! after a `!`, the whole file. Rules: a file that is refused changes nothing and leaves nothing behind; one that is
//! accepted becomes an inventory that opens.

#![no_main]

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use perennial::inventory::{Error, Filter, Inventory, Restore, Settings};
use perennial_fuzz::inventory::{FILE, folder, key, key_text, names};
use perennial_fuzz::world::{NOW, run};

fuzz_target!(|input: &[u8]| {
    let folder = folder();
    let copy = folder.path().join("copy.db");
    fs::write(&copy, copy_of(input)).expect("a file");
    let place = folder.path().join("place");
    fs::create_dir(&place).expect("a folder");
    let path = place.join("inventory.db");
    match Restore::prepare(&path, &key(), &copy) {
        Ok(restore) => assert_opens(restore, &path),
        Err(error) => {
            let text = format!("{error} {error:?}");
            assert!(!text.contains(key_text()), "{text}");
            let left = names(&place);
            let is_lock = |name: &Path| name.to_string_lossy().ends_with("lock");
            assert!(left.iter().all(|name| is_lock(name)), "{left:?}");
        }
    }
});

/// A change is four bytes for the position, one for the number of bytes, and these bytes.
fn copy_of(input: &[u8]) -> Vec<u8> {
    if let Some(whole) = input.strip_prefix(b"!") {
        return whole.to_vec();
    }
    let mut file = FILE.clone();
    let mut rest = input;
    while let Some((head, after)) = rest.split_first_chunk::<5>() {
        let [a, b, c, d, length] = *head;
        let at = u32::from_le_bytes([a, b, c, d]) as usize % file.len();
        let (bytes, after) = after.split_at(after.len().min(length.into()));
        for (offset, byte) in bytes.iter().enumerate() {
            if let Some(place) = file.get_mut(at + offset) {
                *place = *byte;
            }
        }
        // A change without bytes ends the file there.
        if length == 0 {
            file.truncate(at.max(1));
        }
        rest = after;
    }
    file
}

fn assert_opens(restore: Restore, path: &Path) {
    let tokens = restore.contents.tokens;
    let now = Timestamp::from_second(NOW).expect("a time");
    let kept = restore.carry_out(now);
    assert!(matches!(kept, Ok(None)), "{kept:?}");
    let opened = Inventory::open(&Settings::of_file(path, key()));
    let inventory = match opened {
        Ok(inventory) => inventory,
        Err(error) => panic!("a copy that was accepted does not open: {error}"),
    };
    let page = run(inventory.read(move |view| view.tokens(&Filter::default(), 1000)));
    match page {
        // Those that cannot be read are left out.
        Ok(page) => assert!(page.tokens.len() as u64 <= tokens),
        Err(Error::Closed) => panic!("a reading ended with a panic"),
        Err(_) => {}
    }
}
