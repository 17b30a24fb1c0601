//! What a subscription has waiting for its reader.
//!
//! What waits for a reader waits here, packed as it came, and is bounded: a reader that is slower than its relation
//! changes is cut off. The snapshot that a subscription begins with does not count, or a large relation could not be
//! subscribed to at all. Encoded bytes are made for a small window only, so that a reader that stands still costs no more.

use crate::changes::{ChangeEncoder, Groups, ShownRows};
use crate::outlet::Outlet;
use std::collections::VecDeque;
use tidewire_arrange::Updates;
use tidewire_row::{EvalError, EvalResult};

/// A chunk is sent when it holds this much.
pub const CHUNK_BYTES: usize = 256 << 10;
/// What may be on the way to a client that has not taken it.
const WINDOW_BYTES: usize = 1 << 20;
/// What may wait for one reader, besides its snapshot.
const WAITING_BYTES: usize = 64 << 20;
/// The same of a sink, whose target may be away for a while; besides the commits that are being sent, too.
const SINK_WAITING_BYTES: usize = 256 << 20;
/// What an update costs besides its bytes.
const UPDATE_BYTES: usize = 32;
/// What waits is joined up to this size, so that many small commits do not become many small parts.
const PART_BYTES: usize = 64 << 10;
/// Rows that are encoded before the size of the chunk is looked at.
const STEP_ROWS: usize = 256;

/// One subscription.
pub struct Subscriber {
    encoder: ChangeEncoder,
    as_of: u64,
    snapshot: bool,
    end: u64,
    /// All workers have caught up with it.
    pub ready: bool,
    /// Everything before this is computed, as far as it was told. Until it is ready that need not have come from its workers.
    pub complete: u64,
    started: bool,
    /// Everything before this has come from the workers.
    received: u64,
    /// Everything before this was sent.
    sent: u64,
    parts: VecDeque<Part>,
    /// What the parts cost, without the snapshot.
    waiting: usize,
    /// Nothing is sent for now.
    pub paused: bool,
    /// Bytes that the reader has not taken.
    pub on_the_way: usize,
    /// The reader's socket, while it is lent.
    pub outlet: Option<Outlet>,
    /// It stands in the line of those that can be sent something.
    pub in_line: bool,
    /// Nothing comes any more after the parts; with the reason, if it is an error.
    pub over: Option<Option<EvalError>>,
}

/// Consecutive changes, complete up to a time.
struct Part {
    rows: Updates,
    next: usize,
    /// The rows of the time that is being sent, where they are not sent one by one.
    shown: ShownRows,
    /// The same of a sink.
    groups: Groups,
    /// Of a sink, too: rows up to here come and none goes, at the time that is being sent.
    inserts: usize,
    up_to: u64,
    cost: usize,
}

impl Subscriber {
    /// One that has sent nothing.
    pub fn new(encoder: ChangeEncoder, as_of: u64, snapshot: bool, up_to: Option<u64>) -> Self {
        Subscriber {
            encoder,
            as_of,
            snapshot,
            end: up_to.unwrap_or(u64::MAX),
            ready: false,
            complete: 0,
            started: false,
            received: as_of,
            sent: as_of,
            parts: VecDeque::new(),
            waiting: 0,
            paused: false,
            on_the_way: 0,
            outlet: None,
            in_line: false,
            over: None,
        }
    }

    /// Takes what the workers completed. An error ends the subscription at its time.
    pub fn receive(&mut self, up_to: u64, rows: Updates, errors: &Updates) {
        if up_to <= self.received || self.over.is_some() {
            return;
        }
        let error = errors.iter().filter(|error| error.diff > 0 && error.time < self.end);
        let error = error.min_by_key(|error| error.time);
        let limit = error.map_or(self.end, |error| error.time);
        self.received = up_to;
        if error.is_some() || up_to >= self.end {
            self.over = Some(error.map(|error| EvalError::from_row(error.val)));
        }
        if !self.snapshot {
            let seen = rows.iter().filter(|row| row.time <= self.as_of);
            if let Err(error) = self.encoder.absorb(seen) {
                self.over = Some(Some(error));
                return;
            }
        }
        let rows = self.wanted(rows, limit);
        // Sinks count time in chunks; other readers see it with PROGRESS only.
        if rows.is_empty() && !self.encoder.shows_progress() && !self.encoder.is_sink() {
            return;
        }
        let counted = rows.iter().filter(|row| row.time > self.as_of).map(|row| row.val.len() + UPDATE_BYTES);
        let cost = counted.sum::<usize>();
        self.waiting += cost;
        let up_to = up_to.min(limit);
        match self.parts.back_mut() {
            Some(last) if last.next == 0 && last.cost + cost <= PART_BYTES && last.rows.len() < 4096 => {
                last.rows.append(&rows);
                last.up_to = up_to;
                last.cost += cost;
            }
            _ => self.parts.push_back(Part {
                rows,
                next: 0,
                shown: ShownRows::default(),
                groups: Groups::default(),
                inserts: 0,
                up_to,
                cost,
            }),
        }
    }

    /// Without what is not sent: the snapshot, if it was not asked for, and what comes at the end or after it.
    fn wanted(&self, mut rows: Updates, limit: u64) -> Updates {
        let after = if self.snapshot { None } else { Some(self.as_of) };
        let unwanted = |time: u64| time >= limit || after.is_some_and(|as_of| time <= as_of);
        if rows.iter().any(|row| unwanted(row.time)) {
            rows.retain(|row| !unwanted(row.time));
        }
        rows
    }

    /// Whether more waits than may. One commit is in memory anyway, however large: a sink takes it when it is its turn.
    pub fn is_behind(&self) -> bool {
        if !self.encoder.is_sink() {
            return self.waiting > WAITING_BYTES;
        }
        let taken = self.parts.front().map_or(0, |part| part.cost);
        self.waiting - taken > SINK_WAITING_BYTES
    }

