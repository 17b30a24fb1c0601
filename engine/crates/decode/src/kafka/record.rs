//! Records of a batch, read in place.

use super::batch::ChunkPlace;
use std::borrow::Cow;

/// A record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) offset: i64,
    /// Milliseconds since 1970; -1 where there is none.
    pub(crate) timestamp: i64,
    pub(crate) place: ChunkPlace<'a>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: Headers<'a>,
}

/// A record's headers: how many, and each as name and value.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Headers<'a> {
    count: usize,
    bytes: &'a [u8],
}

impl<'a> Headers<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = (Cow<'a, str>, Option<&'a [u8]>)> {
        let mut reader = Reader::new(self.bytes);
        (0..self.count).map_while(move |_| {
            let name = reader.bytes()??;
            Some((String::from_utf8_lossy(name), reader.bytes()?))
        })
    }

    /// The value of a name; of a header that comes several times the last counts. None: there is no such header.
    pub(crate) fn last(self, name: &str) -> Option<&'a [u8]> {
        self.iter().filter(|(found, _)| found == name).last().and_then(|(_, value)| value)
    }

    /// An object of texts: a header that comes several times has an array, one that is no text PostgreSQL's form of a bytea.
    pub(crate) fn json(self) -> String {
        let mut members: Vec<(Cow<str>, Vec<serde_json::Value>)> = Vec::new();
        for (name, value) in self.iter() {
            let value = value.map_or(serde_json::Value::Null, |value| header_text(value).into());
            match members.iter_mut().find(|(found, _)| *found == name) {
                Some((_, values)) => values.push(value),
                None => members.push((name, vec![value])),
            }
        }
        let member = |(name, mut values): (Cow<str>, Vec<serde_json::Value>)| {
            let value = if values.len() == 1 { values.remove(0) } else { values.into() };
            (name.into_owned(), value)
        };
        serde_json::Value::Object(members.into_iter().map(member).collect()).to_string()
    }
}

fn header_text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !text.contains('\0') => text.to_owned(),
        _ => value.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}")),
    }
}

/// Takes records and their parts off some bytes. None: they are cut, or no such thing.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// The next record of a batch that begins at this offset and time.
    #[inline]
    pub(super) fn record(&mut self, offset: i64, time: i64, place: ChunkPlace<'a>) -> Option<Message<'a>> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        // The first byte has attributes, of which there are none yet.
        let mut record = Reader { rest: bytes.get(1..)? };
        let timestamp = time.wrapping_add(record.varint()?);
        let offset = offset.wrapping_add(record.varint()?);
        let (key, value) = (record.bytes()?, record.bytes()?);
        let count = usize::try_from(record.varint()?).ok()?;
        let headers = Headers { count, bytes: record.rest };
        if count > 0 && headers.iter().count() != count {
            return None;
        }
        Some(Message { offset, timestamp, place, key, value, headers })
    }

    /// Bytes with their length before them; -1 is none.
    #[inline]
    fn bytes(&mut self) -> Option<Option<&'a [u8]>> {
        let length = self.varint()?;
        if length < 0 {
            return Some(None);
        }
        let (bytes, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(Some(bytes))
    }

    /// A number in groups of seven bits, the lowest first: 0, -1, 1, -2… are 0, 1, 2, 3….
    #[inline]
    fn varint(&mut self) -> Option<i64> {
        let mut value = 0u64;
        for (at, byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Some((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        None
    }
}
