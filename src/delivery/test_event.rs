//! Tries a sink without a token.

use jiff::Timestamp;

use super::Target;
use super::sinks;
use super::worker::SinkWorker;

impl SinkWorker {
    /// Returns what the sink said, or why it cannot take anything.
    pub async fn test(&self, now: Timestamp) -> Result<String, String> {
        match &self.sink.target {
            Target::Webhook(_) => {
                let (http, webhook) = self.webhook().ok_or("there is no connection to it")?;
                let took = sinks::send_test(http, webhook, now).await;
                let took = took.map_err(|error| error.reason().to_owned())?;
                Ok(format!("the receiver took the test event within {} ms", took.as_millis()))
            }
            Target::File(file) => {
                let file = file.clone();
                let tried = tokio::task::spawn_blocking(move || file.try_folder()).await;
                tried.map_err(|error| error.to_string())?
            }
            Target::Command(_) => Err(
                "a command cannot be tested without a token. To run it again for what failed: perennial deliveries --retry"
                    .to_owned(),
            ),
        }
    }
}
