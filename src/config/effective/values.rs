//! Values of the file, as TOML and as JSON.

use toml::Value;
use toml::de::DeValue;

pub(super) fn value_of(written: &DeValue<'_>) -> Value {
    match written {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(digits) => {
            let number = i64::from_str_radix(digits.as_str(), digits.radix());
            number.map_or_else(|_| Value::from(digits.as_str()), Value::from)
        }
        DeValue::Float(digits) => {
            let number = digits.as_str().parse::<f64>();
            number.map_or_else(|_| Value::from(digits.as_str()), Value::from)
        }
        DeValue::Boolean(value) => Value::from(*value),
        DeValue::Datetime(value) => Value::from(*value),
        DeValue::Array(items) => {
            let items = items.iter().map(|item| value_of(item.get_ref()));
            Value::Array(items.collect())
        }
        DeValue::Table(table) => {
            let entries = table.iter();
            let entries =
                entries.map(|(key, value)| (key.get_ref().to_string(), value_of(value.get_ref())));
            Value::Table(entries.collect())
        }
    }
}

/// Dates become text.
pub(super) fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(value) => (*value).into(),
        Value::Datetime(value) => value.to_string().into(),
        Value::Array(items) => items.iter().map(json_of).collect(),
        Value::Table(table) => {
            let entries = table.iter();
            entries
                .map(|(key, value)| (key.clone(), json_of(value)))
                .collect()
        }
    }
}
