//! New secrets from Meta: by an exchange, or derived through somebody who administers the page. None is believed
//! before Meta has confirmed it.

use super::Visit;
use super::words::{end_of, in_words};
use crate::graph_api::{Error as GraphError, Inspection};
use crate::inventory::{self, EventKind};
use crate::rotation::desk::{Desk, NoExchange};
use crate::rotation::policy::{self, SameSecret};
use crate::secret::Secret;
use crate::token::{Cause, Health, Outcome, Rotation, TokenId};

impl Visit {
    /// Exchange, verify, swap; measured by what Meta says before and after.
    pub(super) async fn exchange(&mut self, desk: &Desk<'_>) -> Result<(), inventory::Error> {
        self.done.exchanged = true;
        let tried_before = self.rotation_tried_at.replace(self.now);
        let Some(kind) = self.after.facts.as_ref().map(|facts| facts.kind) else {
            return Ok(());
        };
        desk.begin_rotation(&self.after).await?;
        let outcome = match desk.exchange(kind, &self.secret).await {
            Ok(renewed) => self.measure(renewed, desk).await,
            Err(NoExchange {
                was_not_made: true, ..
            }) => {
                desk.undo_rotation(&self.after, tried_before).await?;
                self.rotation_tried_at = tried_before;
                self.look_again_after = Some(policy::wait_for_next_try(&self.after, self.now));
                Outcome::Failed
            }
            Err(NoExchange {
                error: GraphError::Refused(_),
                ..
            }) => Outcome::Refused,
            Err(_) => Outcome::Failed,
        };
        self.after.last_rotation = Some(Rotation {
            outcome,
            at: self.now,
        });
        let mut detail = vec![("outcome", outcome.word().into())];
        if let Some(facts) = &self.after.facts {
            detail.extend(end_of(facts));
        }
        self.tell(EventKind::Rotated, &detail);
        Ok(())
    }

    async fn measure(&mut self, renewed: Secret, desk: &Desk<'_>) -> Outcome {
        let same = if renewed == self.secret {
            SameSecret::Yes
        } else {
            SameSecret::No
        };
        let look = desk.look(&renewed).await;
        let outcome = policy::measure(&self.after, same, &look);
        if let (Outcome::Renewed, Ok(Inspection::Alive(facts))) = (outcome, look) {
            self.after.rotated_at = Some(self.now);
            self.adopt(renewed, facts, desk);
            self.is_irreplaceable = true;
        }
        outcome
    }

    /// Reads a page's token through somebody who administers the page, before anybody is told that it is lost.
    pub(super) async fn derive(&mut self, desk: &Desk<'_>) -> Result<(), inventory::Error> {
        self.done.derived = true;
        if self.is_ended_without_a_reason() && desk.is_ended_alone(&self.after).await? {
            self.call_it_replaced();
        }
        let Some(page) = self.after.facts.as_ref().map(|f| f.subject.clone()) else {
            return Ok(());
        };
        for (parent, name, through) in desk.parents_of(&self.after).await? {
            match desk.derive(parent, &through, &page).await {
                Ok(Some(derived)) => {
                    if self.try_derived(derived, parent, name, desk).await {
                        return Ok(());
                    }
                }
                Ok(None) | Err(GraphError::Refused(_)) => {}
                // Perhaps it can be had; until that is known nobody is told that it is lost.
                Err(error) => {
                    let page = &self.before.name;
                    tracing::warn!(
                        page,
                        "the token of {page} could not be read through {name}: {error}"
                    );
                    self.hold_back();
                }
            }
        }
        Ok(())
    }

    /// Meta ended it and said no more; for a page token there is one more thing that can be found out.
    fn is_ended_without_a_reason(&self) -> bool {
        matches!(
            self.after.health,
            Health::Dead {
                cause: Cause::SessionEnded,
                ..
            }
        )
    }

    /// It stays as long dead as it was known to be.
    fn call_it_replaced(&mut self) {
        let cause = Cause::ReplacedElsewhere;
        self.after.health = match (self.before.health, self.after.health) {
            (was @ Health::Dead { cause: known, .. }, _) if known == cause => was,
            (_, Health::Dead { since, .. }) => Health::Dead { since, cause },
            (_, other) => other,
        };
    }

    async fn try_derived(
        &mut self,
        derived: Secret,
        parent: TokenId,
        parent_name: String,
        desk: &Desk<'_>,
    ) -> bool {
        let facts = match desk.look(&derived).await {
            Ok(Inspection::Alive(facts)) => facts,
            Ok(Inspection::Refused { .. }) => return false,
            Ok(Inspection::Undecided(_)) | Err(_) => {
                self.hold_back();
                return false;
            }
        };
        if let Some(objection) = policy::object(&self.after, &facts) {
            self.tell(EventKind::CandidateRefused, &in_words(&objection));
            return false;
        }
        if policy::ends_earlier(&self.after, &facts) {
            return false;
        }
        self.after.parent = Some(parent);
        self.after.rotated_at = Some(self.now);
        let mut detail = vec![("through", parent_name.into())];
        if let Health::Dead { cause, .. } = self.after.health {
            detail.push(("because", cause.word().into()));
        }
        self.tell(EventKind::Derived, &detail);
        self.adopt(derived, facts, desk);
        true
    }
}
