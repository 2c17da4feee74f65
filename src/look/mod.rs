//! The one look of emails, public pages and overview: sizes, colors and the parts of a page. Pages load the style
//! sheet; emails get the same values by name, because mail programs know no custom properties.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const VALUES: &str = include_str!("values.css");

/// The style sheet of a page, which may add rules of its own.
pub const STYLE: &str = concat!(include_str!("values.css"), include_str!("parts.css"));

/// Where the values of the dark look begin.
const DARK: &str = "@media (prefers-color-scheme: dark)";

/// What a color says to the reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// There is nothing to do.
    #[default]
    Idle,
    /// It works.
    Good,
    /// Something must be done in time, or waits for something.
    Warn,
    /// It does not work until someone acts.
    Bad,
}

/// Values by name, without the two hyphens.
pub type Values = BTreeMap<&'static str, &'static str>;

static LIGHT: LazyLock<Values> = LazyLock::new(|| values(VALUES.split(DARK).next()));
static DARK_ONES: LazyLock<Values> = LazyLock::new(|| {
    let own = values(VALUES.split(DARK).nth(1));
    LIGHT
        .iter()
        .map(|(name, value)| (*name, own.get(name).copied().unwrap_or(value)))
        .collect()
});

/// The values of the light look.
pub fn light() -> &'static Values {
    &LIGHT
}

/// The values of the dark look, with those that are the same in both.
pub fn dark() -> &'static Values {
    &DARK_ONES
}

impl Tone {
    /// The name of the class and of the value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    /// The tone of a light color; idle if it is none of them.
    pub fn of_color(color: &str) -> Self {
        let all = [Self::Good, Self::Warn, Self::Bad];
        let found = all.into_iter().find(|tone| tone.color() == color);
        found.unwrap_or_default()
    }

    /// The color in the light look.
    pub fn color(self) -> &'static str {
        light().get(self.name()).copied().unwrap_or_default()
    }
}

fn values(css: Option<&'static str>) -> Values {
    let declarations = css.unwrap_or_default().split(['{', ';']).map(str::trim);
    let named = declarations.filter_map(|line| line.strip_prefix("--")?.split_once(':'));
    named.map(|(name, value)| (name, value.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance by WCAG 2.2 of a color such as `#1b2028`.
    fn luminance(color: &str) -> f64 {
        let channel = |at: usize| {
            let value = u8::from_str_radix(&color[at..at + 2], 16).unwrap();
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn all_text_has_the_contrast_of_wcag_aa() {
        for (look, values) in [("light", light()), ("dark", dark())] {
            let on = |text: &str, ground: &str| contrast(values[text], values[ground]);
            for ground in ["card", "paper", "box"] {
                for text in ["text", "quiet", "link"] {
                    assert!(on(text, ground) >= 4.5, "{look}: {text} on {ground}");
                }
            }
            assert!(on("on-action", "action") >= 4.5, "{look}: the button");
            for tone in [Tone::Idle, Tone::Good, Tone::Warn, Tone::Bad] {
                assert!(on("on-tone", tone.name()) >= 4.5, "{look}: {tone:?}");
                assert!(on(tone.name(), "card") >= 4.5, "{look}: {tone:?} as text");
            }
            for part in ["action", "focus"] {
                assert!(
                    on(part, "card") >= 3.0 && on(part, "paper") >= 3.0,
                    "{look}: {part}"
                );
            }
        }
    }

    #[test]
    fn each_color_has_its_dark_one() {
        let own = values(VALUES.split(DARK).nth(1));
        let colors = light().iter().filter(|(_, value)| value.starts_with('#'));
        for (name, _) in colors {
            assert!(own.contains_key(name), "--{name} has no dark value");
        }
        assert!(own.keys().all(|name| light().contains_key(name)));
        assert_eq!(dark()["title"], light()["title"]);
    }

    #[test]
    fn parts_use_only_values_that_there_are() {
        for used in STYLE.split("var(--").skip(1) {
            let name = used.split([')', ',']).next().unwrap();
            assert!(name == "tone" || light().contains_key(name), "--{name}");
        }
    }
}
