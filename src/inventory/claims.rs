//! Claims: the tokens that sweeps have in hand, one row for many. No two sweeps check the same token, and after a crash
//! the claims name the tokens that may have caused it.

use std::collections::HashSet;

use jiff::Timestamp;

use super::cells::Bearer;
use super::columns::{self, FROM_TOKEN, TOKEN, TOKEN_COLUMNS};
use super::engine::{Json, Numbers, Row, Texts};
use super::{Error, Tx, View, subscriptions};
use crate::model::{Claimed, KnownAnswer, KnownToken, TokenId};

/// Names the row of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimId(pub(super) i64);

/// What a sweep has in hand.
#[derive(Debug)]
pub struct Claim {
    pub id: ClaimId,
    /// Those of which only the known answer has to be compared.
    pub known: Vec<KnownToken>,
    pub tokens: Vec<Claimed>,
}

/// In seconds. No answer stays known for longer; a later end came from a wrong clock.
const LONGEST_KNOWN: i64 = 31 * 86_400;

/// In seconds. A claim that ends this much later than one that begins now came from a wrong clock.
const CLOCK_TOLERANCE: i64 = 300;

/// The claims of the apps that a node holds.
const OF_NODE: &str = "FROM claim c JOIN duty d ON d.name = 'app:' || c.app
    JOIN node n ON n.id = d.holder WHERE n.name = ?1";

fn tokens_of(claims: Vec<Json<Vec<i64>>>) -> Vec<TokenId> {
    let ids = claims.into_iter().flat_map(|Json(tokens)| tokens);
    let mut tokens: Vec<TokenId> = ids.map(TokenId).collect();
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

fn numbers(ids: &[TokenId]) -> Numbers {
    Numbers(ids.iter().map(|id| id.0).collect())
}

impl View<'_> {
    /// The tokens of all claims.
    pub(super) fn claimed_tokens(&self) -> Result<Vec<TokenId>, Error> {
        let claims = self.db.values("SELECT tokens FROM claim", &[])?;
        Ok(tokens_of(claims))
    }

    /// The tokens that an earlier run of a node had in hand, in the apps that no other node has taken over since.
    pub(super) fn claimed_by_node(&self, node: &str) -> Result<Vec<TokenId>, Error> {
        let claims = format!("SELECT c.tokens {OF_NODE}");
        let claims = self.db.values(&claims, &[&node])?;
        Ok(tokens_of(claims))
    }

    pub fn claims_of_app(&self, app: &str) -> Result<Vec<ClaimId>, Error> {
        let ids: Vec<i64> = self
            .db
            .values("SELECT id FROM claim WHERE app = ?1", &[&app])?;
        Ok(ids.into_iter().map(ClaimId).collect())
    }

    /// Those of the tokens that are due and can be read, as they are now, without their orders and candidates.
    pub fn due_tokens(&self, ids: &[TokenId], now: Timestamp) -> Result<Vec<Claimed>, Error> {
        let read = format!(
            "SELECT {TOKEN}, v.secret, t.rotation_tried_at, w.state, w.missing, w.checked_at,
                v.ends_at {FROM_TOKEN}
             JOIN version v ON v.token = t.id AND v.number = t.version
             LEFT JOIN webhook_subscription w ON w.token = t.id
             WHERE t.id IN (SELECT value FROM json_each(?1)) AND s.due_at <= ?2 ORDER BY t.id"
        );
        self.db
            .readable(&read, &[&numbers(ids), &now], |row| self.claimed(row))
    }

    /// Those of the tokens that are due and healthy and whose last answer is known.
    fn known_tokens(&self, ids: &[TokenId], now: Timestamp) -> Result<Vec<KnownToken>, Error> {
        self.db.readable(
            "SELECT t.id, t.app, t.name, t.version, v.secret, s.due_at, s.known_answer, s.known_until
             FROM schedule s CROSS JOIN token t CROSS JOIN version v
             WHERE t.id = s.token AND v.token = t.id AND v.number = t.version
                AND s.token IN (SELECT value FROM json_each(?1)) AND s.due_at <= ?2 AND t.state = 'healthy'
                AND s.known_answer IS NOT NULL AND s.known_until > ?2 AND s.known_until <= ?2 + ?3 ORDER BY s.token",
            &[&numbers(ids), &now, &LONGEST_KNOWN],
            |row| self.known_token(row),
        )
    }

    fn known_token(&self, row: &Row<'_>) -> Result<KnownToken, Error> {
        let (app, name): (String, String) = (row.get(1)?, row.get(2)?);
        let id = row.get(0)?;
        let bearer = Bearer {
            id,
            app: &app,
            name: &name,
        };
        let secret = self.unseal(bearer, row.get(3)?, &row.get::<Vec<u8>>(4)?)?;
        let answer = KnownAnswer {
            digest: row.get(6)?,
            until: row.get(7)?,
        };
        Ok(KnownToken {
            id,
            secret,
            due_at: row.get(5)?,
            answer,
        })
    }

    fn claimed(&self, row: &Row<'_>) -> Result<Claimed, Error> {
        let token = columns::token(row)?;
        let sealed: Vec<u8> = row.get(TOKEN_COLUMNS)?;
        Ok(Claimed {
            ends_at: row.get(TOKEN_COLUMNS + 5)?,
            answer: None,
            secret: self.unseal(Bearer::of(&token), token.version, &sealed)?,
            rotation_tried_at: row.get(TOKEN_COLUMNS + 1)?,
            subscription: subscriptions::subscription(row, TOKEN_COLUMNS + 2)?,
            token,
            pending_order: None,
            candidate: None,
        })
    }
}

