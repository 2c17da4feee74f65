//! Members that an object has all or none of (`#[serde(flatten)]` of an `Option`). Their description would be "this or
//! null", and an object is never null, so it becomes "this or any object".

use utoipa::Modify;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, OneOf, Schema};
use utoipa::openapi::{OpenApi as Document, RefOr};

pub(super) struct OptionalParts;

impl Modify for OptionalParts {
    fn modify(&self, document: &mut Document) {
        let components = document.components.iter_mut();
        components
            .flat_map(|components| components.schemas.values_mut())
            .for_each(correct);
    }
}

fn correct(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => object.properties.values_mut().for_each(correct),
        Schema::OneOf(choices) => choices.items.iter_mut().for_each(correct),
        Schema::AllOf(parts) => parts.items.iter_mut().for_each(correct_part),
        _ => {}
    }
}

fn correct_part(part: &mut RefOr<Schema>) {
    match part {
        RefOr::T(Schema::OneOf(choices)) => *part = this_or_any_object(choices),
        other => correct(other),
    }
}

fn this_or_any_object(choices: &OneOf) -> RefOr<Schema> {
    let named = choices
        .items
        .iter()
        .filter(|choice| matches!(choice, RefOr::Ref(_)));
    let either = named.fold(AnyOfBuilder::new(), |either, named| {
        either.item(named.clone())
    });
    RefOr::T(Schema::AnyOf(either.item(ObjectBuilder::new()).build()))
}
