//! Charts made of characters: bars beside each other's numbers, and a use over time in one line.

use super::output::Glyphs;

/// `████████`: as long as `part` is of `most`. Empty only for nothing.
pub(crate) fn bar(part: u64, most: u64, width: usize, glyphs: Glyphs) -> String {
    let full = match glyphs {
        Glyphs::Unicode => "█",
        Glyphs::Ascii => "#",
    };
    let width = width as u64;
    let length = (part.min(most) * width).div_ceil(most.max(1));
    full.repeat(usize::try_from(length).unwrap_or(0))
}

const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// `▁▁▂█`: a character for each number of percent, the highest from 100 on. Without Unicode, the tenths: `0029`.
pub(crate) fn sparkline(percents: &[u32], glyphs: Glyphs) -> String {
    let level = |percent: u32, levels: u32| (percent.min(100) * levels / 100).min(levels - 1);
    let glyph = |percent: &u32| match glyphs {
        Glyphs::Unicode => EIGHTHS
            .get(level(*percent, 8) as usize)
            .copied()
            .unwrap_or('█'),
        Glyphs::Ascii => char::from_digit(level(*percent, 10), 10).unwrap_or('9'),
    };
    percents.iter().map(glyph).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_empty_only_for_nothing() {
        for (part, expected) in [(0, ""), (1, "█"), (500, "█████"), (501, "██████")]
        {
            assert_eq!(bar(part, 1_000, 10, Glyphs::Unicode), expected, "{part}");
        }
        assert_eq!(bar(2_000, 1_000, 10, Glyphs::Ascii), "##########");
        assert_eq!(bar(7, 10, 0, Glyphs::Ascii), "");
        assert_eq!(bar(0, 0, 10, Glyphs::Ascii), "");
    }

    #[test]
    fn a_line_rises_with_the_use() {
        let percents = [0, 12, 13, 50, 99, 100, 1_000];
        assert_eq!(sparkline(&percents, Glyphs::Unicode), "▁▁▂▅███");
        assert_eq!(sparkline(&percents, Glyphs::Ascii), "0115999");
        assert_eq!(sparkline(&[], Glyphs::Ascii), "");
    }
}
