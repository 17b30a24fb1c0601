//! `DecodeDateTime` and `DecodeTimeOnly`.

use super::fields::{Fields, mask};
use super::number::{self, NumberContext};
use super::tokens::FieldKind;
use super::words::{self, Word};
use super::{Refusal, civil_from_julian, tokenize};
use crate::abbreviations::{self, Abbreviation};
use crate::calendar::DAY;
use crate::io::FormatSettings;
use crate::timezone::{Zone, ZoneAbbreviation};

/// What an input says.
pub(super) enum Decoded {
    /// A date and time with its offset.
    Fields(Fields),
    /// A word for a value.
    Special(Special),
}

/// epoch, infinity, -infinity
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    Epoch,
    Infinity,
    NegInfinity,
}

/// A field that announced the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    Julian,
    Time,
    Other,
}

/// State common to both decoders.
struct Decoder {
    fields: Fields,
    known: u32,
    context: NumberContext,
    prefix: Option<Prefix>,
    text_month: bool,
    julian: bool,
    bc: bool,
    afternoon: Option<bool>,
    /// A zone whose offset depends on the time.
    named: Option<Zone>,
    /// The abbreviation by which it was named.
    abbreviation: Option<String>,
    /// The session's.
    zone: Zone,
    special: Option<Special>,
    /// A word for the current time or day.
    current: Option<String>,
    /// `time` is wanted, not a date.
    time_only: bool,
}

/// `DecodeDateTime`
pub(super) fn decode_date_time(input: &str, settings: &FormatSettings) -> Result<Decoded, Refusal> {
    let tokens = tokenize(input)?;
    let mut decoder = Decoder::new(settings, false);
    for (kind, text) in &tokens {
        decoder.field(*kind, text, false)?;
    }
    if decoder.prefix.is_some() {
        return Err(Refusal::BadFormat);
    }
    if let Some(special) = decoder.special {
        return Ok(Decoded::Special(special));
    }
    let known = decoder.known;
    number::validate(known, decoder.julian, decoder.context.two_digit_year, decoder.bc, &mut decoder.fields)?;
    decoder.apply_am_pm()?;
    if known & mask::DATE != mask::DATE {
        return Err(Refusal::BadFormat);
    }
    if decoder.named.is_some() && known & mask::DAYLIGHT != 0 {
        return Err(Refusal::BadFormat);
    }
    if let Some(zone) = &decoder.named {
        let local = decoder.fields.local_micros();
        decoder.fields.east = match &decoder.abbreviation {
            Some(name) => zone.offset_of_abbreviation(name, local),
            None => zone.offset_of_local(local),
        };
    } else if known & mask::ZONE == 0 {
        if known & mask::DAYLIGHT != 0 {
            return Err(Refusal::BadFormat);
        }
        decoder.fields.east = settings.time_zone.offset_of_local(decoder.fields.local_micros());
    }
    if let Some(word) = decoder.current {
        return Err(Refusal::CurrentTime(word));
    }
    Ok(Decoded::Fields(decoder.fields))
}

/// `DecodeTimeOnly`
pub(super) fn decode_time_only(input: &str, settings: &FormatSettings) -> Result<Fields, Refusal> {
    let tokens = tokenize(input)?;
    let mut decoder = Decoder::new(settings, true);
    for (index, (kind, text)) in tokens.iter().enumerate() {
        // A date may stand first if a time or a zone with punctuation follows.
        let date_first = index == 0
            && tokens.len() >= 2
            && (tokens[tokens.len() - 1].0 == FieldKind::Date || tokens[1].0 == FieldKind::Time);
        decoder.field(*kind, text, date_first)?;
    }
    if decoder.prefix.is_some() {
        return Err(Refusal::BadFormat);
    }
    let known = decoder.known;
    number::validate(known, decoder.julian, decoder.context.two_digit_year, decoder.bc, &mut decoder.fields)?;
    decoder.apply_am_pm()?;
    if decoder.fields.time_overflows() {
        return Err(Refusal::FieldOverflow);
    }
    if known & mask::TIME != mask::TIME {
        return Err(Refusal::BadFormat);
    }
    // Without a date the offset of a zone with rules is unknown; an abbreviation has one all the same.
    let needs_date =
        known & mask::ABBREVIATION == 0 && decoder.named.as_ref().is_some_and(|zone| !zone.is_fixed());
    if needs_date && known & mask::DATE != mask::DATE {
        return Err(Refusal::BadFormat);
    }
    if let Some(word) = decoder.current {
        return Err(Refusal::CurrentTime(word));
    }
    Ok(decoder.fields)
}

impl Decoder {
    fn new(settings: &FormatSettings, time_only: bool) -> Self {
        Decoder {
            fields: Fields::default(),
            known: 0,
            context: NumberContext { order: settings.date_order, two_digit_year: false },
            prefix: None,
            text_month: false,
            julian: false,
            bc: false,
            afternoon: None,
            named: None,
            abbreviation: None,
            zone: settings.time_zone.clone(),
            special: None,
            current: None,
            time_only,
        }
    }

