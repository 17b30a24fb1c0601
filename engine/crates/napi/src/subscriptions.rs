//! Delivery of subscriptions: one thread encodes what the workers give, as fast as each reader takes it, and ends what is
//! over.
//!
//! What waits for a reader waits here, packed as it came, and is bounded: a reader that is slower than its relation
//! changes is cut off. The snapshot that a subscription begins with does not count, or a large relation could not be
//! subscribed to at all. Encoded bytes are made for a small window only, so that a reader that stands still costs no more.

use crate::changes::{ChangeEncoder, Groups, ShownRows};
use crate::dispatch::{Dispatch, Message};
use crate::error::{guarded, internal};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::collections::{HashMap, VecDeque};
use std::sync::Weak;
use tidewire_arrange::Updates;
use tidewire_row::{EvalError, EvalResult};
use tidewire_worker::Runtime;

/// A chunk is sent when it holds this much.
const CHUNK_BYTES: usize = 256 << 10;
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

/// What the thread is told.
pub enum Notice {
    /// There is a subscription.
    Add(u64, Box<Subscriber>),
    /// All workers have caught up with it.
    Ready(u64),
    /// It could not be started.
    Failed(u64, EvalError),
    /// It was dropped.
    Remove(u64),
    /// Its delivery stops or resumes.
    Pause(u64, bool),
    /// Its reader took this many bytes.
    Taken(u64, usize),
    /// Changes of one.
    Changes { subscription: u64, up_to: u64, rows: Updates, errors: Updates },
    /// Everything up to this is computed.
    Completed(u64),
    /// The engine, to drop what ended.
    Engine(Weak<Runtime>),
}

