//! How a login ended, as the journal keeps it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::LoginError;

/// How a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginOutcome {
    Granted,
    WrongPerson,
    #[serde(untagged)]
    Failed(LoginError),
}

/// The derived one would call the last variant an object.
impl PartialSchema for LoginOutcome {
    fn schema() -> RefOr<Schema> {
        let own = ObjectBuilder::new().schema_type(Type::String);
        let choices = OneOfBuilder::new()
            .description(Some("How a login ended."))
            .item(own.enum_values(Some(["granted", "wrong_person"])))
            .item(Ref::from_schema_name(LoginError::name()));
        RefOr::T(Schema::OneOf(choices.build()))
    }
}

impl ToSchema for LoginOutcome {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("EventLoginOutcome")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((LoginError::name().into(), LoginError::schema()));
    }
}
