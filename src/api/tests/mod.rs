//! Tests of the API with a real inventory, real routes and, where it matters, a real socket.

mod alert_paths;
mod allowed;
mod calendars;
mod corrections;
mod document;
mod endless;
mod forecast;
mod import_many;
mod imports;
mod journal;
mod limits;
mod login_codes;
mod metrics;
mod orders;
mod secrets;
mod shapes;
mod shares;
mod sockets;
mod status;
mod tokens;
mod world;
