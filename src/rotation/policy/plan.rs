//! Decides in which order the due tokens of an app are checked.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Due, TokenId};

/// A token that expires within this time is checked before those that do not.
const URGENT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The due tokens in the order of their checks, at most `limit` of them. If all can be checked, those that expire soon
/// come first, and neighbours in the inventory stay together. If not, those with the earliest deadlines are taken, and a
/// quarter that have waited longest, so that a small budget starves none.
pub fn plan(mut due: Vec<Due>, limit: usize, now: Timestamp) -> Vec<TokenId> {
    if due.len() > limit {
        due = scarce(due, limit);
    }
    let horizon = now.checked_add(URGENT).unwrap_or(Timestamp::MAX);
    due.sort_unstable_by_key(|due| {
        let urgent = due.deadline.filter(|deadline| *deadline <= horizon);
        (urgent.is_none(), urgent, due.token)
    });
    due.into_iter().map(|due| due.token).collect()
}

fn scarce(mut due: Vec<Due>, limit: usize) -> Vec<Due> {
    due.sort_unstable_by_key(|due| (due.deadline.is_none(), due.deadline, due.token));
    let mut waiting = due.split_off(limit - limit / 4);
    waiting.sort_unstable_by_key(|due| (due.due_at, due.token));
    waiting.truncate(limit / 4);
    due.append(&mut waiting);
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn due(token: i64, due_at: i64, deadline: Option<i64>) -> Due {
        Due {
            token: TokenId(token),
            due_at: at(due_at),
            deadline: deadline.map(at),
        }
    }

    fn planned(due: &[Due], limit: usize) -> Vec<i64> {
        let plan = plan(due.to_vec(), limit, at(1_000));
        plan.into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn what_expires_soon_comes_first_and_the_rest_as_it_is_stored() {
        let day = 86_400;
        let far = 1_000 + 8 * day;
        let fleet = [
            due(9, 1, None),
            due(3, 5, Some(far)),
            due(7, 9, Some(5_000)),
            due(8, 9, Some(4_000)),
            due(1, 9, Some(far - 1)),
            due(6, 9, Some(1_000 + 7 * day)),
            due(2, 9, Some(1_001 + 7 * day)),
        ];
        assert_eq!(planned(&fleet, 7), [8, 7, 6, 1, 2, 3, 9]);
    }

    #[test]
    fn a_small_budget_takes_the_earliest_deadlines_and_a_quarter_that_waited_longest() {
        let waited = (0..10).map(|n| due(n, 10 - n, None));
        let ending = (10..100).map(|n| due(n, 500, Some(100_000 - n)));
        let fleet: Vec<Due> = waited.chain(ending).collect();
        let mut taken = planned(&fleet, 20);
        taken.sort_unstable();
        let expected: Vec<i64> = (5..10).chain(85..100).collect();
        assert_eq!(taken, expected);
        assert_eq!(planned(&fleet, 0), [0_i64; 0]);
        assert_eq!(planned(&fleet, 3).len(), 3);
    }
}
