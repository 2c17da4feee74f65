//! Asks Meta what is left to ask about one token. What the answers mean is decided in the policy.

use super::exchange_once::{Attempt, ExchangeAnswer};
use super::policy::{self, Answer, Derivation, DerivedSecret, Exchange, FollowUp};
use super::session::{Parent, Session};
use crate::graph_api::Error;
use crate::inventory;
use crate::model::{Cause, CheckResult, Facts, Health, Kind, Token};

impl Session<'_> {
    pub(super) async fn ask(
        &self,
        result: &CheckResult,
        follow_up: FollowUp,
    ) -> Result<Answer, inventory::Error> {
        let facts = result.after.facts.as_ref();
        let subject = facts.map_or("", |facts| &facts.subject);
        match follow_up {
            FollowUp::Exchange(kind) => self.exchange(result, kind).await.map(Answer::Exchanged),
            FollowUp::Derive => self.derive(result, subject).await,
            FollowUp::FetchProfile => Ok(self.profile(result).await),
            FollowUp::CheckSubscription => Ok(self.unsubscribed(result, subject).await),
        }
    }

    async fn exchange(
        &self,
        result: &CheckResult,
        kind: Kind,
    ) -> Result<Exchange, inventory::Error> {
        let attempt = Attempt {
            token: &result.after,
            kind,
            secret: result.secret(),
            candidate: None,
            tried_before: result.rotation_tried_at,
        };
        Ok(match self.exchange_once(&attempt).await? {
            ExchangeAnswer::Obtained(exchange, grant) => {
                let inspection = self.calls.inspect_grant(&grant).await;
                Exchange::Obtained(exchange, grant.secret, Box::new(inspection))
            }
            ExchangeAnswer::NotMade => Exchange::NotMade,
            ExchangeAnswer::Refused => Exchange::Refused,
            ExchangeAnswer::Failed => Exchange::Failed,
        })
    }

    /// Derives a page's token through its parents, one after another, before the token is reported as lost.
    async fn derive(&self, result: &CheckResult, page: &str) -> Result<Answer, inventory::Error> {
        let token = &result.after;
        let is_only_ending =
            has_ended_without_a_reason(token) && self.is_only_ending(token).await?;
        let mut derivations = Vec::new();
        for (place, parent) in self.parents_of(token).await?.into_iter().enumerate() {
            // The calls for the first one are reserved.
            let reserved = (place > 0).then(|| self.reserve(FollowUp::Derive.calls()));
            let derivation = match reserved {
                Some(None) => not_asked(parent),
                Some(Some(_)) | None => self.derive_through(parent, page, &token.name).await,
            };
            let is_good_enough = policy::is_good_enough(result, &derivation);
            derivations.push(derivation);
            if is_good_enough {
                break;
            }
        }
        Ok(Answer::Derived {
            is_only_ending,
            derivations,
        })
    }

    /// A parent that Meta refuses is not tried again in this sweep.
    async fn derive_through(&self, parent: Parent, page: &str, token: &str) -> Derivation {
        let Parent { id, name, secret } = parent;
        let derived = self.calls.client.page_token(&secret, page).await;
        let outcome = match self.calls.count(derived) {
            Ok(Some(derived)) => {
                let inspection = self.calls.inspect(&derived).await;
                DerivedSecret::Obtained(derived, Box::new(inspection))
            }
            Ok(None) => DerivedSecret::None,
            Err(Error::Refused(_)) => {
                self.mark_unusable(id);
                DerivedSecret::None
            }
            Err(error) => {
                tracing::warn!(
                    token,
                    "the token of {token} could not be derived through {name}: {error}"
                );
                DerivedSecret::Failed
            }
        };
        Derivation {
            parent: id,
            parent_name: name,
            outcome,
        }
    }

    async fn profile(&self, result: &CheckResult) -> Answer {
        let (client, token) = (self.calls.client, &result.after);
        let name = if token.subject_name.is_none() {
            let profile = self.calls.count(client.me(result.secret()).await);
            profile.ok().map(|profile| profile.name)
        } else {
            None
        };
        let pages = if token.facts.as_ref().is_some_and(Facts::may_list_pages) {
            let fields = policy::page_fields(result);
            let pages = client.accounts(result.secret(), fields).await;
            Some(self.calls.count(pages))
        } else {
            None
        };
        if let Some(Err(error)) = &pages {
            let token = &token.name;
            tracing::warn!(token, "the pages of {token} could not be listed: {error}");
        }
        Answer::Profile { name, pages }
    }

    async fn unsubscribed(&self, result: &CheckResult, page: &str) -> Answer {
        let subscribed = self
            .calls
            .client
            .subscribed_fields(page, result.secret())
            .await;
        let wanted = &self.rules.subscribed_fields;
        let missing = self
            .calls
            .count(subscribed)
            .map(|known| wanted.without(&known));
        Answer::Unsubscribed(missing)
    }
}

/// A parent for which no calls are left.
fn not_asked(parent: Parent) -> Derivation {
    Derivation {
        parent: parent.id,
        parent_name: parent.name,
        outcome: DerivedSecret::Failed,
    }
}

/// Meta ended the session without a reason. For a page token, the reason can be narrowed down further.
const fn has_ended_without_a_reason(token: &Token) -> bool {
    matches!(
        token.health,
        Health::Dead {
            cause: Cause::SessionEnded,
            ..
        }
    )
}
