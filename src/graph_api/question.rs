//! A question about one token, and its answer. If the asker knows an answer already, the same one is recognised without
//! being parsed.

use std::hash::{DefaultHasher, Hasher};

use super::classify::Role;
use super::{Error, Inspection, inspection};
use crate::model::AnswerDigest;
use crate::secret::Secret;

/// A token to ask about, and the digest of the answer that is known already.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub token: &'a Secret,
    pub known: Option<AnswerDigest>,
}

/// What Meta said about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Description {
    /// The known answer.
    Known,
    /// Another answer. It has a digest if the token lives.
    Other(Box<Inspection>, Option<AnswerDigest>),
}

pub(super) type Answered = Result<Description, Error>;

impl Question<'_> {
    pub(super) fn read(&self, status: u16, body: &str, app_id: &str, role: Role) -> Answered {
        let digest = digest(body);
        if status == 200 && self.known == Some(digest) {
            return Ok(Description::Known);
        }
        let inspection = inspection::read(status, body, app_id, role)?;
        let is_alive = matches!(inspection, Inspection::Alive(_));
        let digest = is_alive.then_some(digest);
        Ok(Description::Other(Box::new(inspection), digest))
    }
}

impl Description {
    /// What the answer says, unless it is the known one.
    pub(super) fn inspection(self) -> Option<Inspection> {
        match self {
            Self::Known => None,
            Self::Other(inspection, _) => Some(*inspection),
        }
    }
}

impl From<Inspection> for Description {
    fn from(inspection: Inspection) -> Self {
        Self::Other(Box::new(inspection), None)
    }
}

fn digest(body: &str) -> AnswerDigest {
    let mut hasher = DefaultHasher::new();
    hasher.write(body.as_bytes());
    AnswerDigest(hasher.finish().cast_signed())
}

#[cfg(test)]
pub(super) fn questions(count: usize) -> Vec<Question<'static>> {
    use std::sync::LazyLock;
    static TOKEN: LazyLock<Secret> = LazyLock::new(|| Secret::new("EAAb".to_owned()));
    let question = Question {
        token: &TOKEN,
        known: None,
    };
    vec![question; count]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_same_answer_is_the_known_one() {
        let token = Secret::new("t".to_owned());
        let alive = r#"{"data":{"type":"USER","is_valid":true,"user_id":"7","scopes":["a","b"]}}"#;
        let turned = r#"{"data":{"type":"USER","is_valid":true,"user_id":"7","scopes":["b","a"]}}"#;
        let dead = r#"{"data":{"type":"USER","is_valid":false,"user_id":"7"}}"#;
        let ask = |known| Question {
            token: &token,
            known,
        };
        let read = |known, body: &str| ask(known).read(200, body, "1", Role::App).unwrap();
        let described = |known, body: &str| match read(known, body) {
            Description::Other(inspection, digest) => (*inspection, digest),
            Description::Known => panic!("known"),
        };
        let (first, known) = described(None, alive);
        assert!(known.is_some());
        assert_eq!(read(known, alive), Description::Known);
        let (second, other) = described(known, turned);
        assert_eq!(first, second);
        assert_ne!(other, known);
        let (refused, none) = described(known, dead);
        assert!(matches!(refused, Inspection::Refused { .. }));
        assert_eq!(none, None);
        assert!(ask(known).read(500, alive, "1", Role::App).is_err());
    }
}
