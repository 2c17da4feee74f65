//! The shapes that server and client share: what goes over the socket, and nothing of how it is found out.

mod events;
mod incidents;
mod logins;
mod problem;
mod queries;
mod report;
mod secrets;
mod span;
mod tokens;

pub use events::EventView;
pub use incidents::{AcknowledgeRequest, IncidentList, IncidentStatus, IncidentView};
pub use logins::{CompletionRequest, LoginLink, LoginRequest, LoginState, LoginView};
pub use problem::{Problem, ProblemType};
pub use queries::{EventQuery, IncidentFilter, IncidentQuery, SecretQuery, TokenQuery};
pub use report::{
    AppReport, DeadlineView, Deliveries, IncidentCounts, MailReport, MailTestRequest,
    MailTestResult, Reloaded, StatusReport, Sweep, TokenCounts, Upkeep,
};
pub(in crate::status) use secrets::plausible;
pub use secrets::{CandidateRequest, ImportRequest, SecretView};
pub use span::{NotASpan, Span};
pub use tokens::{
    Accepted, ListeningView, NextView, RotationView, SubjectView, TokenDetail, TokenList, TokenView,
};
