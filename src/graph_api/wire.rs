//! Meta's JSON, as far as it is read. The meaning of missing fields is decided elsewhere.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::secret::Secret;

use super::Error;
use super::value::Value;

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
}

/// The content of `error`. Inside `debug_token` the subcode has another name.
#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ErrorBody<'a> {
    code: Value<'a>,
    error_subcode: Value<'a>,
    subcode: Value<'a>,
    message: Value<'a>,
    #[serde(rename = "type")]
    kind: Value<'a>,
    is_transient: Value<'a>,
    fbtrace_id: Value<'a>,
}

/// Any answer that may be an error: nested in `error`, or with the error's fields at the top level.
#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Envelope<'a> {
    error: Option<&'a RawValue>,
    error_code: Value<'a>,
    error_subcode: Value<'a>,
    error_description: Value<'a>,
    error_msg: Value<'a>,
}

/// One answer in a batch; its body is JSON in a string.
#[derive(Deserialize)]
pub(super) struct BatchEntry<'a> {
    pub(super) code: u16,
    #[serde(borrow, default)]
    pub(super) body: Value<'a>,
}

/// `oauth/access_token`, and a page whose token is read.
#[derive(Deserialize)]
pub(super) struct Granted<'a> {
    #[serde(default)]
    pub(super) access_token: Option<Secret>,
    #[serde(borrow, default)]
    pub(super) id: Value<'a>,
}

#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) id: Value<'a>,
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// One list of `me/accounts`.
#[derive(Deserialize)]
pub(super) struct Accounts<'a> {
    #[serde(borrow)]
    pub(super) data: Vec<Account<'a>>,
    #[serde(borrow)]
    pub(super) paging: Option<Paging<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Account<'a> {
    #[serde(borrow)]
    pub(super) id: Value<'a>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) access_token: Option<Secret>,
    #[serde(default)]
    pub(super) tasks: Option<Vec<String>>,
}

/// `subscribed_apps` of a page.
#[derive(Deserialize)]
pub(super) struct SubscribedApps<'a> {
    #[serde(borrow)]
    pub(super) data: Vec<SubscribedApp<'a>>,
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

#[derive(Deserialize)]
pub(super) struct Permissions {
    pub(super) data: Vec<PermissionRow>,
}

#[derive(Deserialize)]
pub(super) struct PermissionRow {
    pub(super) permission: String,
    pub(super) status: String,
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

/// Returns the error in an answer, if it holds one. `Err` if the answer is no JSON object.
pub(super) fn error_body(body: &str) -> Result<Option<ErrorBody<'_>>, Error> {
    let envelope: Envelope<'_> = parse(body)?;
    if let Some(error) = envelope.error {
        return Ok(Some(ErrorBody::read(error)));
    }
    let text = [envelope.error_description, envelope.error_msg];
    Ok(ErrorBody::flat(
        envelope.error_code,
        envelope.error_subcode,
        text,
    ))
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

    /// Takes the debugger's error about the inspected token.
    pub(super) fn take_error(&mut self) -> Option<ErrorBody<'a>> {
        if let Some(error) = self.error.take() {
            return Some(ErrorBody::read(error));
        }
        let text = [
            std::mem::take(&mut self.error_description),
            std::mem::take(&mut self.error_msg),
        ];
        let code = std::mem::take(&mut self.error_code);
        ErrorBody::flat(code, std::mem::take(&mut self.error_subcode), text)
    }
}

impl<'a> ErrorBody<'a> {
    /// Builds an error from fields at the top level, if there is one.
    fn flat(code: Value<'a>, subcode: Value<'a>, text: [Value<'a>; 2]) -> Option<Self> {
        code.whole()?;
        let [description, message] = text;
        Some(Self {
            code,
            error_subcode: subcode,
            message: match description {
                Value::Missing => message,
                description => description,
            },
            ..Self::default()
        })
    }

    /// Reads an `error` value. One that is not even an object is still an error, without details.
    pub(super) fn read(error: &'a RawValue) -> Self {
        serde_json::from_str(error.get()).unwrap_or_default()
    }

    pub(super) fn code(&self) -> i64 {
        self.code.whole().unwrap_or(0)
    }

    pub(super) fn subcode(&self) -> Option<i64> {
        let subcode = self.error_subcode.whole().or_else(|| self.subcode.whole());
        subcode.filter(|subcode| *subcode != 0)
    }

    pub(super) fn is_transient(&self) -> Option<bool> {
        self.is_transient.flag()
    }

    /// For comparison only; it may contain ids and tokens.
    pub(super) fn message(&self) -> String {
        self.message.text().unwrap_or_default().to_ascii_lowercase()
    }

    pub(super) fn is_of_type(&self, name: &str) -> bool {
        self.kind.text() == Some(name)
    }

    /// Returns `fbtrace_id` if it looks like one, because it is shown in logs and emails.
    pub(super) fn trace(&self) -> Option<String> {
        let trace = self.fbtrace_id.text()?;
        let plausible = !trace.is_empty()
            && trace.len() <= 40
            && trace
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte));
        plausible.then(|| trace.to_owned())
    }
}
