//! The calls about calendars.

use reqwest::Method;

use super::paths::{escaped, with_query};
use super::{Client, Error};
use crate::api::types::{CalendarList, CalendarQuery};

impl Client {
    pub async fn calendars(&self, query: &CalendarQuery) -> Result<CalendarList, Error> {
        self.get(&with_query("/v1/calendars", query)).await
    }

    pub async fn revoke_calendar(&self, person: &str) -> Result<(), Error> {
        let path = format!("/v1/calendars/{}", escaped(person));
        let answer = self.0.ask(Method::DELETE, &path, Vec::new()).await;
        answer.map(drop)
    }
}