impl Tx<'_> {
    /// Claims those of `due` that are still due and in no other claim, and reads them as they are now.
    pub fn claim(
        &self,
        due: &[TokenId],
        now: Timestamp,
        ends_at: Timestamp,
    ) -> Result<Claim, Error> {
        self.end_expired_claims(now, ends_at)?;
        let others: HashSet<TokenId> = self.claimed_tokens()?.into_iter().collect();
        let free = due.iter().filter(|id| !others.contains(id));
        let mut free: Vec<TokenId> = free.copied().collect();
        let known = self.known_tokens(&free, now)?;
        let is_known: HashSet<TokenId> = known.iter().map(|token| token.id).collect();
        free.retain(|id| !is_known.contains(id));
        let mut tokens = self.due_tokens(&free, now)?;
        self.add_orders_and_candidates(&mut tokens)?;
        self.correct_future_tries(&mut tokens, now)?;
        let ids = known.iter().map(|token| token.id);
        let ids = ids.chain(tokens.iter().map(|claimed| claimed.token.id));
        let id = self.record_claim(&ids.collect::<Vec<_>>(), ends_at)?;
        Ok(Claim { id, known, tokens })
    }

    fn record_claim(&self, tokens: &[TokenId], ends_at: Timestamp) -> Result<ClaimId, Error> {
        let id = self.db.insert(
            "INSERT INTO claim (app, tokens, ends_at)
             VALUES (coalesce((SELECT app FROM token WHERE id = ?1), ''), ?2, ?3)",
            &[&tokens.first(), &Json(numbers(tokens).0), &ends_at],
        );
        id.map(ClaimId)
    }

    fn add_orders_and_candidates(&self, tokens: &mut [Claimed]) -> Result<(), Error> {
        let orders = self.pending_orders()?;
        let mut candidates = self.candidates()?;
        if orders.is_empty() && candidates.is_empty() {
            return Ok(());
        }
        for claimed in tokens {
            claimed.pending_order = orders.get(&claimed.token.id).copied();
            claimed.candidate = candidates.remove(&claimed.token.id);
        }
        Ok(())
    }

    /// An exchange that was tried in the future was tried while the clock was wrong.
    fn correct_future_tries(&self, tokens: &mut [Claimed], now: Timestamp) -> Result<(), Error> {
        for claimed in tokens {
            if claimed.rotation_tried_at.is_some_and(|at| at > now) {
                claimed.rotation_tried_at = Some(now);
                self.set_rotation_tried_at(claimed.token.id, Some(now))?;
            }
        }
        Ok(())
    }

    /// Ends a claim. Its tokens that got no result stay due.
    pub fn end_claim(&self, id: ClaimId) -> Result<(), Error> {
        self.db.run("DELETE FROM claim WHERE id = ?1", &[&id.0])
    }

    /// Ends the claims of sweeps that did not. `latest` is the latest end that a claim of now has.
    fn end_expired_claims(&self, now: Timestamp, latest: Timestamp) -> Result<(), Error> {
        let latest = latest.as_second() + CLOCK_TOLERANCE;
        let end = "DELETE FROM claim WHERE ends_at <= ?1 OR ends_at > ?2";
        self.db.run(end, &[&now, &latest])
    }

    /// Ends the claims of an earlier run. The lock on the inventory proves that it has ended.
    pub(super) fn end_claims(&self) -> Result<(), Error> {
        self.db.run("DELETE FROM claim", &[])
    }

    /// Ends those of a node, of which this is another run.
    pub(super) fn end_claims_of_node(&self, node: &str) -> Result<(), Error> {
        let end = format!("DELETE FROM claim WHERE id IN (SELECT c.id {OF_NODE})");
        self.db.run(&end, &[&node])
    }

    /// Ends those of apps that another node has taken over. What its sweeps found can no longer be written.
    pub(super) fn end_claims_of_apps(&self, apps: &[String]) -> Result<(), Error> {
        if apps.is_empty() {
            return Ok(());
        }
        let end = "DELETE FROM claim WHERE app IN (SELECT value FROM json_each(?1))";
        self.db.run(end, &[&Texts(apps)])
    }
}
