//! An element of `POST /v1/imports`, as the OpenAPI document describes it.

use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, SchemaType};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::ImportRequest;

/// For the document only: an `ImportRequest`, or anything else, which gets a problem as its result.
#[derive(Clone, Copy, Debug)]
pub struct ImportElement;

impl PartialSchema for ImportElement {
    fn schema() -> RefOr<Schema> {
        let described =
            "A token to import. Anything else is taken too, and its result is a problem.";
        let anything = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
        let element = AnyOfBuilder::new()
            .description(Some(described))
            .item(Ref::from_schema_name("ImportRequest"))
            .item(anything);
        RefOr::T(Schema::AnyOf(element.build()))
    }
}

impl ToSchema for ImportElement {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ImportRequest::name().into(), ImportRequest::schema()));
        ImportRequest::schemas(schemas);
    }
}