    /// What counts as known for numbers: `time` input has no date to find.
    fn known_for_numbers(&self) -> u32 {
        if self.time_only { self.known | mask::DATE } else { self.known }
    }

    fn field(&mut self, kind: FieldKind, text: &str, date_first: bool) -> Result<(), Refusal> {
        let decoded = match kind {
            FieldKind::Date => self.date_field(text, date_first)?,
            FieldKind::Time => {
                if self.prefix.take().is_some_and(|prefix| prefix != Prefix::Time) {
                    return Err(Refusal::BadFormat);
                }
                let decoded = number::time(text, &mut self.fields)?;
                if !self.time_only && self.fields.time_overflows() {
                    return Err(Refusal::FieldOverflow);
                }
                decoded
            }
            FieldKind::Zone => {
                self.fields.east = number::zone(text)?;
                mask::ZONE
            }
            FieldKind::Number => self.number_field(text, date_first)?,
            FieldKind::String | FieldKind::Special => match self.word(text)? {
                Some(decoded) => decoded,
                None => return Ok(()),
            },
        };
        if decoded & self.known != 0 {
            return Err(Refusal::BadFormat);
        }
        self.known |= decoded;
        Ok(())
    }

    fn date_field(&mut self, text: &str, date_first: bool) -> Result<u32, Refusal> {
        if self.prefix == Some(Prefix::Julian) && !self.time_only {
            let (value, rest) = number::int4_prefix(text)?;
            if value < 0 {
                return Err(Refusal::FieldOverflow);
            }
            self.set_julian(value);
            self.fields.east = number::zone(rest)?;
            self.prefix = None;
            return Ok(mask::DATE | mask::TIME | mask::ZONE);
        }
        let have_day = self.known & (mask::MONTH | mask::DAY) == mask::MONTH | mask::DAY;
        let take_date = if self.time_only { date_first } else { self.prefix.is_none() && !have_day };
        if take_date {
            return number::date(text, self.known, &mut self.fields, &mut self.context);
        }
        let digits_first = text.as_bytes()[0].is_ascii_digit();
        if digits_first || (self.prefix.is_some() && !self.time_only) {
            if !self.time_only && self.prefix.take().is_some_and(|prefix| prefix != Prefix::Time) {
                return Err(Refusal::BadFormat);
            }
            if self.known & mask::TIME == mask::TIME {
                return Err(Refusal::BadFormat);
            }
            // hhmmss-zz
            let minus = text.find('-').ok_or(Refusal::BadFormat)?;
            self.fields.east = number::zone(&text[minus..])?;
            let known = self.known_for_numbers();
            let decoded = number::number_field(&text[..minus], known, &mut self.fields, &mut self.context)?;
            return Ok(decoded | mask::ZONE);
        }
        self.named = Some(Zone::lookup(text).ok_or_else(|| Refusal::BadZone(text.to_string()))?);
        Ok(mask::ZONE)
    }

    fn number_field(&mut self, text: &str, date_first: bool) -> Result<u32, Refusal> {
        if let Some(prefix) = self.prefix.take() {
            let (value, rest) = number::int4_prefix(text)?;
            if !rest.is_empty() && !rest.starts_with('.') {
                return Err(Refusal::BadFormat);
            }
            return match prefix {
                Prefix::Julian => {
                    if value < 0 {
                        return Err(Refusal::FieldOverflow);
                    }
                    self.set_julian(value);
                    if rest.is_empty() {
                        return Ok(mask::DATE);
                    }
                    let micros = (number::fraction(rest)? * DAY as f64) as i64;
                    self.fields.hour = micros / 3_600_000_000;
                    self.fields.minute = micros / 60_000_000 % 60;
                    self.fields.second = micros / 1_000_000 % 60;
                    self.fields.micros = micros % 1_000_000;
                    Ok(mask::DATE | mask::TIME)
                }
                Prefix::Time => {
                    let known = self.known | mask::DATE;
                    match number::number_field(text, known, &mut self.fields, &mut self.context)? {
                        mask::TIME => Ok(mask::TIME),
                        _ => Err(Refusal::BadFormat),
                    }
                }
                Prefix::Other => Err(Refusal::BadFormat),
            };
        }
        let known = self.known_for_numbers();
        let point = text.find('.');
        if self.time_only {
            return match point {
                Some(_) if date_first => number::date(text, self.known, &mut self.fields, &mut self.context),
                Some(point) if point > 2 => {
                    number::number_field(text, known, &mut self.fields, &mut self.context)
                }
                Some(_) => Err(Refusal::BadFormat),
                None if text.len() > 4 => {
                    number::number_field(text, known, &mut self.fields, &mut self.context)
                }
                None => number::number(text, false, known, &mut self.fields, &mut self.context),
            };
        }
        match point {
            Some(_) if known & mask::DATE == 0 => {
                number::date(text, known, &mut self.fields, &mut self.context)
            }
            Some(point) if point > 2 => {
                number::number_field(text, known, &mut self.fields, &mut self.context)
            }
            _ if text.len() >= 6 && (known & mask::DATE == 0 || known & mask::TIME == 0) => {
                number::number_field(text, known, &mut self.fields, &mut self.context)
            }
            _ => number::number(text, self.text_month, known, &mut self.fields, &mut self.context),
        }
    }

