//! Extractors that identify the peer and check its role.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::api::peer::{self, Peer, Roles};
use crate::api::state::AppState;
use crate::api::types::{Problem, ProblemType};
use crate::http::Rank;

/// Any peer that the socket's mode lets in, with its roles under the current settings.
#[derive(Debug)]
pub(in crate::api) struct Asker {
    pub(in crate::api) peer: Peer,
    pub(in crate::api) roles: Roles,
}

/// A peer that may read everything but secrets.
#[derive(Debug)]
pub(in crate::api) struct Viewer {
    pub(in crate::api) uid: u32,
    pub(in crate::api) rank: Rank,
}

/// A peer that may give orders; holds its name for the journal.
#[derive(Debug)]
pub(in crate::api) struct Operator(pub(in crate::api) String);

impl FromRequestParts<Arc<AppState>> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        app_state: &Arc<AppState>,
    ) -> Result<Self, Problem> {
        let Some(peer) = parts.extensions.get::<Peer>().cloned() else {
            return Err(Problem::new(
                ProblemType::NotPermitted,
                "the user at the other end of this connection is unknown",
            ));
        };
        let roles = peer::roles(&app_state.settings.borrow(), &peer, app_state.uid);
        Ok(Self { peer, roles })
    }
}

impl FromRequestParts<Arc<AppState>> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        app_state: &Arc<AppState>,
    ) -> Result<Self, Problem> {
        let asker = Asker::from_request_parts(parts, app_state).await?;
        if asker.roles.viewer {
            let uid = asker.peer.uid;
            let rank = peer::rank(uid, app_state.uid);
            return Ok(Self { uid, rank });
        }
        Err(not_permitted(&asker.peer, "look at this", "viewers"))
    }
}

impl FromRequestParts<Arc<AppState>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        app_state: &Arc<AppState>,
    ) -> Result<Self, Problem> {
        let asker = Asker::from_request_parts(parts, app_state).await?;
        if asker.roles.operator {
            return Ok(Self(asker.peer.to_string()));
        }
        Err(not_permitted(&asker.peer, "do this", "operators"))
    }
}

fn not_permitted(peer: &Peer, what: &str, list: &str) -> Problem {
    let user = &peer.account.user;
    Problem::new(
        ProblemType::NotPermitted,
        format!(
            "the user {user} may not {what}. To permit it, add \"{user}\" to {list} under [status] in perennial.toml \
             and reload"
        ),
    )
}
