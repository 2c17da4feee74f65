//! Obtains new secrets from Meta, by an exchange or derived through a parent. None is used before Meta has confirmed
//! it.

use super::TokenCheck;
use crate::graph_api::{Error as GraphError, Inspection};
use crate::inventory;
use crate::model::{Cause, Event, Health, Outcome, Refusal, Rotation, TokenId};
use crate::rotation::policy::{self, SameSecret};
use crate::rotation::sweep_context::{NoExchange, SweepContext};
use crate::secret::Secret;

impl TokenCheck {
    /// Exchanges, verifies and swaps. The outcome is measured from Meta's descriptions before and after.
    pub(super) async fn exchange(
        &mut self,
        context: &SweepContext<'_>,
    ) -> Result<(), inventory::Error> {
        self.done.exchanged = true;
        let tried_before = self.rotation_tried_at.replace(self.now);
        let Some(kind) = self.after.facts.as_ref().map(|facts| facts.kind) else {
            return Ok(());
        };
        context.begin_rotation(&self.after).await?;
        let outcome = match context.exchange(kind, &self.secret).await {
            Ok(renewed) => self.measure(renewed, context).await,
            Err(NoExchange {
                was_not_made: true, ..
            }) => {
                context.undo_rotation(&self.after, tried_before).await?;
                self.rotation_tried_at = tried_before;
                self.confirm_after = Some(policy::wait_for_next_try(&self.after, self.now));
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
        let facts = self.after.facts.as_ref();
        let expires_at = facts.and_then(|facts| facts.expires_at.at());
        self.record(Event::Rotated {
            outcome,
            expires_at,
        });
        Ok(())
    }

    async fn measure(&mut self, renewed: Secret, context: &SweepContext<'_>) -> Outcome {
        let same = if renewed == self.secret {
            SameSecret::Yes
        } else {
            SameSecret::No
        };
        let inspect = context.session.inspect(&renewed).await;
        let outcome = policy::measure(&self.after, same, &inspect);
        if let (Outcome::Renewed, Ok(Inspection::Alive(facts))) = (outcome, inspect) {
            self.after.rotated_at = Some(self.now);
            self.accept(renewed, facts, context);
            self.is_irreplaceable = true;
        }
        outcome
    }

    /// Derives a page's token through a parent before the token is reported as lost.
    pub(super) async fn derive(
        &mut self,
        context: &SweepContext<'_>,
    ) -> Result<(), inventory::Error> {
        self.done.derived = true;
        if self.is_ended_without_a_reason() && context.is_only_ending(&self.after).await? {
            self.call_it_replaced();
        }
        let Some(page) = self.after.facts.as_ref().map(|f| f.subject.clone()) else {
            return Ok(());
        };
        for (parent, name, through) in context.parents_of(&self.after).await? {
            match context.derive(parent, &through, &page).await {
                Ok(Some(derived)) => {
                    if self.try_derived(derived, parent, name, context).await {
                        return Ok(());
                    }
                }
                Ok(None) | Err(GraphError::Refused(_)) => {}
                // It may work later, so the token is not reported as dead until that is known.
                Err(error) => {
                    let page = &self.before.name;
                    tracing::warn!(
                        page,
                        "the token of {page} could not be derived through {name}: {error}"
                    );
                    self.keep_failing();
                }
            }
        }
        Ok(())
    }

    /// Meta ended the session without a reason. For a page token, the reason can be narrowed down further.
    fn is_ended_without_a_reason(&self) -> bool {
        matches!(
            self.after.health,
            Health::Dead {
                cause: Cause::SessionEnded,
                ..
            }
        )
    }

    /// Changes the cause to `replaced_elsewhere` and keeps the known time of death.
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
        context: &SweepContext<'_>,
    ) -> bool {
        let facts = match context.session.inspect(&derived).await {
            Ok(Inspection::Alive(facts)) => facts,
            Ok(Inspection::Refused { .. }) => return false,
            Ok(Inspection::Undecided(_)) | Err(_) => {
                self.keep_failing();
                return false;
            }
        };
        if let Some(mismatch) = policy::check_replacement(&self.after, &facts) {
            let why = Refusal::Mismatch(mismatch);
            self.record(Event::CandidateRefused { why });
            return false;
        }
        if policy::ends_earlier(&self.after, &facts) {
            return false;
        }
        self.after.parent = Some(parent);
        self.after.rotated_at = Some(self.now);
        let because = match self.after.health {
            Health::Dead { cause, .. } => Some(cause),
            _ => None,
        };
        self.record(Event::Derived {
            through: parent_name,
            because,
        });
        self.accept(derived, facts, context);
        true
    }
}
