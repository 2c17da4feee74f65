//! Writes queries and forms. Escapes every byte that is not known to be safe.

/// `name=value` pairs, as a query or as the body of a POST.
#[derive(Default)]
pub(super) struct Form(String);

impl Form {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn field(mut self, name: &str, value: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        escape(&mut self.0, value);
        self
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

pub(super) fn escape(out: &mut String, text: &str) {
    write(out, text, "%");
}

/// Escapes a value in a URL that is itself a value in a form.
pub(super) fn escape_twice(out: &mut String, text: &str) {
    write(out, text, "%25");
}

fn write(out: &mut String, text: &str, mark: &str) {
    // Tokens consist of letters and digits only, so most need no escaping.
    if text.bytes().all(is_harmless) {
        out.push_str(text);
        return;
    }
    for byte in text.bytes() {
        if is_harmless(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(mark);
            out.push(hex_digit(byte >> 4));
            out.push(hex_digit(byte & 15));
        }
    }
}

fn is_harmless(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn hex_digit(nibble: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(nibble & 15)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_break_out_of_its_field() {
        let form = Form::new()
            .field("a", "EAAb1-._~")
            .field("b", "1|2&c=\"ü\"\n%+");
        assert_eq!(
            form.into_string(),
            "a=EAAb1-._~&b=1%7C2%26c%3D%22%C3%BC%22%0A%25%2B"
        );
    }

    #[test]
    fn escaping_twice_is_escaping_what_is_escaped() {
        let nasty = "1|2 &\"ü";
        let (mut once, mut again, mut twice) = (String::new(), String::new(), String::new());
        escape(&mut once, nasty);
        escape(&mut again, &once);
        escape_twice(&mut twice, nasty);
        assert_eq!(twice, again);
    }
}
