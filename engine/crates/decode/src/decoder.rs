//! Streams: chunks that are cut anywhere, to records, to rows.

use crate::Field;
use crate::copy_text::{CopyTextDecoder, CopyTextFormat};
use crate::csv::{CsvDecoder, CsvFormat};
use crate::json::{JsonDecoder, JsonFormat};
use crate::record::{Position, RecordError, RecordSink};
use crate::value::ValueContext;
use tidewire_row::{Arena, EvalError, EvalResult, FormatSettings};

/// A record longer than this is refused; so an unclosed quote costs a record and not the memory.
const MAX_RECORD: usize = 64 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What the bytes of a stream are.
#[derive(Clone, Debug)]
pub enum Format {
    /// One JSON value a line.
    Json(JsonFormat),
    /// Comma-separated values, as PostgreSQL's COPY reads them.
    Csv(CsvFormat),
    /// PostgreSQL's COPY text format.
    CopyText(CopyTextFormat),
}

/// Where a record ends in a buffer.
pub(crate) struct Frame {
    /// End of its content.
    pub(crate) end: usize,
    /// Start of what follows its line break.
    pub(crate) next: usize,
}

/// What became of a record.
pub(crate) enum Outcome {
    /// `out` holds its row.
    Row,
    /// A header or a blank line.
    Nothing,
    /// The stream's own end mark.
    End,
}

/// One format's decoder.
pub(crate) trait RecordDecoder {
    /// Records are about to be taken from `buffer`, and from nothing else until this is called again.
    /// With `flush`, the end of the buffer ends a record.
    fn begin(&mut self, _buffer: &[u8], _flush: bool) {}
    /// The first record of `buffer`, or None when it is not complete. Called again with the same bytes and more behind
    /// them; it remembers how far it has looked until [`RecordDecoder::reset`].
    fn frame(&mut self, buffer: &[u8], at_end: bool) -> Option<Frame>;
    /// Forgets how far it has looked.
    fn reset(&mut self);
    /// Appends the packed row of a record to `out`.
    fn decode(
        &mut self,
        record: &[u8],
        fields: &[Field],
        context: &ValueContext,
        out: &mut Vec<u8>,
    ) -> EvalResult<Outcome>;
}

enum Decoder {
    Json(JsonDecoder),
    Csv(CsvDecoder),
    CopyText(CopyTextDecoder),
}

/// Decodes one stream.
pub struct StreamDecoder {
    decoder: Decoder,
    state: State,
}

struct State {
    fields: Vec<Field>,
    context: ValueContext,
    /// The unfinished record.
    tail: Vec<u8>,
    /// Where the next record starts.
    offset: u64,
    line: u64,
    row: Vec<u8>,
    ended: bool,
    /// A record was too long: bytes up to the next line break are dropped.
    skipping: bool,
    /// A flush ended a record: a line break that comes next is that record's own.
    flushed: bool,
}

impl StreamDecoder {
    /// A decoder at a stream's start.
    pub fn new(format: Format, fields: Vec<Field>, settings: FormatSettings) -> Self {
        let decoder = match format {
            Format::Json(format) => Decoder::Json(JsonDecoder::new(format, &fields)),
            Format::Csv(format) => Decoder::Csv(CsvDecoder::new(format)),
            Format::CopyText(format) => Decoder::CopyText(CopyTextDecoder::new(format)),
        };
        StreamDecoder {
            decoder,
            state: State {
                fields,
                context: ValueContext { settings, arena: Arena::new() },
                tail: Vec::new(),
                offset: 0,
                line: 0,
                row: Vec::new(),
                ended: false,
                skipping: false,
                flushed: false,
            },
        }
    }

    /// Decodes the whole records of what is pending and `chunk`. With `flush`, what is left is a record too; the stream
    /// may go on all the same, and if it does with a line break, that is the end of the flushed record: places are
    /// the same whether there was a flush or not.
    pub fn push(&mut self, chunk: &[u8], flush: bool, sink: &mut impl RecordSink) {
        match &mut self.decoder {
            Decoder::Json(decoder) => self.state.push(decoder, chunk, flush, sink),
            Decoder::Csv(decoder) => self.state.push(decoder, chunk, flush, sink),
            Decoder::CopyText(decoder) => self.state.push(decoder, chunk, flush, sink),
        }
    }

    /// Bytes of the record that is not finished.
    pub fn pending(&self) -> usize {
        self.state.tail.len()
    }

    /// The stream's end mark (`\.` of COPY) was read: what follows is ignored.
    pub fn ended(&self) -> bool {
        self.state.ended
    }
}

