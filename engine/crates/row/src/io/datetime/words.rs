//! The words of date, time and interval input (`datetktbl` and `deltatktbl`).

/// What a word in a date or time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Word {
    Ignore,
    Month(u32),
    Weekday,
    Am,
    Pm,
    Ad,
    Bc,
    /// `t` before a time.
    IsoTime,
    /// `j`, `jd`, `julian` before a day number.
    Julian,
    /// Other unit words, which no date may hold.
    Unit,
    /// `dst`: an hour more.
    Daylight,
    Allballs,
    Epoch,
    Infinity,
    NegInfinity,
    /// now, today, tomorrow, yesterday
    Current,
}

/// Words are compared by their first ten characters, as in PostgreSQL.
const SIGNIFICANT: usize = 10;

fn significant(word: &str) -> &str {
    word.get(..SIGNIFICANT.min(word.len())).unwrap_or(word)
}

/// A word of `datetktbl`, in lower case.
pub(in crate::io) fn datetime(word: &str) -> Option<Word> {
    Some(match significant(word) {
        "at" | "on" => Word::Ignore,
        "jan" | "january" => Word::Month(1),
        "feb" | "february" => Word::Month(2),
        "mar" | "march" => Word::Month(3),
        "apr" | "april" => Word::Month(4),
        "may" => Word::Month(5),
        "jun" | "june" => Word::Month(6),
        "jul" | "july" => Word::Month(7),
        "aug" | "august" => Word::Month(8),
        "sep" | "sept" | "september" => Word::Month(9),
        "oct" | "october" => Word::Month(10),
        "nov" | "november" => Word::Month(11),
        "dec" | "december" => Word::Month(12),
        "sun" | "sunday" | "mon" | "monday" | "tue" | "tues" | "tuesday" | "wed" | "weds" | "wednesday"
        | "thu" | "thur" | "thurs" | "thursday" | "fri" | "friday" | "sat" | "saturday" => Word::Weekday,
        "am" => Word::Am,
        "pm" => Word::Pm,
        "ad" => Word::Ad,
        "bc" => Word::Bc,
        "t" => Word::IsoTime,
        "j" | "jd" | "julian" => Word::Julian,
        "d" | "dow" | "doy" | "h" | "isodow" | "isoyear" | "m" | "mm" | "s" | "y" => Word::Unit,
        "dst" => Word::Daylight,
        "allballs" => Word::Allballs,
        "epoch" => Word::Epoch,
        "infinity" | "+infinity" => Word::Infinity,
        "-infinity" => Word::NegInfinity,
        "now" | "today" | "tomorrow" | "yesterday" => Word::Current,
        _ => return None,
    })
}

/// A unit of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Decade,
    Century,
    Millennium,
    /// Known words that no interval may hold (quarter, timezone).
    Other,
}

/// A unit word of `deltatktbl`, in lower case.
pub(in crate::io) fn unit(word: &str) -> Option<Unit> {
    Some(match significant(word) {
        "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecon" => Unit::Microsecond,
        "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecon" => Unit::Millisecond,
        "s" | "sec" | "secs" | "second" | "seconds" => Unit::Second,
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
        "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Hour,
        "d" | "day" | "days" => Unit::Day,
        "w" | "week" | "weeks" => Unit::Week,
        "mon" | "mons" | "month" | "months" => Unit::Month,
        "y" | "yr" | "yrs" | "year" | "years" => Unit::Year,
        "dec" | "decs" | "decade" | "decades" => Unit::Decade,
        "c" | "cent" | "century" | "centuries" => Unit::Century,
        "mil" | "mils" | "millennium" | "millennia" => Unit::Millennium,
        "qtr" | "quarter" | "timezone" | "timezone_h" | "timezone_m" => Unit::Other,
        _ => return None,
    })
}
