//! Crash suspects: tokens that were being checked when the daemon crashed. They are checked one at a time afterwards,
//! so that a second crash identifies the token that causes it. That token is set aside, and the others go on.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Error, Tx, View};
use crate::model::{Event, NewEvent, TokenId};

/// In how many crashes in a row each suspect was in progress.
type Suspects = BTreeMap<TokenId, u32>;

/// What a crash shows about the tokens that were in progress.
#[derive(Debug, PartialEq, Eq)]
struct CrashDecision {
    /// The token that was in progress in more crashes in a row than any other.
    set_aside: Option<TokenId>,
    suspects: Suspects,
}

/// Decides which tokens are suspects after a crash; pure. A suspect that was not in progress counts as having one
/// crash, and is still to be checked.
fn after_crash(in_progress: &[TokenId], before: &Suspects) -> CrashDecision {
    let crashes = |id: &TokenId| before.get(id).copied().unwrap_or(0);
    let most = in_progress.iter().map(crashes).max().unwrap_or(0);
    let mut foremost = in_progress.iter().filter(|id| crashes(id) == most);
    let set_aside = match (foremost.next(), foremost.next()) {
        (Some(one), None) if most > 0 => Some(*one),
        _ => None,
    };
    let waiting = before.keys().filter(|id| !in_progress.contains(id));
    let mut suspects: Suspects = waiting.map(|id| (*id, 1)).collect();
    suspects.extend(in_progress.iter().map(|id| (*id, crashes(id) + 1)));
    if let Some(one) = &set_aside {
        suspects.remove(one);
    }
    CrashDecision {
        set_aside,
        suspects,
    }
}

impl View<'_> {
    /// Suspects that are to be checked one at a time.
    pub fn suspects(&self) -> Result<Vec<TokenId>, Error> {
        let all = "SELECT token FROM crash_suspect WHERE set_aside_at IS NULL";
        self.db.values(all, &[])
    }

    /// Names of tokens that are set aside and no longer checked. There are few, so the cross join makes SQLite begin with
    /// them and not with all tokens in the order of their names.
    pub fn set_aside(&self) -> Result<Vec<String>, Error> {
        self.db.values(
            "SELECT t.name FROM crash_suspect s CROSS JOIN token t
             WHERE t.id = s.token AND s.set_aside_at IS NOT NULL ORDER BY t.name LIMIT 10",
            &[],
        )
    }

    /// Whether the last run of a node was not marked as ended.
    fn has_crashed(&self, node: &str) -> Result<bool, Error> {
        self.db.value(
            "SELECT EXISTS (SELECT 1 FROM daemon_run
                WHERE id = (SELECT max(id) FROM daemon_run WHERE node = ?1) AND ended_at IS NULL)",
            &[&node],
        )
    }

    fn suspected(&self) -> Result<Suspects, Error> {
        let all = "SELECT token, crashes FROM crash_suspect WHERE set_aside_at IS NULL";
        self.db.all(all, &[], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

impl Tx<'_> {
    /// Call this before this start is recorded, with what the last run of the node had in hand.
    pub(super) fn suspect_after_crash(
        &self,
        node: &str,
        in_progress: &[TokenId],
        now: Timestamp,
    ) -> Result<(), Error> {
        if !self.has_crashed(node)? {
            return Ok(());
        }
        let CrashDecision {
            set_aside,
            suspects,
        } = after_crash(in_progress, &self.suspected()?);
        // A token that was in progress may have been removed since.
        for (id, crashes) in suspects {
            self.db.run(
                "INSERT INTO crash_suspect (token, crashes) SELECT id, ?2 FROM token WHERE id = ?1
                 ON CONFLICT (token) DO UPDATE SET crashes = excluded.crashes",
                &[&id, &crashes],
            )?;
        }
        set_aside.map_or(Ok(()), |id| self.put_aside(id, now))
    }

    fn put_aside(&self, id: TokenId, now: Timestamp) -> Result<(), Error> {
        let Some(token) = self.token(id)? else {
            return Ok(());
        };
        tracing::error!(
            token = token.name,
            "the daemon crashed again while it was checking this token, so the token is set aside and no longer checked \
             or renewed. To try it again: perennial check {}",
            token.name
        );
        self.db.run(
            "UPDATE crash_suspect SET set_aside_at = ?2 WHERE token = ?1",
            &[&id, &now],
        )?;
        self.db
            .run("UPDATE schedule SET due_at = NULL WHERE token = ?1", &[&id])?;
        self.record_event(&NewEvent::about(&token, Event::SetAside {}), now)
            .map(drop)
    }

    /// Clears a suspect: it was checked without a crash, or it is to be tried again.
    pub fn clear_suspicion(&self, id: TokenId) -> Result<(), Error> {
        self.db
            .run("DELETE FROM crash_suspect WHERE token = ?1", &[&id])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspects(of: &[(i64, u32)]) -> Suspects {
        of.iter().map(|(id, n)| (TokenId(*id), *n)).collect()
    }

    #[test]
    fn the_second_crash_in_a_row_names_the_token_that_was_in_hand_alone() {
        type Row<'a> = (&'a [(i64, u32)], &'a [i64], Option<i64>, &'a [(i64, u32)]);
        let table: [Row<'_>; 8] = [
            // A first crash sets nothing aside, even with a single token in progress.
            (&[], &[1, 2, 3], None, &[(1, 1), (2, 1), (3, 1)]),
            (&[], &[7], None, &[(7, 1)]),
            (&[], &[], None, &[]),
            // One of the suspects again, whatever another app had in progress.
            (&[(1, 1), (2, 1), (3, 1)], &[2], Some(2), &[(1, 1), (3, 1)]),
            (
                &[(1, 1), (2, 1)],
                &[2, 8, 9],
                Some(2),
                &[(1, 1), (8, 1), (9, 1)],
            ),
            // Two apps were checking one suspect each: the next crash tells them apart.
            (&[(1, 1), (2, 1)], &[1, 2], None, &[(1, 2), (2, 2)]),
            (&[(1, 2), (2, 2)], &[2], Some(2), &[(1, 1)]),
            // Nothing was in progress, so no token caused the crash.
            (&[(1, 1)], &[], None, &[(1, 1)]),
        ];
        for (before, in_progress, set_aside, after) in table {
            let in_progress: Vec<TokenId> = in_progress.iter().map(|id| TokenId(*id)).collect();
            let expected = CrashDecision {
                set_aside: set_aside.map(TokenId),
                suspects: suspects(after),
            };
            assert_eq!(
                after_crash(&in_progress, &suspects(before)),
                expected,
                "{before:?} {in_progress:?}"
            );
        }
    }
}
