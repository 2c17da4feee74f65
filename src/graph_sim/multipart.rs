//! Reads a `multipart/form-data` body, in which clients send files. The text of each part is a form field; files are left
//! out, because nothing here stores them.

/// More than any client sends.
const MOST_PARTS: usize = 200;

/// Returns the boundary that a content type names.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut parameters = parameters.split(';').map(str::trim);
    let boundary = parameters.find_map(|one| one.strip_prefix("boundary="))?;
    Some(boundary.trim_matches('"')).filter(|boundary| !boundary.is_empty())
}

/// Returns the names and texts of the parts.
pub(crate) fn fields<'a>(body: &'a [u8], boundary: &str) -> Vec<(&'a str, &'a str)> {
    let opening = format!("--{boundary}");
    let delimiter = format!("\r\n{opening}");
    let Some(mut rest) = body.strip_prefix(opening.as_bytes()) else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    for _ in 0..MOST_PARTS {
        let Some((part, after)) = split_once(rest, delimiter.as_bytes()) else {
            break;
        };
        fields.extend(field(part));
        rest = after;
    }
    fields
}

/// Reads one part: its headers, an empty line, and its content.
fn field(part: &[u8]) -> Option<(&str, &str)> {
    let (headers, content) = split_once(part.strip_prefix(b"\r\n")?, b"\r\n\r\n")?;
    let headers = std::str::from_utf8(headers).ok()?;
    let mut lines = headers.split("\r\n");
    let disposition = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    })?;
    if parameter(disposition, "filename").is_some() {
        return None;
    }
    Some((
        parameter(disposition, "name")?,
        std::str::from_utf8(content).ok()?,
    ))
}

fn parameter<'a>(disposition: &'a str, name: &str) -> Option<&'a str> {
    let mut parameters = disposition.split(';').skip(1).map(str::trim);
    parameters.find_map(|one| {
        let (known, value) = one.split_once('=')?;
        known
            .eq_ignore_ascii_case(name)
            .then(|| value.trim_matches('"'))
    })
}

fn split_once<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut windows = bytes.windows(at.len());
    let start = windows.position(|window| window == at)?;
    Some((bytes.get(..start)?, bytes.get(start + at.len()..)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_boundary_is_read_from_its_header() {
        for (content_type, expected) in [
            ("multipart/form-data; boundary=x-1", Some("x-1")),
            (
                "Multipart/Form-Data; charset=utf-8; boundary=\"a b\"",
                Some("a b"),
            ),
            ("multipart/form-data", None),
            ("multipart/mixed; boundary=x", None),
            ("application/json", None),
        ] {
            assert_eq!(boundary(content_type), expected, "{content_type}");
        }
    }

    #[test]
    fn parts_are_fields_and_files_are_left_out() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"batch\"\r\n\r\n[1]\r\n\
                    --b\r\nContent-Type: image/png\r\ncontent-disposition: form-data; name=\"f\"; \
                    filename=\"a.png\"\r\n\r\n--\r\n\r\n\
                    --b\r\nContent-Disposition: form-data; name=id\r\n\r\ntwo\r\nlines\r\n--b--\r\n";
        let expected = [("batch", "[1]"), ("id", "two\r\nlines")];
        assert_eq!(fields(body.as_bytes(), "b"), expected);
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_left_out(body in "(--b|\r\n|name=|[a-z:;é\"]){0,24}") {
            fields(body.as_bytes(), "b");
        }
    }

    #[test]
    fn what_is_no_form_has_no_fields() {
        for body in ["", "--b", "--b--\r\n", "--b\r\nno headers\r\n--b--", "a=b"] {
            assert!(fields(body.as_bytes(), "b").is_empty(), "{body:?}");
        }
        let part = "\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--b";
        let many = format!("--b{}", part.repeat(MOST_PARTS + 1));
        assert_eq!(fields(many.as_bytes(), "b").len(), MOST_PARTS);
    }
}
