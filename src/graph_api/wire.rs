//! Meta's JSON, as far as it is read. The meaning of missing fields is decided elsewhere.

use std::collections::BTreeMap;
use std::mem::take;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::secret::Secret;

use super::Error;
use super::value::Value;
use crate::model::MetaCode;

/// `debug_token`. An error beside the data is about the call.
#[derive(Deserialize)]
pub(super) struct Debug<'a> {
    #[serde(borrow)]
    pub(super) data: Option<DebugData<'a>>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
#[derive(Default)]
pub(super) struct DebugData<'a> {
    pub(super) app_id: Value<'a>,
    #[serde(rename = "type")]
    pub(super) kind: Value<'a>,
    pub(super) user_id: Value<'a>,
    pub(super) profile_id: Value<'a>,
    pub(super) is_valid: Value<'a>,
    pub(super) issued_at: Value<'a>,
    pub(super) expires_at: Value<'a>,
    pub(super) data_access_expires_at: Value<'a>,
    pub(super) scopes: Value<'a>,
    error: Option<&'a RawValue>,
    error_code: Value<'a>,
    error_subcode: Value<'a>,
    error_description: Value<'a>,
    error_msg: Value<'a>,
    /// Instagram and Threads answer a bad code with these three.
    error_type: Value<'a>,
    code: Value<'a>,
    error_message: Value<'a>,
}

/// An error of Meta's, as far as it decides how to react.
pub(super) struct ErrorBody {
    pub(super) meta: MetaCode,
    pub(super) is_transient: Option<bool>,
    /// Meta rejects batches as such.
    pub(super) is_about_batches: bool,
    /// In lower case, for comparison only; it may contain ids and tokens.
    pub(super) message: String,
}

/// The content of `error`. Inside `debug_token` the subcode has another name.
#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct ErrorFields<'a> {
    code: Value<'a>,
    error_subcode: Value<'a>,
    subcode: Value<'a>,
    message: Value<'a>,
    #[serde(rename = "type")]
    kind: Value<'a>,
    is_transient: Value<'a>,
    fbtrace_id: Value<'a>,
}

/// One answer in a batch; its body is JSON in a string.
#[derive(Deserialize)]
pub(super) struct BatchEntry<'a> {
    pub(super) code: u16,
    #[serde(borrow, default)]
    pub(super) body: Value<'a>,
}

/// A person or a page; and what `oauth/access_token` answers, which has no id.
#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Node<'a> {
    pub(super) id: Value<'a>,
    pub(super) name: Option<String>,
    /// What Instagram and Threads have instead.
    pub(super) username: Option<String>,
    pub(super) access_token: Option<Secret>,
}

/// A list, or one part of it: `me/accounts`, `subscribed_apps`, `permissions`.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>, 'de: 'a"))]
pub(super) struct List<'a, T> {
    pub(super) data: Vec<T>,
    #[serde(borrow)]
    pub(super) paging: Option<Paging<'a>>,
}

#[derive(Deserialize)]
pub(super) struct SubscribedApp<'a> {
    #[serde(borrow)]
    pub(super) id: Value<'a>,
    #[serde(default)]
    pub(super) subscribed_fields: Vec<String>,
}

/// `next` holds the token and an address that is never called; only its presence counts.
#[derive(Deserialize)]
pub(super) struct Paging<'a> {
    #[serde(borrow)]
    pub(super) next: Option<&'a RawValue>,
    pub(super) cursors: Option<Cursors>,
}

#[derive(Deserialize)]
pub(super) struct Cursors {
    pub(super) after: Option<String>,
}

/// One usage header, or one entry of the usage header by business.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Meters {
    pub(super) call_count: Option<f64>,
    pub(super) total_time: Option<f64>,
    pub(super) total_cputime: Option<f64>,
    pub(super) acc_id_util_pct: Option<f64>,
    /// In minutes.
    pub(super) estimated_time_to_regain_access: Option<f64>,
}

pub(super) type MetersByBusiness = BTreeMap<String, Vec<Meters>>;

impl Paging<'_> {
    pub(super) const fn has_more(&self) -> bool {
        self.next.is_some()
    }
}

/// Parses an answer; one of an unexpected shape is an error. The parser's own message may quote the answer, so it is
/// dropped.
pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, Error> {
    serde_json::from_str(body).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "the answer ends too early",
            serde_json::error::Category::Syntax => "the answer is not JSON",
            serde_json::error::Category::Data | serde_json::error::Category::Io => {
                "the answer has another shape than expected"
            }
        };
        Error::unreachable(what)
    })
}

/// Returns the error in an answer, if it holds one. `Err` if the answer is no JSON object. The fields of an error without
/// a nested `error` are those that the debugger uses.
pub(super) fn error_body(body: &str) -> Result<Option<ErrorBody>, Error> {
    let mut answer: DebugData<'_> = parse(body)?;
    Ok(answer.take_error())
}

impl<'a> DebugData<'a> {
    /// Returns whether the answer says nothing about a token.
    pub(super) fn is_empty(&self) -> bool {
        let values = [
            &self.app_id,
            &self.kind,
            &self.user_id,
            &self.is_valid,
            &self.error_code,
        ];
        self.error.is_none() && values.iter().all(|value| matches!(value, Value::Missing))
    }

    /// Takes the error: nested in `error`, or with the error's fields at the top level. A nested one that is not even an
    /// object is still an error, without details.
    pub(super) fn take_error(&mut self) -> Option<ErrorBody> {
        if let Some(error) = self.error.take() {
            let fields: ErrorFields<'_> = serde_json::from_str(error.get()).unwrap_or_default();
            return Some(fields.into());
        }
        if self.error_type.text().is_some() || self.error_message.text().is_some() {
            self.error_code = take(&mut self.code);
            self.error_description = take(&mut self.error_message);
        }
        self.error_code.whole()?;
        let fields = ErrorFields {
            code: take(&mut self.error_code),
            error_subcode: take(&mut self.error_subcode),
            message: match take(&mut self.error_description) {
                Value::Missing => take(&mut self.error_msg),
                description => description,
            },
            ..ErrorFields::default()
        };
        Some(fields.into())
    }
}

impl From<ErrorFields<'_>> for ErrorBody {
    fn from(fields: ErrorFields<'_>) -> Self {
        let subcode = fields.error_subcode.whole().or(fields.subcode.whole());
        Self {
            meta: MetaCode {
                code: fields.code.whole().unwrap_or(0),
                subcode: subcode.filter(|subcode| *subcode != 0),
                fbtrace_id: fields
                    .fbtrace_id
                    .text()
                    .filter(|trace| is_trace(trace))
                    .map(str::to_owned),
            },
            is_transient: fields.is_transient.flag(),
            is_about_batches: fields.kind.text() == Some("GraphBatchException"),
            message: fields
                .message
                .text()
                .unwrap_or_default()
                .to_ascii_lowercase(),
        }
    }
}

/// Whether `fbtrace_id` looks like one, because it is shown in logs and emails.
fn is_trace(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
    (1..=40).contains(&text.len()) && text.bytes().all(plain)
}
