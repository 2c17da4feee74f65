//! Shows that an address leads to this daemon. Below `/login`, because some proxies pass on nothing else.

use axum::extract::State;

use crate::web::state::SharedAppState;

/// What `/v1/status` on the socket shows, too.
pub(super) async fn show(State(app_state): SharedAppState) -> String {
    app_state.backend.inventory.instance()
}