impl State {
    fn push(
        &mut self,
        decoder: &mut impl RecordDecoder,
        chunk: &[u8],
        flush: bool,
        sink: &mut impl RecordSink,
    ) {
        if self.ended {
            return;
        }
        let rest = if self.tail.is_empty() {
            let used = self.records(decoder, chunk, flush, sink);
            &chunk[used..]
        } else {
            let mut buffer = std::mem::take(&mut self.tail);
            buffer.extend_from_slice(chunk);
            let used = self.records(decoder, &buffer, flush, sink);
            buffer.drain(..used);
            self.tail = buffer;
            &[]
        };
        self.tail.extend_from_slice(rest);
        if self.ended {
            self.tail = Vec::new();
        } else if self.tail.len() > MAX_RECORD {
            self.too_long(decoder, sink);
        }
    }

    /// Decodes the records of a buffer; returns how much of it was used.
    fn records(
        &mut self,
        decoder: &mut impl RecordDecoder,
        buffer: &[u8],
        flush: bool,
        sink: &mut impl RecordSink,
    ) -> usize {
        let mut at = 0;
        if self.offset == 0 && self.line == 0 {
            if buffer.starts_with(BYTE_ORDER_MARK) {
                at = BYTE_ORDER_MARK.len();
                self.offset = at as u64;
                decoder.reset();
            } else if !flush && buffer.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(buffer) {
                return 0;
            }
        }
        if self.skipping {
            match memchr::memchr(b'\n', &buffer[at..]) {
                Some(newline) => {
                    self.skipping = false;
                    self.offset += newline as u64 + 1;
                    at += newline + 1;
                }
                None => {
                    self.offset += (buffer.len() - at) as u64;
                    return buffer.len();
                }
            }
        }
        if self.flushed && at < buffer.len() {
            let rest = &buffer[at..];
            if rest == b"\r" && !flush {
                return at;
            }
            let line_break = if rest.starts_with(b"\r\n") { 2 } else { usize::from(rest[0] == b'\n') };
            self.offset += line_break as u64;
            at += line_break;
            self.flushed = false;
        }
        decoder.begin(&buffer[at..], flush);
        while at < buffer.len() && !self.ended {
            let Some(frame) = decoder.frame(&buffer[at..], flush) else { break };
            decoder.reset();
            self.record(decoder, &buffer[at..at + frame.end], sink);
            // Without a line break: only a flush makes a record of that.
            at += frame.next;
            self.flushed = buffer[at - 1] != b'\n';
            self.offset += frame.next as u64;
        }
        at
    }

    fn record(&mut self, decoder: &mut impl RecordDecoder, record: &[u8], sink: &mut impl RecordSink) {
        self.line += 1;
        let position = Position { offset: self.offset, line: self.line };
        self.row.clear();
        match decoder.decode(record, &self.fields, &self.context, &mut self.row) {
            Ok(Outcome::Row) => sink.row(&self.row, record, position),
            Ok(Outcome::Nothing) => {}
            Ok(Outcome::End) => self.ended = true,
            Err(error) => sink.error(RecordError::new(error, position, record)),
        }
        if self.context.arena.allocated_bytes() > 0 {
            self.context.arena.reset();
        }
    }

    #[cold]
    fn too_long(&mut self, decoder: &mut impl RecordDecoder, sink: &mut impl RecordSink) {
        self.line += 1;
        let position = Position { offset: self.offset, line: self.line };
        let error = EvalError::new("54000", format!("record is longer than {} MB", MAX_RECORD >> 20));
        sink.error(RecordError::new(error, position, &self.tail));
        decoder.reset();
        // What it swallowed may be many records: go on behind its first line break.
        let dropped = match memchr::memchr(b'\n', &self.tail) {
            Some(newline) => newline + 1,
            None => {
                self.skipping = true;
                self.tail.len()
            }
        };
        self.offset += dropped as u64;
        self.tail.drain(..dropped);
    }
}

/// The first line of a buffer, `\n` or `\r\n`; without one only at the end. `scanned` bytes hold no line break.
pub(crate) fn frame_line(buffer: &[u8], scanned: &mut usize, at_end: bool) -> Option<Frame> {
    match memchr::memchr(b'\n', &buffer[*scanned..]) {
        Some(at) => {
            let newline = *scanned + at;
            Some(Frame { end: without_return(buffer, newline), next: newline + 1 })
        }
        None if at_end => Some(Frame { end: without_return(buffer, buffer.len()), next: buffer.len() }),
        None => {
            *scanned = buffer.len();
            None
        }
    }
}

/// The end of a line's content: before the `\r` of `\r\n`.
pub(crate) fn without_return(buffer: &[u8], end: usize) -> usize {
    if end > 0 && buffer[end - 1] == b'\r' { end - 1 } else { end }
}
