//! Counts the exchanges that moved no end, and decides which of them deserve a line: only the first.

use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Exchanges {
    /// Since the token last got a later end.
    in_vain: BTreeMap<String, u32>,
    /// The day of the first one, of any token.
    first_day: Option<i32>,
    /// Those without a line.
    pub(super) unshown: u32,
}

impl Exchanges {
    /// Returns whether it deserves a line.
    pub(super) fn count(&mut self, token: &str, day: i32) -> bool {
        *self.in_vain.entry(token.to_owned()).or_default() += 1;
        let shown = *self.first_day.get_or_insert(day) == day;
        self.unshown += u32::from(!shown);
        shown
    }

    pub(super) fn reset(&mut self, token: &str) {
        self.in_vain.remove(token);
    }

    pub(super) fn describe(&self, tokens: &[String]) -> String {
        let counts = tokens.iter().filter_map(|token| self.in_vain.get(token));
        let (least, most) = counts.fold((u32::MAX, 0), |(least, most), &count| {
            (least.min(count), most.max(count))
        });
        let each = if tokens.len() > 1 { " each" } else { "" };
        let times = match (least, most) {
            (_, 0) => return String::new(),
            (least, most) if least < most => format!("{least} to {most} times"),
            (_, 1) => "once".to_owned(),
            (_, many) => format!("{many} times"),
        };
        format!("; exchanged {times}{each}: Meta did not move the end")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_exchanges_are_folded() {
        let mut exchanges = Exchanges::default();
        for (token, day, shown) in [("a", 3, true), ("b", 3, true), ("a", 9, false)] {
            assert_eq!(exchanges.count(token, day), shown);
        }
        let names = ["a", "b"].map(str::to_owned);
        assert_eq!(
            exchanges.describe(&names),
            "; exchanged 1 to 2 times each: Meta did not move the end"
        );
        exchanges.reset("b");
        assert_eq!(
            exchanges.describe(&names[..1]),
            "; exchanged 2 times: Meta did not move the end"
        );
        assert_eq!(exchanges.describe(&names[1..]), "");
        assert_eq!(exchanges.unshown, 1);
    }
}
