//! Numbers as people read them: the same groups of digits wherever they are.

/// `1,822`
pub fn grouped(number: u64) -> String {
    grouped_by(',', number)
}

/// With `separator` between groups of three digits.
pub(crate) fn grouped_by(separator: char, number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_in_groups_of_three() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1_822, "1,822"),
            (10_000, "10,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), expected);
        }
        assert_eq!(grouped_by('.', 1_822), "1.822");
    }
}
