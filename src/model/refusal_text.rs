//! Why a new secret was refused, in plain English.

use super::{Mismatch, Refusal};

impl Refusal {
    /// Why, without the details.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Refused { cause } => cause.as_str(),
            Self::Mismatch(mismatch) => mismatch.sentence(),
        }
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Refused { cause } => cause.describe().to_owned(),
            Self::Mismatch(mismatch) => mismatch.describe(),
        }
    }
}

impl Mismatch {
    /// The same words as in its JSON.
    const fn sentence(&self) -> &'static str {
        match self {
            Self::OtherKind { .. } => "it is of another kind",
            Self::OtherSubject { .. } => "it belongs to another person or page",
            Self::FewerScopes { .. } => "it lacks permissions that the one in use has",
            Self::EndsEarlier => "it expires before the one in use",
        }
    }

    fn describe(&self) -> String {
        let sentence = self.sentence();
        match self {
            Self::OtherKind { kind, expected } => {
                format!("{sentence}: {kind} instead of {expected}")
            }
            Self::OtherSubject { subject, expected } => {
                format!("{sentence}: {subject} instead of {expected}")
            }
            Self::FewerScopes { missing } => format!("{sentence}: {missing}"),
            Self::EndsEarlier => sentence.to_owned(),
        }
    }
}
