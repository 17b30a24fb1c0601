//! Roman numerals.

const STEPS: [(i32, &str); 13] = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
];

/// The width of the longest numeral, MMMDCCCLXXXVIII.
pub(super) const WIDTH: usize = 15;

/// The numeral of 1 to 3999, None for others.
pub(super) fn numeral(number: i32) -> Option<String> {
    if !(1..=3999).contains(&number) {
        return None;
    }
    let (mut rest, mut text) = (number, String::new());
    for (value, digits) in STEPS {
        while rest >= value {
            text.push_str(digits);
            rest -= value;
        }
    }
    Some(text)
}

pub(super) fn is_letter(byte: u8) -> bool {
    matches!(byte.to_ascii_uppercase(), b'I' | b'V' | b'X' | b'L' | b'C' | b'D' | b'M')
}

/// The value of a well-formed numeral of either case.
pub(super) fn value(text: &str) -> Option<i32> {
    let upper = text.to_ascii_uppercase();
    let (mut rest, mut total) = (upper.as_str(), 0);
    for (value, digits) in STEPS {
        while let Some(after) = rest.strip_prefix(digits) {
            total += value;
            rest = after;
            if total > 3999 {
                return None;
            }
        }
    }
    // Only the numeral that the number would be written as is well formed.
    (rest.is_empty() && numeral(total).is_some_and(|canonical| canonical == upper)).then_some(total)
}