/// One subscription.
pub struct Subscriber {
    encoder: ChangeEncoder,
    as_of: u64,
    snapshot: bool,
    end: u64,
    ready: bool,
    started: bool,
    /// Everything before this has come from the workers.
    received: u64,
    /// Everything before this was sent.
    sent: u64,
    parts: VecDeque<Part>,
    /// What the parts cost, without the snapshot.
    waiting: usize,
    paused: bool,
    /// Bytes that the reader has not taken.
    on_the_way: usize,
    /// It stands in the line of those that can be sent something.
    in_line: bool,
    /// Nothing comes any more after the parts; with the reason, if it is an error.
    over: Option<Option<EvalError>>,
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
            started: false,
            received: as_of,
            sent: as_of,
            parts: VecDeque::new(),
            waiting: 0,
            paused: false,
            on_the_way: 0,
            in_line: false,
            over: None,
        }
    }

    /// Takes what the workers completed. An error ends the subscription at its time.
    fn receive(&mut self, up_to: u64, rows: Updates, errors: &Updates) {
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
    fn is_behind(&self) -> bool {
        if !self.encoder.is_sink() {
            return self.waiting > WAITING_BYTES;
        }
        let taken = self.parts.front().map_or(0, |part| part.cost);
        self.waiting - taken > SINK_WAITING_BYTES
    }

    fn cut_off(&self) -> EvalError {
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

    fn can_send(&self) -> bool {
        let room = self.encoder.is_sink() || self.on_the_way < WINDOW_BYTES;
        !self.parts.is_empty() && !self.paused && room
    }

    /// The next chunk. Where a change cannot be encoded, the subscription ends before its time.
    fn chunk(&mut self) -> Option<Chunk> {
        let (mut bytes, mut rows) = (Vec::new(), 0);
        if !self.started {
            self.started = true;
            self.encoder.header(&mut bytes);
        }
        // What there was when the last time was complete.
        let mut whole = (bytes.len(), rows);
        while bytes.len() < CHUNK_BYTES
            && let Some(part) = self.parts.front_mut()
        {
            while bytes.len() < CHUNK_BYTES && !part.is_done() {
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
struct Chunk {
    up_to: u64,
    bytes: Vec<u8>,
    rows: u64,
    whole: bool,
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

/// Starts the thread; it ends when all senders are gone.
pub fn start(dispatch: Dispatch) -> Result<Sender<Notice>, EvalError> {
    let (sender, receiver) = unbounded();
    let delivery =
        Delivery { dispatch, engine: Weak::new(), subscribers: HashMap::new(), line: VecDeque::new() };
    std::thread::Builder::new()
        .name("tidewire-subscriptions".into())
        .spawn(move || delivery.run(receiver))
        .map_err(|error| internal(format!("a thread could not start: {error}")))?;
    Ok(sender)
}

struct Delivery {
    dispatch: Dispatch,
    engine: Weak<Runtime>,
    subscribers: HashMap<u64, Subscriber>,
    /// Those that can be sent something, each once: they take turns.
    line: VecDeque<u64>,
}

impl Delivery {
    /// Notices go before sending: what waits then waits where it is counted.
    fn run(mut self, notices: Receiver<Notice>) {
        loop {
            let notice = if self.line.is_empty() {
                match notices.recv() {
                    Ok(notice) => Some(notice),
                    Err(_) => return,
                }
            } else {
                notices.try_recv().ok()
            };
            let outcome = guarded(|| {
                match notice {
                    Some(notice) => self.notice(notice),
                    None => self.send(),
                }
                Ok(())
            });
            if let Err(error) = outcome {
                // A bug in encoding: which subscription it was is not known any more.
                self.line.clear();
                for id in self.subscribers.keys().copied().collect::<Vec<_>>() {
                    self.end(id, Some(error.clone()));
                }
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Engine(engine) => self.engine = engine,
            Notice::Add(id, subscriber) => {
                self.subscribers.insert(id, *subscriber);
            }
            Notice::Ready(id) => {
                if let Some(subscriber) = self.subscribers.get_mut(&id) {
                    subscriber.ready = true;
                }
            }
            Notice::Failed(id, error) => self.end(id, Some(error)),
            Notice::Remove(id) => {
                self.subscribers.remove(&id);
            }
            Notice::Pause(id, paused) => {
                if let Some(subscriber) = self.subscribers.get_mut(&id) {
                    subscriber.paused = paused;
                    self.line_up(id);
                }
            }
            Notice::Taken(id, bytes) => {
                if let Some(subscriber) = self.subscribers.get_mut(&id) {
                    subscriber.on_the_way = subscriber.on_the_way.saturating_sub(bytes);
                    self.line_up(id);
                }
            }
            Notice::Changes { subscription, up_to, rows, errors } => {
                self.receive(subscription, up_to, rows, &errors);
            }
            Notice::Completed(time) => {
                let ready = self.subscribers.iter().filter(|(_, subscriber)| subscriber.ready);
                for id in ready.map(|(id, _)| *id).collect::<Vec<_>>() {
                    self.receive(id, time.saturating_add(1), Updates::new(), &Updates::new());
                }
            }
        }
    }

    fn receive(&mut self, id: u64, up_to: u64, rows: Updates, errors: &Updates) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        subscriber.receive(up_to, rows, errors);
        if subscriber.is_behind() {
            let error = subscriber.cut_off();
            self.end(id, Some(error));
            return;
        }
        if subscriber.over.is_some()
            && let Some(engine) = self.engine.upgrade()
        {
            // Its reader may take long; the dataflow need not wait.
            engine.drop_collection(id);
        }
        self.line_up(id);
        self.end_if_over(id);
    }

    fn line_up(&mut self, id: u64) {
        if let Some(subscriber) = self.subscribers.get_mut(&id)
            && !subscriber.in_line
            && subscriber.can_send()
        {
            subscriber.in_line = true;
            self.line.push_back(id);
        }
    }

    /// Sends a chunk of the first in line.
    fn send(&mut self) {
        let Some(id) = self.line.pop_front() else { return };
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        subscriber.in_line = false;
        if subscriber.can_send()
            && let Some(Chunk { up_to, bytes, rows, whole }) = subscriber.chunk()
        {
            subscriber.on_the_way += bytes.len();
            let changes = Message::Changes { subscription: id, up_to, chunk: bytes, rows, whole };
            self.dispatch.send(changes);
        }
        self.line_up(id);
        self.end_if_over(id);
    }

    /// Ends a subscription of which everything was sent.
    fn end_if_over(&mut self, id: u64) {
        let Some(subscriber) = self.subscribers.get_mut(&id) else { return };
        if subscriber.parts.is_empty()
            && let Some(error) = subscriber.over.take()
        {
            self.end(id, error);
        }
    }

    /// Ends a subscription; what waits for its reader goes.
    fn end(&mut self, id: u64, error: Option<EvalError>) {
        if self.subscribers.remove(&id).is_none() {
            return;
        }
        self.dispatch.send(Message::Ended { subscription: id, error });
        if let Some(engine) = self.engine.upgrade() {
            engine.drop_collection(id);
        }
    }
}
