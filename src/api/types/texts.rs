//! The texts that requests contain, as the OpenAPI document describes them: what a description allows, the daemon takes.
//! Patterns leave out what JSON Schema, Rust and other languages read differently, such as white space beyond ASCII.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// One character of a name. The last that it excludes is white space in JavaScript.
macro_rules! name {
    () => {
        r"[^\s\u0000-\u001f\u007f-\u009f\ufeff]"
    };
}

/// A type for the document only: its name, meaning, longest length, pattern and an example.
macro_rules! described_texts {
    ($(#[doc = $meaning:literal] $name:ident = $longest:expr, $pattern:expr, $example:literal;)+) => {$(
        #[doc = $meaning]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String);
                let text = text.description(Some($meaning.trim_ascii()));
                let text = text.max_length($longest).pattern(Some($pattern));
                text.examples([$example]).build().into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

described_texts! {
    /// The name of a token: letters, digits, dashes, dots and underscores, the first no dash and no dot.
    TokenName = Some(100), "^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$", "acme-bakery";
    /// An email address, without the name of the person.
    EmailAddress = Some(254), r"^[!#-+\--:=?A-~]+@[!#-+\--:=?A-~]+$", "ada@example.com";
    /// The name of a permission.
    Permission = Some(100), "^[a-z0-9_]{1,100}$", "pages_messaging";
    /// An access token. White space around it does not matter.
    AccessToken = Some(9000), r"^[ \t\r\n]{0,99}[!-~]{1,8192}[ \t\r\n]{0,99}$", "EAAB-example";
    /// A code that Meta's JavaScript gave a page. White space around it does not matter.
    LoginCode = Some(5000), r"^[ \t\r\n]{0,99}[!-~]{1,4096}[ \t\r\n]{0,99}$", "AQB-example";
    /// The address that a browser ends at after Meta's dialog: its query has a `state`.
    ReturnAddress = Some(4096), r"^https?://[!$->@-~]+[?]([a-z_]+=[!$-%'-~]+&)*state=[!$-%'-~]+(&[a-z_]+=[!$-%'-~]*)*(#[!-~]*)?$",
        "https://www.facebook.com/connect/login_success.html?code=AQB-example&state=example";
    /// The name of a consumer: a user of the machine, a `[[delivery]]`, or any other.
    ConsumerName = Some(64), concat!("^", name!(), "{1,64}$"), "chatbot";
    /// A duration: a whole number of seconds, minutes, hours or days.
    Duration = None, "^([0-9]+[smhd])?$", "30d";
    /// What a forecast supposes: a person leaves on a day, an app makes fewer calls, or nobody logs in.
    Supposition = None, concat!(
        "^((nobody logs in|app ", name!(), "+ throttled ([1-9][0-9]?|100)%|person ", name!(), "+( ", name!(),
        "+)* leaves (", "[0-9]{4}-(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|",
        "[0-9]{4}-(0[469]|11)-(0[1-9]|[12][0-9]|30)|[0-9]{4}-02-(0[1-9]|1[0-9]|2[0-8])|",
        "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)))?$",
    ), "person Ada Example leaves 2027-01-15";
}
