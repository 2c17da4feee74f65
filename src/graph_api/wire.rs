//! JSON as Meta sends it. Fields that are missing or of a strange type become `None`: what that means is judged elsewhere.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::secret::Secret;

use super::Error;

/// A text, borrowed from the answer where it holds no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// An id, which older answers write as a number. The digits are kept as text: some exceed what a float can hold.
pub(super) struct Id<'a>(pub(super) Cow<'a, str>);

/// A whole number, or its digits in quotes.
#[derive(Clone, Copy)]
pub(super) struct Whole(pub(super) i64);

/// `debug_token`.
#[derive(Deserialize)]
pub(super) struct Debug<'a> {
    #[serde(borrow)]
    pub(super) data: Option<DebugData<'a>>,
}

#[derive(Deserialize)]
pub(super) struct DebugData<'a> {
    #[serde(borrow, default, deserialize_with = "lenient")]
    pub(super) app_id: Option<Id<'a>>,
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient")]
    pub(super) user_id: Option<Id<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient")]
    pub(super) profile_id: Option<Id<'a>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) is_valid: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) issued_at: Option<Whole>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) expires_at: Option<Whole>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) data_access_expires_at: Option<Whole>,
    #[serde(borrow, default, deserialize_with = "lenient")]
    pub(super) scopes: Option<Vec<Text<'a>>>,
    #[serde(borrow, default, deserialize_with = "lenient")]
    pub(super) error: Option<Fault<'a>>,
}

/// The content of `error`. Inside `debug_token` the subcode goes by another name.
#[derive(Deserialize, Default)]
pub(super) struct Fault<'a> {
    #[serde(default, deserialize_with = "lenient")]
    code: Option<Whole>,
    #[serde(default, deserialize_with = "lenient")]
    error_subcode: Option<Whole>,
    #[serde(default, deserialize_with = "lenient")]
    subcode: Option<Whole>,
    #[serde(borrow, default, deserialize_with = "lenient")]
    message: Option<Text<'a>>,
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient")]
    kind: Option<Text<'a>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) is_transient: Option<bool>,
    #[serde(borrow, default, deserialize_with = "lenient")]
    fbtrace_id: Option<Text<'a>>,
}

/// Any answer, as far as it may be an error: in its usual envelope, or flat.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient")]
    error_code: Option<Whole>,
    #[serde(default, deserialize_with = "lenient")]
    error_subcode: Option<Whole>,
    #[serde(borrow, default, deserialize_with = "lenient")]
    error_description: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient")]
    error_msg: Option<Text<'a>>,
}

/// One answer in a batch; its body is JSON within a string.
#[derive(Deserialize)]
pub(super) struct Member<'a> {
    pub(super) code: u16,
    #[serde(borrow, default)]
    pub(super) body: Option<Text<'a>>,
}

/// `oauth/access_token`, and a page read for its token.
#[derive(Deserialize)]
pub(super) struct Granted<'a> {
    #[serde(default)]
    pub(super) access_token: Option<Secret>,
    #[serde(borrow, default, deserialize_with = "lenient")]
    pub(super) id: Option<Id<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
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
    pub(super) id: Id<'a>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) access_token: Option<Secret>,
    #[serde(default)]
    pub(super) tasks: Option<Vec<String>>,
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
pub(super) fn fault(body: &str) -> Result<Option<Fault<'_>>, Error> {
    let envelope: Envelope<'_> = parse(body)?;
    let Some(error) = envelope.error else {
        return Ok(envelope.error_code.map(|code| Fault {
            code: Some(code),
            error_subcode: envelope.error_subcode,
            message: envelope.error_description.or(envelope.error_msg),
            ..Fault::default()
        }));
    };
    Ok(Some(serde_json::from_str(error.get()).unwrap_or_default()))
}

impl Fault<'_> {
    pub(super) fn code(&self) -> i64 {
        self.code.map_or(0, |code| code.0)
    }

    pub(super) fn subcode(&self) -> Option<i64> {
        let subcode = self.error_subcode.or(self.subcode)?.0;
        (subcode != 0).then_some(subcode)
    }

    /// For comparing only; it may echo ids and tokens.
    pub(super) fn message(&self) -> String {
        let message = self.message.as_ref();
        message.map_or_else(String::new, |text| text.0.to_ascii_lowercase())
    }

    pub(super) fn is_of_type(&self, name: &str) -> bool {
        self.kind.as_ref().is_some_and(|kind| kind.0 == name)
    }

    /// `fbtrace_id`, if it looks like one: it goes into logs and letters.
    pub(super) fn trace(&self) -> Option<String> {
        let trace = &self.fbtrace_id.as_ref()?.0;
        let plausible = !trace.is_empty()
            && trace.len() <= 40
            && trace
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte));
        plausible.then(|| trace.clone().into_owned())
    }
}

/// Meta changes types now and then; a field we cannot read must not cost us the others.
fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let text = match raw.strip_prefix('"') {
            Some(_) => {
                serde_json::from_str::<Text<'_>>(raw)
                    .map_err(D::Error::custom)?
                    .0
            }
            None if raw.bytes().all(|byte| byte.is_ascii_digit()) => Cow::Borrowed(raw),
            None => return Err(D::Error::custom("not an id")),
        };
        if text.is_empty() {
            return Err(D::Error::custom("an empty id"));
        }
        Ok(Self(text))
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let number = raw.trim_matches('"').parse();
        number
            .map(Self)
            .map_err(|_| D::Error::custom("not a whole number"))
    }
}
