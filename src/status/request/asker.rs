//! Who asks, and may they?

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::http::Rank;
use crate::status::peer::{self, Peer, Roles};
use crate::status::reception::Reception;
use crate::status::snapshot::{Problem, ProblemType};

/// Anybody whom the socket's mode lets in, with the roles that the settings give now.
#[derive(Debug)]
pub(in crate::status) struct Asker {
    pub(in crate::status) peer: Peer,
    pub(in crate::status) roles: Roles,
}

/// Somebody who may look.
#[derive(Debug)]
pub(in crate::status) struct Viewer {
    pub(in crate::status) uid: u32,
    pub(in crate::status) rank: Rank,
}

/// Somebody who may give orders, as the journal will name them.
#[derive(Debug)]
pub(in crate::status) struct Operator(pub(in crate::status) String);

impl FromRequestParts<Arc<Reception>> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        reception: &Arc<Reception>,
    ) -> Result<Self, Problem> {
        let Some(peer) = parts.extensions.get::<Peer>().cloned() else {
            return Err(Problem::new(
                ProblemType::NotPermitted,
                "nobody knows who is asking",
            ));
        };
        let roles = peer::roles(&reception.settings.borrow(), &peer, reception.uid);
        Ok(Self { peer, roles })
    }
}

impl FromRequestParts<Arc<Reception>> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        reception: &Arc<Reception>,
    ) -> Result<Self, Problem> {
        let asker = Asker::from_request_parts(parts, reception).await?;
        if asker.roles.viewer {
            let uid = asker.peer.uid;
            let rank = peer::rank(uid, reception.uid);
            return Ok(Self { uid, rank });
        }
        Err(not_permitted(&asker.peer, "look at this", "viewers"))
    }
}

impl FromRequestParts<Arc<Reception>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        reception: &Arc<Reception>,
    ) -> Result<Self, Problem> {
        let asker = Asker::from_request_parts(parts, reception).await?;
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
