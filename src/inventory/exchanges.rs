//! Exchanges: each is noted before it is sent to Meta, and counts from then on, whatever becomes of it. The secret that Meta
//! gives is stored as a candidate, until a check has measured it.

use jiff::Timestamp;

use super::cells::Bearer;
use super::versions::Role;
use super::{Error, Tx};
use crate::model::{ExchangeId, Exchanged, TokenId};

impl Tx<'_> {
    /// Notes that an exchange of a token is about to be sent, or of its candidate with this number. A crash or another
    /// node thus cannot cause a second one within a day. `None` if the token is gone.
    pub fn begin_exchange(
        &self,
        token: TokenId,
        candidate: Option<u32>,
        now: Timestamp,
    ) -> Result<Option<ExchangeId>, Error> {
        let exchange = self.db.maybe_value(
            "UPDATE token SET rotation_tried_at = ?2, exchanges = exchanges + 1 WHERE id = ?1
             RETURNING exchanges",
            &[&token, &now],
        )?;
        if candidate.is_some() {
            self.mark_candidate(token, candidate, exchange)?;
        }
        Ok(exchange)
    }

    fn mark_candidate(
        &self,
        token: TokenId,
        candidate: Option<u32>,
        exchange: Option<ExchangeId>,
    ) -> Result<(), Error> {
        self.db.run(
            "UPDATE version SET exchanged_by = ?3 WHERE token = ?1 AND number = ?2 AND role = 'candidate'",
            &[&token, &candidate, &exchange],
        )
    }

    /// Takes that back, because Meta certainly exchanged nothing. The exchange before it was begun at `before`.
    pub fn take_back_exchange(
        &self,
        token: TokenId,
        candidate: Option<u32>,
        before: Option<Timestamp>,
    ) -> Result<(), Error> {
        if candidate.is_some() {
            self.mark_candidate(token, candidate, None)?;
        }
        self.set_rotation_tried_at(token, before)
    }

    pub(super) fn set_rotation_tried_at(
        &self,
        token: TokenId,
        tried_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        let set = "UPDATE token SET rotation_tried_at = ?2 WHERE id = ?1";
        self.db.run(set, &[&token, &tried_at])
    }

    /// Stores what Meta gave: in place of the candidate that was exchanged, if that is still there, else as one that came
    /// from this exchange. Returns whether it is new: nothing is stored twice, nor for a token that is gone.
    pub(super) fn store_exchanged(
        &self,
        exchanged: &Exchanged,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Exchanged { token, secret, .. } = exchanged;
        let Some(name) = self.name_of(*token)? else {
            return Ok(false);
        };
        if self.version_holding(secret)?.is_some() {
            return Ok(false);
        }
        let bearer = Bearer {
            id: *token,
            app: &exchanged.app,
            name: &name,
        };
        let candidate = self.candidate_exchanged_by(*token, exchanged.exchange)?;
        let number = match candidate {
            Some(number) => {
                self.replace_candidate(bearer, number, secret)?;
                number
            }
            None => {
                let (number, role) = (
                    self.next_number(*token)?,
                    Role::Exchanged(exchanged.exchange),
                );
                self.add_version(bearer, number, role, secret, now)?;
                number
            }
        };
        self.db.run(
            "UPDATE version SET ends_at = ?3 WHERE token = ?1 AND number = ?2",
            &[token, &number, &exchanged.ends_at],
        )?;
        Ok(true)
    }

    /// Removes the candidate of an exchange that was measured. If it replaces the secret in use, it is stored as that.
    pub(super) fn drop_exchanged(&self, token: TokenId, exchange: ExchangeId) -> Result<(), Error> {
        self.db.run(
            "DELETE FROM version WHERE token = ?1 AND role = 'candidate' AND exchange = ?2",
            &[&token, &exchange],
        )
    }
}
