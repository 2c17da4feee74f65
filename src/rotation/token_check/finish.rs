//! The end of a check: writes its events, sets the next check, and builds the result to record.

use super::{CheckOutcome, TokenCheck};
use crate::inventory::CheckResult;
use crate::model::{Action, Next};
use crate::rotation::policy::{self, Spread};
use crate::rotation::sweep_context::SweepContext;

impl TokenCheck {
    pub(in crate::rotation) fn finish(mut self, context: &SweepContext<'_>) -> CheckOutcome {
        let permissions_changed = self.record_permission_changes();
        self.record_changes();
        self.complete_order();
        let spread = Spread::of(self.before.id, self.now);
        self.after.next = policy::next_check(
            &self.after,
            self.rotation_tried_at,
            context.rules,
            spread,
            self.now,
        );
        if let Some(wait) = self.confirm_after {
            self.after.next = Some(Next {
                action: Action::Check,
                at: self.now + wait,
            });
        }
        let alive = self.after.is_alive();
        // The exchange of a living token brings back no related token; only a new candidate may.
        let affects_related_tokens = self.checked_candidate.is_some() && self.is_new_secret;
        CheckOutcome {
            revived: alive && (affects_related_tokens || self.before.is_dead()),
            died: self.after.is_dead() && !self.before.is_dead(),
            permissions_changed,
            is_irreplaceable: self.is_irreplaceable,
            is_saved: false,
            pages: self.pages,
            is_subscribed: self.is_subscribed,
            after: CheckResult {
                secret: self.is_new_secret.then_some(self.secret),
                checked_candidate: self.checked_candidate,
                order_done: self
                    .pending_order
                    .filter(|_| !self.order_stays)
                    .map(|e| e.event),
                checked_at: self.now,
                lease: self.lease,
                events: self.events,
                before: self.before,
                after: self.after,
            },
        }
    }
}
