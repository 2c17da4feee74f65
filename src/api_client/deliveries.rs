//! The calls about deliveries and consumers.

use reqwest::Method;

use super::paths::{escaped, token_path, with_query};
use super::{Client, Error};
use crate::api::types::{
    DeliveryList, DeliveryQuery, InUseRequest, Retried, RetryRequest, SinkTestRequest,
    SinkTestResult,
};

impl Client {
    pub async fn deliveries(&self, query: &DeliveryQuery) -> Result<DeliveryList, Error> {
        self.get(&with_query("/v1/deliveries", query)).await
    }

    pub async fn retry_deliveries(&self, request: &RetryRequest) -> Result<Retried, Error> {
        self.post_body("/v1/deliveries/retry", request).await
    }

    pub async fn test_sink(&self, request: &SinkTestRequest) -> Result<SinkTestResult, Error> {
        self.post_body("/v1/deliveries/test", request).await
    }

    pub async fn confirm_use(&self, name: &str, request: &InUseRequest) -> Result<(), Error> {
        let path = token_path(name, "/in-use");
        self.send(Method::POST, &path, request).await.map(drop)
    }

    pub async fn retire_consumer(&self, name: &str, consumer: &str) -> Result<(), Error> {
        let path = token_path(name, &format!("/consumers/{}", escaped(consumer)));
        let answer = self.0.ask(Method::DELETE, &path, Vec::new()).await;
        answer.map(drop)
    }
}
