//! Format pictures of dates and times.

use tidewire_row::{EvalError, EvalResult};

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Capital,
    Lower,
}

/// A field of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// FX: the input has fixed widths.
    Fixed,
    /// AM, PM, with or without points.
    Meridiem {
        points: bool,
        upper: bool,
    },
    /// AD, BC, with or without points.
    Era {
        points: bool,
        upper: bool,
    },
    Hour12,
    Hour24,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    /// FF1 to FF6
    Fraction(u8),
    SecondsOfDay,
    /// TZ, tz
    ZoneName {
        upper: bool,
    },
    ZoneHours,
    ZoneMinutes,
    /// OF
    ZoneOffset,
    MonthName(Case),
    MonthShort(Case),
    Month,
    DayName(Case),
    DayShort(Case),
    DayOfYear,
    IsoDayOfYear,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    Week,
    IsoWeek,
    WeekOfMonth,
    Quarter,
    Century,
    /// Y,YYY
    YearWithComma,
    /// YYYY, YYY, YY, Y by the number of digits
    Year(u8),
    /// IYYY, IYY, IY, I
    IsoYear(u8),
    /// RM, rm
    RomanMonth {
        upper: bool,
    },
    Julian,
}

/// Which calendar a field counts by; the two must not be mixed in input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convention {
    Any,
    Gregorian,
    IsoWeek,
}

impl Key {
    /// Whether it is written in digits only, so that it can stand next to another without a separator.
    pub fn is_digits(self) -> bool {
        !matches!(
            self,
            Key::Fixed
                | Key::Meridiem { .. }
                | Key::Era { .. }
                | Key::ZoneName { .. }
                | Key::ZoneHours
                | Key::ZoneOffset
                | Key::MonthName(_)
                | Key::MonthShort(_)
                | Key::DayName(_)
                | Key::DayShort(_)
                | Key::RomanMonth { .. }
        )
    }

    pub fn convention(self) -> Convention {
        match self {
            Key::DayOfYear
            | Key::Day
            | Key::DayOfWeek
            | Key::Month
            | Key::MonthName(_)
            | Key::MonthShort(_)
            | Key::RomanMonth { .. }
            | Key::Week
            | Key::WeekOfMonth
            | Key::Year(_)
            | Key::YearWithComma => Convention::Gregorian,
            Key::IsoDayOfYear | Key::IsoDayOfWeek | Key::IsoWeek | Key::IsoYear(_) => Convention::IsoWeek,
            _ => Convention::Any,
        }
    }
}

/// TH or th behind a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ordinal {
    Upper,
    Lower,
}

/// A part of a picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Field {
        key: Key,
        /// The pattern as messages name it.
        name: &'static str,
        /// FM before it.
        fill: bool,
        /// TM before it.
        localized: bool,
        ordinal: Option<Ordinal>,
    },
    /// A printable ASCII character that is no letter or digit.
    Separator(char),
    Space(char),
    Character(char),
}

const fn meridiem(points: bool, upper: bool) -> Key {
    Key::Meridiem { points, upper }
}

const fn era(points: bool, upper: bool) -> Key {
    Key::Era { points, upper }
}

