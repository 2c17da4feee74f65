//! JSON as Meta sends it, as far as we read it. What a missing field means is judged elsewhere.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::secret::Secret;

use super::Error;
use super::value::Value;

/// `debug_token`. An error beside the data is the call's.
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

/// The content of `error`. Inside `debug_token` the subcode goes by another name.
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

/// Any answer, as far as it may be an error: in its usual envelope, or flat.
#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Envelope<'a> {
    error: Option<&'a RawValue>,
    error_code: Value<'a>,
    error_subcode: Value<'a>,
    error_description: Value<'a>,
    error_msg: Value<'a>,
}

/// One answer in a batch; its body is JSON within a string.
#[derive(Deserialize)]
pub(super) struct BatchEntry<'a> {
    pub(super) code: u16,
    #[serde(borrow, default)]
    pub(super) body: Value<'a>,
}

/// `oauth/access_token`, and a page read for its token.
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

/// `me/accounts`, one page of it.
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

/// `next` holds the token and a foreign address: only its presence counts.
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

/// One usage header, or one entry of the header by business.
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

/// An answer that is not what the call promises is no answer. The parser's own words may quote it, so they are dropped.
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

/// The error in an answer, if it is one. `Err` means that the answer is no JSON object.
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
    /// It tells nothing of any token.
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

    /// The debugger's error about the token that it was shown.
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
    /// An error whose fields lie among others, if it is one.
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

    /// What is not even an object is an error nevertheless, of which nothing is known.
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

    /// For comparing only; it may echo ids and tokens.
    pub(super) fn message(&self) -> String {
        self.message.text().unwrap_or_default().to_ascii_lowercase()
    }

    pub(super) fn is_of_type(&self, name: &str) -> bool {
        self.kind.text() == Some(name)
    }

    /// `fbtrace_id`, if it looks like one: it goes into logs and emails.
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
