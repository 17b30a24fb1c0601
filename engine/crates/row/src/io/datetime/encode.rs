//! Output styles of dates and times.

use crate::calendar::{self, SECOND, civil_from_days, day_of_week, split_timestamp};
use crate::io::{DateOrder, DateStyle, FormatSettings};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// A number with at least `width` digits.
fn digits(value: i64, width: usize, out: &mut Vec<u8>) {
    let start = out.len();
    crate::io::integer::write_i64(value, out);
    let missing = width.saturating_sub(out.len() - start);
    out.splice(start..start, std::iter::repeat_n(b'0', missing));
}

#[inline]
fn two(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]);
}

/// `.ffffff` without trailing zeros; nothing for 0.
pub(in crate::io) fn write_fraction(micros: i64, out: &mut Vec<u8>) {
    if micros == 0 {
        return;
    }
    let mut rest = micros;
    let mut buffer = *b".000000";
    for place in buffer[1..].iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let end = buffer.iter().rposition(|byte| *byte != b'0').unwrap_or(0) + 1;
    out.extend_from_slice(&buffer[..end]);
}

fn infinity(positive: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if positive { b"infinity".as_slice() } else { b"-infinity" });
}

/// `time_out`
pub(in crate::io) fn write_time(micros: i64, out: &mut Vec<u8>) {
    two(micros / calendar::HOUR, out);
    out.push(b':');
    two(micros / calendar::MINUTE % 60, out);
    out.push(b':');
    two(micros / SECOND % 60, out);
    write_fraction(micros % SECOND, out);
}

/// The year as it is shown: 1 BC for 0.
fn shown_year(year: i64) -> i64 {
    if year > 0 { year } else { 1 - year }
}

/// Day and month in DateStyle's order, with a separator between and after.
fn day_month(day: u32, month: u32, order: DateOrder, separator: u8, out: &mut Vec<u8>) {
    let (first, second) = if order == DateOrder::Dmy { (day, month) } else { (month, day) };
    two(first as i64, out);
    out.push(separator);
    two(second as i64, out);
    out.push(separator);
}

/// The date part, for the styles that begin with a whole date.
fn write_ymd(days: i64, settings: &FormatSettings, postgres_separator: u8, out: &mut Vec<u8>) -> bool {
    let (year, month, day) = civil_from_days(days);
    match settings.date_style {
        DateStyle::Iso => {
            digits(shown_year(year), 4, out);
            out.push(b'-');
            two(month as i64, out);
            out.push(b'-');
            two(day as i64, out);
            return year <= 0;
        }
        DateStyle::Sql => day_month(day, month, settings.date_order, b'/', out),
        DateStyle::German => day_month(day, month, DateOrder::Dmy, b'.', out),
        DateStyle::Postgres => day_month(day, month, settings.date_order, postgres_separator, out),
    }
    digits(shown_year(year), 4, out);
    year <= 0
}

/// `date_out`
pub(in crate::io) fn write_date(days: i32, settings: &FormatSettings, out: &mut Vec<u8>) {
    if days == i32::MIN || days == i32::MAX {
        return infinity(days > 0, out);
    }
    if write_ymd(days as i64, settings, b'-', out) {
        out.extend_from_slice(b" BC");
    }
}

/// `timestamp_out`
pub(in crate::io) fn write_timestamp(micros: i64, settings: &FormatSettings, out: &mut Vec<u8>) {
    write_moment(micros, settings, None, out);
}

/// `timestamptz_out`
pub(in crate::io) fn write_timestamptz(micros: i64, settings: &FormatSettings, out: &mut Vec<u8>) {
    if micros == i64::MIN || micros == i64::MAX {
        return infinity(micros > 0, out);
    }
    if settings.date_style == DateStyle::Iso {
        let east = settings.time_zone.offset_at(micros);
        let local = micros.saturating_add(east as i64 * SECOND);
        return write_moment(local, settings, Some((east, None)), out);
    }
    let info = settings.time_zone.info_at(micros);
    let local = micros.saturating_add(info.seconds as i64 * SECOND);
    write_moment(local, settings, Some((info.seconds, Some(&info.abbreviation))), out);
}

fn write_moment(local: i64, settings: &FormatSettings, zone: Option<(i32, Option<&str>)>, out: &mut Vec<u8>) {
    if local == i64::MIN || local == i64::MAX {
        return infinity(local > 0, out);
    }
    let (days, time) = split_timestamp(local);
    let bc = if settings.date_style == DateStyle::Postgres {
        let (year, month, day) = civil_from_days(days);
        out.extend_from_slice(DAYS[day_of_week(days) as usize].as_bytes());
        out.push(b' ');
        let name = MONTHS[month as usize - 1].as_bytes();
        if settings.date_order == DateOrder::Dmy {
            two(day as i64, out);
            out.push(b' ');
            out.extend_from_slice(name);
        } else {
            out.extend_from_slice(name);
            out.push(b' ');
            two(day as i64, out);
        }
        out.push(b' ');
        write_time(time, out);
        out.push(b' ');
        digits(shown_year(year), 4, out);
        year <= 0
    } else {
        let bc = write_ymd(days, settings, b'-', out);
        out.push(b' ');
        write_time(time, out);
        bc
    };
    match zone {
        None => {}
        Some((_, Some(abbreviation))) => {
            out.push(b' ');
            out.extend_from_slice(abbreviation.as_bytes());
        }
        Some((east, None)) => {
            if settings.date_style == DateStyle::Postgres {
                out.push(b' ');
            }
            write_offset(east, out);
        }
    }
    if bc {
        out.extend_from_slice(b" BC");
    }
}

/// `+hh[:mm[:ss]]`
fn write_offset(east: i32, out: &mut Vec<u8>) {
    out.push(if east < 0 { b'-' } else { b'+' });
    let seconds = east.unsigned_abs() as i64;
    two(seconds / 3600, out);
    if seconds % 3600 != 0 {
        out.push(b':');
        two(seconds / 60 % 60, out);
        if seconds % 60 != 0 {
            out.push(b':');
            two(seconds % 60, out);
        }
    }
}
