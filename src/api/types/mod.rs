//! The request and answer types that server and client share.

mod calendars;
mod caller;
mod deliveries;
mod events;
mod import_element;
mod imports;
mod incidents;
mod logins;
mod posts;
mod problem;
mod queries;
mod report;
mod secrets;
mod texts;
mod tokens;

pub use crate::inventory::Sort;
pub use crate::model::IncidentFilter;
pub use calendars::{CalendarList, CalendarQuery, CalendarView};
pub use caller::CallerView;
pub use deliveries::{
    ConsumerView, DeliveryList, DeliveryQuery, DeliveryView, InUseRequest, Retried, RetryRequest,
    SinkTestRequest, SinkTestResult,
};
pub use events::EventView;
pub use import_element::ImportElement;
pub use imports::{ImportResult, ImportResults, LARGEST_IMPORT, MOST_IMPORTS};
pub use incidents::{AcknowledgeRequest, IncidentList, IncidentStatus, IncidentView};
pub use logins::{
    CompletionRequest, LoginAccepted, LoginCodeRequest, LoginLink, LoginRequest, LoginState,
    LoginView,
};
pub use posts::{PostTestRequest, PostTestResult};
pub use problem::{Problem, ProblemType};
pub use queries::{
    Assumption, EventQuery, ForecastQuery, IncidentQuery, NotAQuestion, SecretQuery, TokenQuery,
};
pub use report::{
    AppReport, Deliveries, MailReport, MailTestRequest, MailTestResult, Maintenance, NodeView,
    Reloaded, StatusReport, Sweep, TokenCounts,
};
pub(in crate::api) use secrets::plausible;
pub use secrets::{CandidateRequest, ImportRequest, SecretView};
pub use texts::{
    AccessToken, ConsumerName, Duration, EmailAddress, LoginCode, Permission, ReturnAddress,
    Supposition, TokenName,
};
pub use tokens::{
    Accepted, CorrectionRequest, LoginMethod, SubjectView, SubscriptionView, TokenDetail,
    TokenList, TokenView,
};
