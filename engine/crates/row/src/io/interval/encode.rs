//! `interval_out`: the four output styles.

use crate::Interval;
use crate::calendar::{HOUR, MINUTE, SECOND};
use crate::io::IntervalStyle;
use crate::io::datetime::write_fraction;
use crate::io::integer::write_i64;

/// The fields that an interval is shown by.
struct Shown {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
}

/// `interval_out`
pub(in crate::io) fn write(value: Interval, style: IntervalStyle, out: &mut Vec<u8>) {
    if !value.is_finite() {
        let word = if value == Interval::INFINITY { "infinity" } else { "-infinity" };
        return out.extend_from_slice(word.as_bytes());
    }
    let shown = Shown {
        year: (value.months / 12) as i64,
        month: (value.months % 12) as i64,
        day: value.days as i64,
        hour: value.micros / HOUR,
        minute: value.micros / MINUTE % 60,
        second: value.micros / SECOND % 60,
        micros: value.micros % SECOND,
    };
    match style {
        IntervalStyle::Postgres => shown.write_postgres(out),
        IntervalStyle::PostgresVerbose => shown.write_verbose(out),
        IntervalStyle::SqlStandard => shown.write_sql(out),
        IntervalStyle::Iso8601 => shown.write_iso(out),
    }
}

/// Seconds and fraction without sign.
fn write_seconds(second: i64, micros: i64, fill: bool, out: &mut Vec<u8>) {
    if fill && second.abs() < 10 {
        out.push(b'0');
    }
    write_i64(second.abs(), out);
    write_fraction(micros.abs(), out);
}

/// At least two digits.
fn write_two(value: i64, out: &mut Vec<u8>) {
    if value < 10 {
        out.push(b'0');
    }
    write_i64(value, out);
}

impl Shown {
    fn time_negative(&self) -> bool {
        self.hour < 0 || self.minute < 0 || self.second < 0 || self.micros < 0
    }

    fn has_time(&self) -> bool {
        self.hour != 0 || self.minute != 0 || self.second != 0 || self.micros != 0
    }

    fn write_postgres(&self, out: &mut Vec<u8>) {
        let mut zero = true;
        let mut before = false;
        for (value, name) in [(self.year, " year"), (self.month, " mon"), (self.day, " day")] {
            if value == 0 {
                continue;
            }
            if !zero {
                out.push(b' ');
            }
            if before && value > 0 {
                out.push(b'+');
            }
            write_i64(value, out);
            out.extend_from_slice(name.as_bytes());
            if value != 1 {
                out.push(b's');
            }
            before = value < 0;
            zero = false;
        }
        if zero || self.has_time() {
            if !zero {
                out.push(b' ');
            }
            if self.time_negative() {
                out.push(b'-');
            } else if before {
                out.push(b'+');
            }
            write_two(self.hour.abs(), out);
            out.push(b':');
            write_two(self.minute.abs(), out);
            out.push(b':');
            write_seconds(self.second, self.micros, true, out);
        }
    }

    fn write_verbose(&self, out: &mut Vec<u8>) {
        out.push(b'@');
        let mut zero = true;
        let mut before = false;
        let parts = [
            (self.year, " year"),
            (self.month, " mon"),
            (self.day, " day"),
            (self.hour, " hour"),
            (self.minute, " min"),
        ];
        for (mut value, name) in parts {
            if value == 0 {
                continue;
            }
            if zero {
                before = value < 0;
                value = value.abs();
            } else if before {
                value = -value;
            }
            out.push(b' ');
            write_i64(value, out);
            out.extend_from_slice(name.as_bytes());
            if value != 1 {
                out.push(b's');
            }
            zero = false;
        }
        if self.second != 0 || self.micros != 0 {
            out.push(b' ');
            if self.second < 0 || (self.second == 0 && self.micros < 0) {
                if zero {
                    before = true;
                } else if !before {
                    out.push(b'-');
                }
            } else if before {
                out.push(b'-');
            }
            write_seconds(self.second, self.micros, false, out);
            out.extend_from_slice(b" sec");
            if self.second.abs() != 1 || self.micros != 0 {
                out.push(b's');
            }
            zero = false;
        }
        if zero {
            out.extend_from_slice(b" 0");
        }
        if before {
            out.extend_from_slice(b" ago");
        }
    }

    fn write_sql(&self, out: &mut Vec<u8>) {
        let all = [self.year, self.month, self.day, self.hour, self.minute, self.second, self.micros];
        let negative = all.iter().any(|value| *value < 0);
        let positive = all.iter().any(|value| *value > 0);
        let year_month = self.year != 0 || self.month != 0;
        let day_time = self.day != 0 || self.has_time();
        let standard = !(negative && positive || year_month && day_time);
        if !negative && !positive {
            return out.push(b'0');
        }
        let number = |value: i64, out: &mut Vec<u8>| write_i64(value.abs(), out);
        let sign = |negative: bool| if negative { b'-' } else { b'+' };
        let clock = |out: &mut Vec<u8>| {
            number(self.hour, out);
            out.push(b':');
            write_two(self.minute.abs(), out);
            out.push(b':');
            write_seconds(self.second, self.micros, true, out);
        };
        if !standard {
            out.push(sign(self.year < 0 || self.month < 0));
            number(self.year, out);
            out.push(b'-');
            number(self.month, out);
            out.extend_from_slice(&[b' ', sign(self.day < 0)]);
            number(self.day, out);
            out.extend_from_slice(&[b' ', sign(self.time_negative())]);
            return clock(out);
        }
        if negative {
            out.push(b'-');
        }
        if year_month {
            number(self.year, out);
            out.push(b'-');
            number(self.month, out);
            return;
        }
        if self.day != 0 {
            number(self.day, out);
            out.push(b' ');
        }
        clock(out);
    }

    fn write_iso(&self, out: &mut Vec<u8>) {
        if self.year == 0 && self.month == 0 && self.day == 0 && !self.has_time() {
            return out.extend_from_slice(b"PT0S");
        }
        let part = |value: i64, designator: u8, out: &mut Vec<u8>| {
            if value != 0 {
                write_i64(value, out);
                out.push(designator);
            }
        };
        out.push(b'P');
        part(self.year, b'Y', out);
        part(self.month, b'M', out);
        part(self.day, b'D', out);
        if self.has_time() {
            out.push(b'T');
            part(self.hour, b'H', out);
            part(self.minute, b'M', out);
            if self.second != 0 || self.micros != 0 {
                if self.second < 0 || self.micros < 0 {
                    out.push(b'-');
                }
                write_seconds(self.second, self.micros, false, out);
                out.push(b'S');
            }
        }
    }
}
