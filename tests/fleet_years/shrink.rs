//! Finds the faults without which a year still breaks its rule, in a bounded number of tries.

use super::year::Result;

const TRIES: usize = 40;

/// Removes larger parts first, then smaller ones, as long as it still fails. Returns the numbers that can be left out.
pub(super) fn shrink(count: usize, fails: impl Fn(&[usize]) -> Result<bool>) -> Result<Vec<usize>> {
    let (mut without, mut part, mut tries) = (Vec::new(), count / 2, 0);
    while part > 0 && tries < TRIES {
        let left: Vec<usize> = (0..count).filter(|number| !without.contains(number)).collect();
        for some in left.chunks(part) {
            let more: Vec<usize> = without.iter().chain(some).copied().collect();
            tries += 1;
            if fails(&more)? {
                without = more;
            }
            if tries >= TRIES {
                break;
            }
        }
        part /= 2;
    }
    without.sort_unstable();
    Ok(without)
}
