//! Calls to the daemon itself: a reload, and messages for a test.

use super::{Client, Error};
use crate::api::types::{
    MailTestRequest, MailTestResult, PostTestRequest, PostTestResult, Reloaded,
};

impl Client {
    /// Waits until the new configuration is live, or fails with every problem in it.
    pub async fn reload(&self) -> Result<Reloaded, Error> {
        self.post("/v1/reload").await
    }

    pub async fn post_test(&self, request: &PostTestRequest) -> Result<PostTestResult, Error> {
        self.post_body("/v1/post-test", request).await
    }

    pub async fn mail_test(&self, request: &MailTestRequest) -> Result<MailTestResult, Error> {
        self.post_body("/v1/mail-test", request).await
    }
}