    /// Why a subscription ends that is.
    pub fn cut_off(&self) -> EvalError {
        if self.encoder.is_sink() {
            return EvalError::new("53400", "the target takes less than the relation changes")
                .with_detail(format!("More than {SINK_WAITING_BYTES} bytes waited to be written."))
                .with_hint("Drop the sink and create it again when the target is there, and fast enough.");
        }
        EvalError::new(
            "53400",
            "subscription cut off: the client reads more slowly than the relation changes",
        )
        .with_detail(format!("More than {WAITING_BYTES} bytes waited to be read."))
        .with_hint("Subscribe again, to fewer columns or rows, and read faster.")
    }

    /// Whether a chunk can be made.
    pub fn can_send(&self) -> bool {
        let room = self.encoder.is_sink() || self.on_the_way < WINDOW_BYTES;
        !self.parts.is_empty() && !self.paused && room
    }

    /// Chunks need not go by way of JavaScript.
    pub fn is_lent(&self) -> bool {
        self.outlet.as_ref().is_some_and(|outlet| !outlet.is_full())
    }

    /// Everything that came is sent, or given up.
    pub fn is_drained(&self) -> bool {
        self.parts.is_empty()
    }

    /// It is told of time that passes without changes.
    pub fn follows_time(&self) -> bool {
        self.end < u64::MAX || self.encoder.shows_progress() || self.encoder.is_sink()
    }

    /// The next chunk, of about so many bytes. Where a change cannot be encoded, the subscription ends before its time.
    pub fn chunk(&mut self, most_bytes: usize) -> Option<Chunk> {
        let (mut bytes, mut rows) = (Vec::new(), 0);
        if !self.started {
            self.started = true;
            self.encoder.header(&mut bytes);
        }
        // What there was when the last time was complete.
        let mut whole = (bytes.len(), rows);
        while bytes.len() < most_bytes
            && let Some(part) = self.parts.front_mut()
        {
            while bytes.len() < most_bytes && !part.is_done() {
                match part.encode(&mut self.encoder, &mut bytes) {
                    Ok(count) => rows += count,
                    Err(error) => {
                        self.parts.clear();
                        self.waiting = 0;
                        self.over = Some(Some(error));
                        bytes.truncate(whole.0);
                        return self.is_worth(&bytes).then_some(Chunk {
                            up_to: self.sent,
                            bytes,
                            rows: whole.1,
                            whole: true,
                        });
                    }
                }
                if let Some(time) = part.boundary() {
                    self.sent = self.sent.max(time);
                    whole = (bytes.len(), rows);
                }
            }
            if !part.is_done() {
                break;
            }
            self.waiting -= part.cost;
            let up_to = part.up_to;
            self.parts.pop_front();
            if up_to > self.sent {
                self.sent = up_to;
                if self.encoder.shows_progress() && up_to < u64::MAX {
                    self.encoder.progress(up_to, &mut bytes);
                    rows += 1;
                }
            }
            whole = (bytes.len(), rows);
        }
        let is_whole = whole.0 == bytes.len();
        self.is_worth(&bytes).then_some(Chunk { up_to: self.sent, bytes, rows, whole: is_whole })
    }

    /// Whether a chunk is sent: sinks count time in chunks.
    fn is_worth(&self, bytes: &[u8]) -> bool {
        !bytes.is_empty() || self.encoder.is_sink()
    }
}

/// Encoded rows: all of those before `up_to` that were not sent yet, and, unless it is whole, some of those behind it.
pub struct Chunk {
    pub up_to: u64,
    pub bytes: Vec<u8>,
    pub rows: u64,
    pub whole: bool,
}

impl Part {
    fn is_done(&self) -> bool {
        self.next == self.rows.len() && self.shown.is_done() && self.groups.is_done()
    }

    /// The time of the next row, if all of those before it are encoded and none of its own time.
    fn boundary(&self) -> Option<u64> {
        if self.next == 0 || self.next == self.rows.len() || !self.shown.is_done() || !self.groups.is_done() {
            return None;
        }
        let next = self.rows.get(self.next).time;
        (self.rows.get(self.next - 1).time < next).then_some(next)
    }

    /// Encodes some of it.
    fn encode(&mut self, encoder: &mut ChangeEncoder, chunk: &mut Vec<u8>) -> EvalResult<u64> {
        if !self.shown.is_done() {
            return Ok(encoder.shown(&mut self.shown, CHUNK_BYTES, chunk));
        }
        if !self.groups.is_done() {
            return encoder.records(&self.rows, &mut self.groups, STEP_ROWS, chunk);
        }
        let from = self.next;
        if from < self.inserts {
            self.next = (from + STEP_ROWS).min(self.inserts);
            encoder.inserts(&self.rows, from, self.next, chunk)?;
            return Ok((self.next - from) as u64);
        }
        if encoder.is_direct() {
            self.next = (from + STEP_ROWS).min(self.rows.len());
            encoder.differences(&self.rows, from, self.next, chunk)?;
            return Ok((self.next - from) as u64);
        }
        let time = self.rows.get(from).time;
        let mut to = from;
        let mut inserts = encoder.is_sink();
        while to < self.rows.len() && self.rows.get(to).time == time {
            inserts &= self.rows.get(to).diff == 1;
            to += 1;
        }
        if inserts {
            self.inserts = to;
            return Ok(0);
        }
        self.next = to;
        if encoder.is_sink() {
            self.groups = encoder.group(&self.rows, from, to);
        } else {
            self.shown = encoder.arrange(&self.rows, from, to);
        }
        Ok(0)
    }
}
