//! Record batches as producers write them.

/// What a record has.
#[derive(Clone, Copy, Default)]
pub struct Record<'a> {
    pub offset: i64,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub headers: &'a [(&'a str, Option<&'a [u8]>)],
}

/// What a batch has besides its records.
#[derive(Clone, Copy)]
pub struct Batch {
    pub attributes: i16,
    pub producer: i64,
    /// Compaction may have taken records away at its end.
    pub last_offset: Option<i64>,
}

impl Default for Batch {
    fn default() -> Self {
        Batch { attributes: 0, producer: -1, last_offset: None }
    }
}

/// The time that all records have.
pub const TIME: i64 = 946_684_800_001;

fn varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest > 127 {
        out.push(rest as u8 | 128);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn part(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    varint(out, bytes.map_or(-1, |bytes| bytes.len() as i64));
    out.extend_from_slice(bytes.unwrap_or_default());
}

/// The records one behind the other.
pub fn records(records: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        let mut body = vec![0];
        // Its time is later than the batch's.
        varint(&mut body, 1);
        varint(&mut body, record.offset - records[0].offset);
        part(&mut body, record.key);
        part(&mut body, record.value);
        varint(&mut body, record.headers.len() as i64);
        for (name, value) in record.headers {
            part(&mut body, Some(name.as_bytes()));
            part(&mut body, *value);
        }
        varint(&mut out, body.len() as i64);
        out.extend(body);
    }
    out
}

/// A batch; `content` is its records, compressed as its attributes say.
pub fn batch(batch: Batch, first: i64, last: i64, count: usize, content: &[u8]) -> Vec<u8> {
    let mut checked = Vec::new();
    checked.extend_from_slice(&batch.attributes.to_be_bytes());
    checked.extend_from_slice(&((batch.last_offset.unwrap_or(last) - first) as i32).to_be_bytes());
    checked.extend_from_slice(&(TIME - 1).to_be_bytes());
    checked.extend_from_slice(&(TIME + 4).to_be_bytes());
    checked.extend_from_slice(&batch.producer.to_be_bytes());
    checked.extend_from_slice(&[0; 6]);
    checked.extend_from_slice(&(count as i32).to_be_bytes());
    checked.extend_from_slice(content);
    let mut out = first.to_be_bytes().to_vec();
    out.extend_from_slice(&(checked.len() as i32 + 9).to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0, 2]);
    out.extend_from_slice(&crc32c::crc32c(&checked).to_be_bytes());
    out.extend(checked);
    out
}

/// A batch of records that are not compressed.
pub fn plain(kind: Batch, of: &[Record]) -> Vec<u8> {
    batch(kind, of[0].offset, of[of.len() - 1].offset, of.len(), &records(of))
}

/// A batch with one message.
pub fn message(offset: i64, key: Option<&[u8]>, value: Option<&[u8]>) -> Vec<u8> {
    plain(Batch::default(), &[Record { offset, key, value, headers: &[] }])
}
