//! Says who the caller is, so that a program offers its user only what the socket permits.

use axum::Json;

use crate::api::request::Asker;
use crate::api::types::CallerView;

/// The caller and its roles. Every peer may ask this.
#[utoipa::path(get, path = "/v1/caller", responses((status = 200, body = CallerView)))]
pub(in crate::api) async fn caller(asker: Asker) -> Json<CallerView> {
    Json(CallerView {
        user: asker.peer.account.user,
        viewer: asker.roles.viewer,
        operator: asker.roles.operator,
    })
}