/// Patterns; of those that begin alike the longer ones come first.
const PATTERNS: &[(&str, Key)] = &[
    ("A.D.", era(true, true)),
    ("A.M.", meridiem(true, true)),
    ("AD", era(false, true)),
    ("AM", meridiem(false, true)),
    ("B.C.", era(true, true)),
    ("BC", era(false, true)),
    ("CC", Key::Century),
    ("DAY", Key::DayName(Case::Upper)),
    ("DDD", Key::DayOfYear),
    ("DD", Key::Day),
    ("DY", Key::DayShort(Case::Upper)),
    ("Day", Key::DayName(Case::Capital)),
    ("Dy", Key::DayShort(Case::Capital)),
    ("D", Key::DayOfWeek),
    ("FF1", Key::Fraction(1)),
    ("FF2", Key::Fraction(2)),
    ("FF3", Key::Fraction(3)),
    ("FF4", Key::Fraction(4)),
    ("FF5", Key::Fraction(5)),
    ("FF6", Key::Fraction(6)),
    ("FX", Key::Fixed),
    ("HH24", Key::Hour24),
    ("HH12", Key::Hour12),
    ("HH", Key::Hour12),
    ("IDDD", Key::IsoDayOfYear),
    ("ID", Key::IsoDayOfWeek),
    ("IW", Key::IsoWeek),
    ("IYYY", Key::IsoYear(4)),
    ("IYY", Key::IsoYear(3)),
    ("IY", Key::IsoYear(2)),
    ("I", Key::IsoYear(1)),
    ("J", Key::Julian),
    ("MI", Key::Minute),
    ("MM", Key::Month),
    ("MONTH", Key::MonthName(Case::Upper)),
    ("MON", Key::MonthShort(Case::Upper)),
    ("MS", Key::Millisecond),
    ("Month", Key::MonthName(Case::Capital)),
    ("Mon", Key::MonthShort(Case::Capital)),
    ("OF", Key::ZoneOffset),
    ("P.M.", meridiem(true, true)),
    ("PM", meridiem(false, true)),
    ("Q", Key::Quarter),
    ("RM", Key::RomanMonth { upper: true }),
    ("SSSSS", Key::SecondsOfDay),
    ("SSSS", Key::SecondsOfDay),
    ("SS", Key::Second),
    ("TZH", Key::ZoneHours),
    ("TZM", Key::ZoneMinutes),
    ("TZ", Key::ZoneName { upper: true }),
    ("US", Key::Microsecond),
    ("WW", Key::Week),
    ("W", Key::WeekOfMonth),
    ("Y,YYY", Key::YearWithComma),
    ("YYYY", Key::Year(4)),
    ("YYY", Key::Year(3)),
    ("YY", Key::Year(2)),
    ("Y", Key::Year(1)),
    ("a.d.", era(true, false)),
    ("a.m.", meridiem(true, false)),
    ("ad", era(false, false)),
    ("am", meridiem(false, false)),
    ("b.c.", era(true, false)),
    ("bc", era(false, false)),
    ("cc", Key::Century),
    ("day", Key::DayName(Case::Lower)),
    ("ddd", Key::DayOfYear),
    ("dd", Key::Day),
    ("dy", Key::DayShort(Case::Lower)),
    ("d", Key::DayOfWeek),
    ("ff1", Key::Fraction(1)),
    ("ff2", Key::Fraction(2)),
    ("ff3", Key::Fraction(3)),
    ("ff4", Key::Fraction(4)),
    ("ff5", Key::Fraction(5)),
    ("ff6", Key::Fraction(6)),
    ("fx", Key::Fixed),
    ("hh24", Key::Hour24),
    ("hh12", Key::Hour12),
    ("hh", Key::Hour12),
    ("iddd", Key::IsoDayOfYear),
    ("id", Key::IsoDayOfWeek),
    ("iw", Key::IsoWeek),
    ("iyyy", Key::IsoYear(4)),
    ("iyy", Key::IsoYear(3)),
    ("iy", Key::IsoYear(2)),
    ("i", Key::IsoYear(1)),
    ("j", Key::Julian),
    ("mi", Key::Minute),
    ("mm", Key::Month),
    ("month", Key::MonthName(Case::Lower)),
    ("mon", Key::MonthShort(Case::Lower)),
    ("ms", Key::Millisecond),
    ("of", Key::ZoneOffset),
    ("p.m.", meridiem(true, false)),
    ("pm", meridiem(false, false)),
    ("q", Key::Quarter),
    ("rm", Key::RomanMonth { upper: false }),
    ("sssss", Key::SecondsOfDay),
    ("ssss", Key::SecondsOfDay),
    ("ss", Key::Second),
    ("tzh", Key::ZoneHours),
    ("tzm", Key::ZoneMinutes),
    ("tz", Key::ZoneName { upper: false }),
    ("us", Key::Microsecond),
    ("ww", Key::Week),
    ("w", Key::WeekOfMonth),
    ("y,yyy", Key::YearWithComma),
    ("yyyy", Key::Year(4)),
    ("yyy", Key::Year(3)),
    ("yy", Key::Year(2)),
    ("y", Key::Year(1)),
];

/// A printable ASCII character that is neither letter nor digit.
pub(super) fn is_separator(character: char) -> bool {
    character.is_ascii_graphic() && !character.is_ascii_alphanumeric()
}

/// C's isspace.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// A picture.
pub(super) struct Picture {
    pub parts: Vec<Part>,
}

impl Picture {
    /// Reads a picture; every text is one.
    pub fn parse(text: &str) -> EvalResult<Self> {
        Self::read(text, false)
    }

    /// Reads a picture of SQL/JSON, where only these separators may stand between fields: `-./,':;` and a blank.
    pub fn standard(text: &str) -> EvalResult<Self> {
        Self::read(text, true)
    }

    fn read(text: &str, standard: bool) -> EvalResult<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (mut fill, mut localized) = (false, false);
            if rest.starts_with("FM") || rest.starts_with("fm") {
                fill = true;
                rest = &rest[2..];
            } else if rest.starts_with("TM") || rest.starts_with("tm") {
                localized = true;
                rest = &rest[2..];
            }
            if let Some((name, key)) = PATTERNS.iter().find(|(name, _)| rest.starts_with(name)) {
                rest = &rest[name.len()..];
                let ordinal = if rest.starts_with("TH") {
                    Some(Ordinal::Upper)
                } else if rest.starts_with("th") {
                    Some(Ordinal::Lower)
                } else {
                    None
                };
                if ordinal.is_some() || rest.starts_with("SP") {
                    rest = &rest[2..];
                }
                parts.push(Part::Field { key: *key, name, fill, localized, ordinal });
                continue;
            }
            let Some(first) = rest.chars().next() else { break };
            if first == '"' {
                rest = quoted(&rest[1..], &mut parts);
                continue;
            }
            if standard {
                if !"-./,':; ".contains(first) {
                    let message = format!("invalid datetime format separator: \"{first}\"");
                    return Err(EvalError::new("22007", message));
                }
                parts.push(if first == ' ' { Part::Space(first) } else { Part::Separator(first) });
                rest = &rest[1..];
                continue;
            }
            let literal = if first == '\\' && rest[1..].starts_with('"') {
                rest = &rest[1..];
                '"'
            } else {
                first
            };
            parts.push(if is_separator(literal) {
                Part::Separator(literal)
            } else if is_space(literal) {
                Part::Space(literal)
            } else {
                Part::Character(literal)
            });
            rest = &rest[literal.len_utf8()..];
        }
        Ok(Picture { parts })
    }
}

/// Takes text up to the closing quote; a backslash quotes the next character. Gives what follows.
fn quoted<'t>(text: &'t str, parts: &mut Vec<Part>) -> &'t str {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return &text[at + 1..],
            '\\' => {
                let literal = characters.next().map_or('\\', |(_, escaped)| escaped);
                parts.push(Part::Character(literal));
            }
            _ => parts.push(Part::Character(character)),
        }
    }
    ""
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Roman numerals of the months from December back, as the search in input wants them: longer ones first.
pub(super) const ROMAN_MONTHS: [&str; 12] =
    ["XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"];
