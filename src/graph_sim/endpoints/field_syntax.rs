//! Reads the `fields` parameter: names, each with modifiers and with fields of its own, as in
//! `id,accounts.limit(2){name}`. A JSON array of such texts means the same.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use super::answer::GraphError;

/// Meta publishes no limits. These are above what any client sends.
const DEEPEST: usize = 8;
const LONGEST: usize = 8 << 10;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Names and arguments, such as `limit` and `2`.
    pub(crate) modifiers: Vec<(String, String)>,
    /// Empty if the field stands alone.
    pub(crate) inner: Vec<Field>,
}

impl Field {
    pub(crate) fn modifier(&self, name: &str) -> Option<&str> {
        let mut all = self.modifiers.iter();
        all.find(|(known, _)| known == name)
            .map(|(_, argument)| argument.as_str())
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (name, argument) in &self.modifiers {
            write!(f, ".{name}({argument})")?;
        }
        match self.inner.as_slice() {
            [] => Ok(()),
            inner => write!(f, "{{{}}}", joined(inner)),
        }
    }
}

pub(crate) fn joined(fields: &[Field]) -> String {
    let texts: Vec<String> = fields.iter().map(ToString::to_string).collect();
    texts.join(",")
}

pub(crate) fn parse(text: &str) -> Result<Vec<Field>, GraphError> {
    if text.len() > LONGEST {
        return Err(GraphError::too_much_data());
    }
    let Ok(texts) = serde_json::from_str::<Vec<String>>(text) else {
        return Parser::new(text).all();
    };
    let lists = texts.iter().map(|text| Parser::new(text).all());
    lists
        .collect::<Result<Vec<_>, _>>()
        .map(|lists| lists.concat())
}

struct Parser<'a> {
    text: &'a str,
    rest: Peekable<Chars<'a>>,
    /// The number of characters before `rest`.
    at: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let rest = text.chars().peekable();
        Self { text, rest, at: 0 }
    }

    fn all(mut self) -> Result<Vec<Field>, GraphError> {
        let fields = self.list(0)?;
        match self.next_symbol() {
            None => Ok(fields),
            Some(found) => Err(self.error(&format!("end of string instead of \"{found}\""))),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Field>, GraphError> {
        let mut fields = vec![self.field(depth)?];
        while self.accepts(',') {
            fields.push(self.field(depth)?);
        }
        Ok(fields)
    }

    fn field(&mut self, depth: usize) -> Result<Field, GraphError> {
        let mut field = Field {
            name: self.name()?,
            ..Field::default()
        };
        while self.accepts('.') {
            let name = self.name()?;
            self.require('(')?;
            let argument = self.take_while(|found| found != ')');
            self.require(')')?;
            field.modifiers.push((name, argument));
        }
        if depth < DEEPEST && self.accepts('{') {
            field.inner = self.list(depth + 1)?;
            self.require('}')?;
        }
        Ok(field)
    }

    fn name(&mut self) -> Result<String, GraphError> {
        self.next_symbol();
        let name = self.take_while(|found| found.is_ascii_alphanumeric() || found == '_');
        if name.is_empty() {
            return Err(self.error("name"));
        }
        Ok(name)
    }

    fn require(&mut self, symbol: char) -> Result<(), GraphError> {
        if self.accepts(symbol) {
            return Ok(());
        }
        Err(match self.next_symbol() {
            Some(found) => self.error(&format!("\"{symbol}\" instead of \"{found}\"")),
            None => self.error(&format!("\"{symbol}\"")),
        })
    }

    fn accepts(&mut self, symbol: char) -> bool {
        let accepted = self.next_symbol() == Some(symbol);
        if accepted {
            self.advance();
        }
        accepted
    }

    /// Returns the next character that is no space.
    fn next_symbol(&mut self) -> Option<char> {
        self.take_while(char::is_whitespace);
        self.rest.peek().copied()
    }

    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(found) = self.rest.peek().copied().filter(|found| is_part(*found)) {
            taken.push(found);
            self.advance();
        }
        taken
    }

    fn advance(&mut self) {
        self.rest.next();
        self.at += 1;
    }

    /// As recorded in the tests of django-facebook and of bottender's messenger-profile client.
    fn error(&self, expected: &str) -> GraphError {
        let Self { text, at, .. } = self;
        let message = format!("Syntax error \"Expected {expected}.\" at character {at}: {text}");
        GraphError::oauth(2500, message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(text: &str) -> String {
        let error = parse(text).unwrap_err();
        assert_eq!((error.status, error.code), (400, 2500));
        error.message
    }

    #[test]
    fn a_field_has_modifiers_and_fields_of_its_own() {
        let text = "id, picture.type(large){url} ,accounts.limit(2).after(Mg){id,picture{url}}";
        let fields = parse(text).unwrap();
        assert_eq!(joined(&fields), text.replace(' ', ""));
        let accounts = &fields[2];
        assert_eq!(accounts.modifier("limit"), Some("2"));
        assert_eq!(accounts.modifier("before"), None);
        assert_eq!(accounts.inner[1].inner[0].name, "url");
    }

    #[test]
    fn an_array_is_a_list_as_well() {
        let of = |text: &str| joined(&parse(text).unwrap());
        assert_eq!(of(r#"["id", "accounts{id}"]"#), "id,accounts{id}");
        assert_eq!(of(r#"["id,name"]"#), "id,name");
        assert_eq!(of("[]"), "");
    }

    #[test]
    fn errors_are_worded_and_placed_as_recorded() {
        for (text, expected) in [
            ("*****", "Expected name.\" at character 0: *****"),
            (
                "third_party_id?access_token=AAAB",
                "Expected end of string instead of \"?\".\" at character 14: third_party_id?access_token=AAAB",
            ),
            (
                "app_,0.7933770411601355access_token,messenger_profile",
                "Expected \"(\" instead of \",\".\" at character 35: app_,0.7933770411601355access_token,messenger_profile",
            ),
            ("id,", "Expected name.\" at character 3: id,"),
            ("picture{}", "Expected name.\" at character 8: picture{}"),
            (
                "a{b;c}",
                "Expected \"}\" instead of \";\".\" at character 3: a{b;c}",
            ),
            ("a.b(c", "Expected \")\".\" at character 5: a.b(c"),
        ] {
            assert_eq!(message(text), format!("Syntax error \"{expected}"));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z_.,(){}\\[\\]\" é]{0,40}") {
            if let Ok(fields) = parse(&text) {
                prop_assert_eq!(parse(&joined(&fields)).unwrap_or_default(), fields);
            }
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let nested = |depth: usize| format!("{}a{}", "a{".repeat(depth), "}".repeat(depth));
        assert!(parse(&nested(DEEPEST)).is_ok());
        assert!(message(&nested(DEEPEST + 1)).contains("instead of \"{\""));
        assert!(message(&"a{".repeat(LONGEST / 2)).contains("instead of \"{\""));
        assert_eq!(parse(&"a,".repeat(LONGEST)).unwrap_err().code, 1);
    }
}