    /// A word; None if it says nothing.
    fn word(&mut self, text: &str) -> Result<Option<u32>, Refusal> {
        // The session's zone knows its own abbreviations best.
        let own = self.zone.abbreviation(text).map(|meaning| match meaning {
            ZoneAbbreviation::Fixed(east, daylight) => Ok((east, daylight)),
            ZoneAbbreviation::Varying => Err(self.zone.clone()),
        });
        let meaning = match own {
            Some(meaning) => Some(meaning),
            None => abbreviations::lookup(text)
                .map(|abbreviation| match abbreviation {
                    Abbreviation::Fixed(east, daylight) => Ok(Ok((east, daylight))),
                    Abbreviation::Zone(name) => {
                        Zone::lookup(name).map(Err).ok_or_else(|| Refusal::BadZone(name.into()))
                    }
                })
                .transpose()?,
        };
        if let Some(meaning) = meaning {
            let daylight = match meaning {
                Ok((east, daylight)) => {
                    self.fields.east = east;
                    daylight
                }
                Err(zone) => {
                    self.named = Some(zone);
                    self.abbreviation = Some(text.to_string());
                    true
                }
            };
            let extra = if daylight { mask::ABBREVIATION } else { 0 };
            return Ok(Some(mask::ZONE | extra));
        }
        let Some(word) = words::datetime(text) else {
            // An all-letter zone name.
            self.named = Some(Zone::lookup(text).ok_or(Refusal::BadFormat)?);
            return Ok(Some(mask::ZONE));
        };
        let decoded = match word {
            Word::Ignore => return Ok(None),
            Word::Month(_) | Word::Weekday | Word::Daylight if self.time_only => {
                return Err(Refusal::BadFormat);
            }
            Word::Month(month) => {
                let mut decoded = mask::MONTH;
                // A number that was taken for the month was the day.
                if self.known & mask::MONTH != 0
                    && !self.text_month
                    && self.known & mask::DAY == 0
                    && (1..=31).contains(&self.fields.month)
                {
                    self.fields.day = self.fields.month;
                    decoded = mask::DAY;
                }
                self.text_month = true;
                self.fields.month = month as i64;
                decoded
            }
            Word::Weekday => mask::WEEKDAY,
            Word::Am | Word::Pm => {
                self.afternoon = Some(word == Word::Pm);
                mask::AMPM
            }
            Word::Ad | Word::Bc => {
                self.bc = word == Word::Bc;
                mask::ADBC
            }
            Word::IsoTime => {
                if (!self.time_only && self.known & mask::DATE != mask::DATE) || self.prefix.is_some() {
                    return Err(Refusal::BadFormat);
                }
                self.prefix = Some(Prefix::Time);
                0
            }
            Word::Julian | Word::Unit => {
                if self.prefix.is_some() {
                    return Err(Refusal::BadFormat);
                }
                self.prefix = Some(if word == Word::Julian { Prefix::Julian } else { Prefix::Other });
                0
            }
            Word::Daylight => {
                self.fields.east += 3600;
                mask::DAYLIGHT
            }
            Word::Allballs => {
                self.fields.east = 0;
                mask::TIME | mask::ZONE
            }
            Word::Epoch | Word::Infinity | Word::NegInfinity if self.time_only => {
                return Err(Refusal::BadFormat);
            }
            Word::Epoch | Word::Infinity | Word::NegInfinity => {
                self.special = Some(match word {
                    Word::Epoch => Special::Epoch,
                    Word::Infinity => Special::Infinity,
                    _ => Special::NegInfinity,
                });
                mask::DATE | mask::TIME | mask::ZONE
            }
            Word::Current if self.time_only && text != "now" => return Err(Refusal::BadFormat),
            Word::Current => {
                self.current = Some(text.to_string());
                // Any day: what else is said is checked beside it.
                (self.fields.year, self.fields.month, self.fields.day) = (2000, 1, 1);
                match text {
                    "now" if self.time_only => mask::TIME,
                    "now" => mask::DATE | mask::TIME | mask::ZONE,
                    _ => mask::DATE,
                }
            }
        };
        Ok(Some(decoded))
    }

    fn set_julian(&mut self, julian: i64) {
        let (year, month, day) = civil_from_julian(julian);
        (self.fields.year, self.fields.month, self.fields.day) = (year, month as i64, day as i64);
        self.julian = true;
    }

    fn apply_am_pm(&mut self) -> Result<(), Refusal> {
        let Some(afternoon) = self.afternoon else { return Ok(()) };
        if self.fields.hour > 12 {
            return Err(Refusal::FieldOverflow);
        }
        match (afternoon, self.fields.hour) {
            (false, 12) => self.fields.hour = 0,
            (true, hour) if hour != 12 => self.fields.hour += 12,
            _ => {}
        }
        Ok(())
    }
}
