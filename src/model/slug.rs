//! A name that can be typed, made from what people call something.

/// Longer names are hard to read in a table.
const LONGEST: usize = 40;

/// `Bäckerei Müller` becomes `baeckerei-mueller`; `None` where no Latin letter or digit is left.
pub fn slug(text: &str) -> Option<String> {
    let mut slug = String::new();
    let mut after_gap = false;
    for c in text.to_lowercase().chars() {
        let plain = latin(c);
        if plain.is_empty() {
            // An apostrophe joins, and so does an accent of its own; anything else parts words.
            after_gap |= !matches!(c, '\'' | '\u{2019}' | '\u{300}'..='\u{36f}');
            continue;
        }
        if after_gap && !slug.is_empty() {
            slug.push('-');
        }
        after_gap = false;
        slug.push_str(&plain);
    }
    let cut: String = slug.chars().take(LONGEST).collect();
    let cut = cut.trim_end_matches('-');
    (!cut.is_empty()).then(|| cut.to_owned())
}

/// The letter without its accent, as German and the Nordic languages spell it where they have no such key.
fn latin(c: char) -> String {
    let spelled = match c {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'þ' => "th",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ō' | 'ő' => "o",
        'ŕ' | 'ř' => "r",
        'ś' | 'ş' | 'š' | 'ș' => "s",
        'ţ' | 'ť' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        plain if plain.is_ascii_alphanumeric() => return plain.to_string(),
        _ => "",
    };
    spelled.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_call_things_can_be_typed() {
        for (text, expected) in [
            ("Bäckerei Müller & Söhne", Some("baeckerei-mueller-soehne")),
            ("  Café «Chez Zoë» ", Some("cafe-chez-zoe")),
            ("O'Neil’s", Some("oneils")),
            ("Łódź 24/7", Some("lodz-24-7")),
            ("東京 Noodles", Some("noodles")),
            ("東京", None),
            ("🙂", None),
            ("", None),
        ] {
            assert_eq!(slug(text).as_deref(), expected, "{text}");
        }
        let long = slug(&"a ".repeat(100)).unwrap();
        assert!(long.len() <= LONGEST && !long.ends_with('-'), "{long}");
    }
}
