//! min, max and least representation where rows only come: the first of the values so far.

use super::codec::{Reader, put_bytes, put_int};
use tidewire_row::encode::TAG_NULL;
use tidewire_row::{EvalError, EvalResult};

/// The least or the greatest of the packed columns so far: they are in the order of their values, and none begins with
/// another.
#[derive(Clone, Debug)]
pub struct First {
    greatest: bool,
    /// A value was taken away: which would be the first now is not known.
    taken_away: bool,
    value: Option<Box<[u8]>>,
}

impl First {
    /// Of no values.
    pub fn empty(greatest: bool) -> Self {
        First { greatest, taken_away: false, value: None }
    }

    /// Adds a packed column; NULLs do not take part.
    #[inline]
    pub fn add(&mut self, column: &[u8], diff: i64) {
        if column.first() == Some(&TAG_NULL) {
            return;
        }
        if diff < 0 {
            self.taken_away = true;
        }
        let first = match &self.value {
            None => true,
            Some(value) if self.greatest => *column > **value,
            Some(value) => *column < **value,
        };
        if first {
            self.value = Some(column.into());
        }
    }

    /// Appends the packed column.
    pub fn present(&self, out: &mut Vec<u8>) -> EvalResult<()> {
        if self.taken_away {
            let message = "a row was taken from an input to which rows are only added";
            return Err(EvalError::new("XX000", message));
        }
        match &self.value {
            Some(value) => out.extend_from_slice(value),
            None => out.push(TAG_NULL),
        }
        Ok(())
    }

    /// Appends the state as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_int(out, self.taken_away as i64 * 2 + self.value.is_some() as i64);
        if let Some(value) = &self.value {
            put_bytes(out, value);
        }
    }

    /// The state that [`encode`](First::encode) wrote.
    pub fn decode(greatest: bool, reader: &mut Reader<'_>) -> Self {
        let flags = reader.int();
        let value = (flags & 1 == 1).then(|| reader.bytes().into());
        First { greatest, taken_away: flags & 2 == 2, value }
    }
}
