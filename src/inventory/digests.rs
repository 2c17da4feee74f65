//! Digests: what a digest reports, and which ones were written. The queries walk a few indexes, and the pages once.

use jiff::Timestamp;

use super::columns::LIVES;
use super::engine::fields;
use super::{Error, Tx, View};
use crate::model::{ComingLogin, EventId, SingleAdminPages};

/// A digest that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// When it was due. This identifies it.
    pub tick: Timestamp,
    /// The newest event when it was written.
    pub event: EventId,
}

/// The person's name, if one of the tokens has it.
const NAME: &str =
    "(SELECT n.subject_name FROM token n WHERE n.app = g.app AND n.subject = g.person
    AND n.subject_name IS NOT NULL ORDER BY n.id LIMIT 1)";

impl View<'_> {
    pub fn last_digest(&self) -> Result<Option<Digest>, Error> {
        self.db.maybe(
            "SELECT tick, event FROM digest ORDER BY tick DESC LIMIT 1",
            &[],
            fields!(Digest { tick, event }),
        )
    }

    /// People who must log in before `until`, the earliest first. Tokens that the daemon renews by itself are left out,
    /// unless they are failing or expiring.
    pub fn coming_logins(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ComingLogin>, Error> {
        let coming = format!(
            "SELECT g.app, g.person, {NAME}, g.ends_at, g.tokens,
                (SELECT count(*) FROM token p
                 WHERE p.app = g.app AND p.person = g.person AND p.kind = 'page')
             FROM (SELECT t.app, t.person, min(s.deadline) AS ends_at, count(*) AS tokens
                FROM schedule s JOIN token t ON t.id = s.token
                WHERE s.deadline > ?1 AND s.deadline <= ?2 AND {LIVES}
                    AND (t.state IN ('expiring', 'failing')
                        OR t.kind <> 'system_user' AND t.rotation_outcome IS DISTINCT FROM 'renewed')
                GROUP BY t.app, t.person) g
             ORDER BY g.ends_at, g.app, g.person"
        );
        self.db.all(
            &coming,
            &[&now, &until],
            fields!(ComingLogin {
                app,
                person,
                name,
                ends_at,
                tokens,
                pages
            }),
        )
    }

    /// People whose pages no other person reaches with a living token, most pages first. System users are left out:
    /// they have no password to change, and do not leave the company. Also returns how many such people there are.
    pub fn single_admin_pages(&self, limit: usize) -> Result<(Vec<SingleAdminPages>, u64), Error> {
        let mut people = 0;
        let single_admin_pages = format!(
            "SELECT g.app, g.person, {NAME}, g.pages, count(*) OVER () FROM (
                SELECT app, person, count(*) AS pages FROM (
                    SELECT app, page, min(person) AS person FROM (
                        SELECT app, subject AS page, person, 1 AS held FROM token
                            WHERE kind = 'page' AND state <> 'dead'
                        UNION ALL
                        SELECT u.app, d.page, u.person, 0 FROM page_admin d
                            JOIN token u ON u.id = d.token WHERE u.state <> 'dead') reached
                    GROUP BY app, page HAVING max(held) = 1 AND min(person) = max(person)) alone
                GROUP BY app, person) g
             WHERE NOT EXISTS (SELECT 1 FROM token s
                WHERE s.app = g.app AND s.person = g.person AND s.kind = 'system_user')
             ORDER BY g.pages DESC, g.app, g.person LIMIT ?1"
        );
        let first = self.db.all(&single_admin_pages, &[&limit], |row| {
            people = row.get(4)?;
            Ok(SingleAdminPages {
                app: row.get(0)?,
                person: row.get(1)?,
                name: row.get(2)?,
                pages: row.get(3)?,
            })
        })?;
        Ok((first, people))
    }
}

impl Tx<'_> {
    /// Records that the digest of this tick was written. Returns false if it was recorded before.
    pub fn record_digest(&self, tick: Timestamp, now: Timestamp) -> Result<bool, Error> {
        let recorded = self.db.changed(
            "INSERT INTO digest (tick, event, created_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (tick) DO NOTHING",
            &[&tick, &self.newest_event()?, &now],
        )?;
        Ok(recorded == 1)
    }
}
