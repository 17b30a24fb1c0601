//! A small engine for tests: rows are a key byte and a value byte, views are joins and counts over them.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use tidewire_arrange::{
    Arr, ImportProvider, Raises, Rendered, RowStream, ShardedSnapshot, Updates, arrange, arrange_errors,
    flat_map_arranged, group_by, join, rows_of,
};
use tidewire_worker::{Build, Event, Runtime, Splitter, WriteSet};
use timely::dataflow::Scope;

/// The first byte is the key.
pub struct FirstByte;

impl Splitter for FirstByte {
    fn split(&self, row: &[u8], out: &mut Vec<u8>) -> Result<usize, String> {
        if row.is_empty() {
            return Err("an empty row".into());
        }
        out.extend_from_slice(row);
        Ok(1)
    }

    fn merge(&self, new: &[u8], old: &[u8], kept: u64, out: &mut Vec<u8>) -> Result<(), String> {
        out.extend((0..new.len()).map(|at| if kept >> (at + 1) & 1 == 1 { old[at] } else { new[at] }));
        Ok(())
    }
}

/// A bag of (key, value).
pub type Bag = BTreeMap<(Vec<u8>, Vec<u8>), i64>;

/// What a view computes, over collections.
#[derive(Clone, Copy, Debug)]
pub enum View {
    Join(u64, u64),
    Count(u64),
    CountJoin(u64, u64),
    JoinCount(u64, u64),
    /// Values and keys swapped: exchanged by another key.
    Swap(u64),
    /// Rows whose value has the key's last bit are errors.
    Fallible(u64),
    /// Two rows that never change.
    Constant,
    /// Fails to build after some operators.
    Broken(u64),
    /// Panics when it runs.
    Panics(u64),
}

impl View {
    pub fn inputs(&self) -> Vec<u64> {
        match *self {
            View::Join(a, b) | View::CountJoin(a, b) | View::JoinCount(a, b) => vec![a, b],
            View::Constant => vec![],
            View::Count(a) | View::Swap(a) | View::Fallible(a) | View::Broken(a) | View::Panics(a) => vec![a],
        }
    }

    /// What it must hold.
    pub fn expect(&self, of: impl Fn(u64) -> Bag) -> Bag {
        match *self {
            View::Join(a, b) => join_bags(&of(a), &of(b)),
            View::Count(a) => count_bag(&of(a)),
            View::CountJoin(a, b) => count_bag(&join_bags(&of(a), &of(b))),
            View::JoinCount(a, b) => join_bags(&of(a), &count_bag(&of(b))),
            View::Swap(a) => of(a).into_iter().map(|((k, v), n)| ((v, k), n)).collect(),
            View::Fallible(a) => of(a).into_iter().filter(|((k, v), _)| !fails(k, v)).collect(),
            View::Constant => CONSTANT.iter().map(|(k, v)| ((vec![*k], vec![*v]), 1)).collect(),
            View::Broken(_) | View::Panics(_) => Bag::new(),
        }
    }
}

const CONSTANT: [(u8, u8); 2] = [(1, 1), (2, 9)];

fn constant(scope: Scope<'_, u64>, rows: bool) -> RowStream<'_> {
    use timely::container::CapacityContainerBuilder;
    use timely::dataflow::operators::generic::{OutputBuilderSession, operator::source};
    type Output<'a> = OutputBuilderSession<'a, u64, CapacityContainerBuilder<Updates>>;
    source(scope, "Constant", move |capability, _info| {
        let mut capability = Some(capability).filter(|_| rows && scope.index() == 0);
        move |output: &mut Output<'_>| {
            if let Some(held) = capability.take() {
                let mut updates = Updates::new();
                CONSTANT.iter().for_each(|(k, v)| updates.push(&[*k], &[*v], 0, 1));
                output.session(&held).give_container(&mut updates);
            }
        }
    })
}

pub fn fails(key: &[u8], val: &[u8]) -> bool {
    val.first() == key.last()
}

fn join_bags(a: &Bag, b: &Bag) -> Bag {
    let mut result = Bag::new();
    for ((key, x), n) in a {
        for ((_, y), m) in b.iter().filter(|((other, _), _)| other == key) {
            *result.entry((key.clone(), [&x[..], &y[..]].concat())).or_default() += n * m;
        }
    }
    result.retain(|_, n| *n != 0);
    result
}

fn count_bag(a: &Bag) -> Bag {
    let mut counts: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    for ((key, _), n) in a {
        *counts.entry(key.clone()).or_default() += n;
    }
    counts.into_iter().map(|(key, n)| ((key, n.to_be_bytes().to_vec()), 1)).collect()
}

fn keyed<'s>(stream: RowStream<'s>) -> RowStream<'s> {
    // Joins give key and value as one row with the key's length in front.
    tidewire_arrange::flat_map(stream, "Key", Raises::Never, |update, out| {
        let length = update.val[0] as usize;
        out.ok.push(&update.val[1..1 + length], &update.val[1 + length..], update.time, update.diff);
    })
    .0
}

fn joined<'s>(left: Arr<'s>, right: Arr<'s>) -> RowStream<'s> {
    let (ok, _err) = join(left, right, Raises::Never, |key, x, y, out| {
        out.ok(&[&[key.len() as u8], key, x, y].concat());
    });
    keyed(ok)
}

fn regrouped<'s>(arrangement: Arr<'s>) -> RowStream<'s> {
    let (rows, _) = flat_map_arranged(arrangement, "Rows", Raises::Never, |update, out| {
        out.ok.push(update.key, update.val, update.time, update.diff);
    });
    rows
}

fn count(_key: &[u8], values: &[(&[u8], i64)], out: &mut Vec<Vec<u8>>) {
    out.push(values.iter().map(|(_, n)| n).sum::<i64>().to_be_bytes().to_vec());
}

impl Build for View {
    fn build<'s>(
        &self,
        scope: Scope<'s, u64>,
        imports: &mut dyn ImportProvider<'s>,
    ) -> Result<Rendered<'s>, String> {
        let flow = imports.flow().clone();
        if matches!(self, View::Constant) {
            let ok = arrange(&flow, constant(scope, true), "Constant");
            return Ok(Rendered::Arranged {
                ok,
                err: arrange_errors(&flow, constant(scope, false), "Errors"),
            });
        }
        let first = imports.import(self.inputs()[0])?;
        let mut errors = first.err.clone();
        let ok = match *self {
            View::Join(_, b) => {
                let b = imports.import(b)?;
                errors = timely::dataflow::operators::Concat::concat(errors, b.err);
                arrange(&flow, joined(first.ok, b.ok), "Join")
            }
            View::Count(_) => group_by(&flow, regrouped(first.ok), "Count", count),
            View::CountJoin(_, b) => {
                let b = imports.import(b)?;
                errors = timely::dataflow::operators::Concat::concat(errors, b.err);
                group_by(&flow, joined(first.ok, b.ok), "Count", count)
            }
            View::JoinCount(_, b) => {
                let b = imports.import(b)?;
                errors = timely::dataflow::operators::Concat::concat(errors, b.err);
                let counted = group_by(&flow, regrouped(b.ok), "Count", count);
                arrange(&flow, joined(first.ok, counted), "Join")
            }
            View::Swap(_) => {
                let (swapped, _) = flat_map_arranged(first.ok, "Swap", Raises::Never, |update, out| {
                    out.ok.push(update.val, update.key, update.time, update.diff);
                });
                arrange(&flow, swapped, "Swap")
            }
            View::Fallible(_) => {
                let (ok, err) = flat_map_arranged(first.ok, "Fallible", Raises::Perhaps, |update, out| {
                    if fails(update.key, update.val) {
                        out.err.push_row(b"failed", update.time, update.diff);
                    } else {
                        out.ok.push(update.key, update.val, update.time, update.diff);
                    }
                });
                errors = timely::dataflow::operators::Concat::concat(errors, err.expect("it may raise"));
                arrange(&flow, ok, "Fallible")
            }
            View::Broken(_) => {
                let _ = group_by(&flow, regrouped(first.ok), "Count", count);
                return Err("this plan can't be rendered".into());
            }
            View::Constant => unreachable!("returned above"),
            View::Panics(_) => group_by(&flow, regrouped(first.ok), "Panics", |_, _, _| panic!("on purpose")),
        };
        Ok(Rendered::Arranged { ok, err: arrange_errors(&flow, errors, "Errors") })
    }

    fn most_rows(&self, rows_of: &dyn Fn(u64) -> u64) -> u64 {
        self.inputs().into_iter().map(rows_of).fold(1, u64::saturating_mul)
    }

    fn inputs(&self) -> Vec<u64> {
        View::inputs(self)
    }
}

/// The rows of a collection, for subscriptions and one-shot dataflows.
pub struct Rows(pub View);

impl Build for Rows {
    fn build<'s>(
        &self,
        scope: Scope<'s, u64>,
        imports: &mut dyn ImportProvider<'s>,
    ) -> Result<Rendered<'s>, String> {
        let Rendered::Arranged { ok, err } = self.0.build(scope, imports)? else { unreachable!() };
        let ok = rows_of(ok, "Rows", |key, val, row| {
            row.push(key.len() as u8);
            row.extend_from_slice(key);
            row.extend_from_slice(val);
        });
        Ok(Rendered::Rows { ok, err: rows_of(err, "Rows", |key, _, row| row.extend_from_slice(key)) })
    }

    fn most_rows(&self, rows_of: &dyn Fn(u64) -> u64) -> u64 {
        self.0.most_rows(rows_of)
    }

    fn inputs(&self) -> Vec<u64> {
        self.0.inputs()
    }
}

pub fn split_row(row: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let length = row[0] as usize;
    (row[1..1 + length].to_vec(), row[1 + length..].to_vec())
}

pub fn bag_of(snapshot: &ShardedSnapshot) -> Bag {
    let rows: Vec<_> = snapshot.cursor().map(|(k, v, n)| ((k.to_vec(), v.to_vec()), n)).collect();
    assert!(rows.windows(2).all(|pair| pair[0].0 < pair[1].0), "a cursor ascends");
    rows.into_iter().collect()
}

pub struct Engine {
    pub runtime: Arc<Runtime>,
    pub events: Receiver<Event>,
    /// Changes that were received while waiting.
    pub changes: Mutex<Vec<Event>>,
}

impl Engine {
    pub fn start(workers: usize) -> Engine {
        let (sender, events) = channel();
        let sender = Mutex::new(sender);
        let runtime = Runtime::start(workers, move |event| {
            let _ = sender.lock().expect("not poisoned").send(event);
        });
        Engine { runtime: Arc::new(runtime.expect("workers start")), events, changes: Mutex::default() }
    }

    pub fn table(&self, id: u64, unique: bool) {
        self.runtime.create_collection(id, Arc::new(FirstByte), unique).expect("a new id");
    }

    pub fn install(&self, id: u64, view: View, as_of: u64) -> Receiver<Result<(), String>> {
        let (sender, receiver) = channel();
        let done = move |result| drop(sender.send(result));
        self.runtime.install(id, "view", Arc::new(view), as_of, done).expect("a new id");
        receiver
    }

    pub fn commit(&self, time: u64, writes: Vec<(u64, Vec<([u8; 2], i64)>)>) {
        let writes = writes.into_iter().map(|(id, rows)| (id, write_set(&rows))).collect();
        let outcomes = self.runtime.commit(time, &[writes]).expect("the engine runs");
        self.runtime.hasten();
        assert_eq!(outcomes, vec![None], "the commit at {time} has no conflict");
    }

    /// Waits until `time` is computed.
    pub fn wait(&self, time: u64) {
        self.runtime.hasten();
        while self.runtime.computed() < time {
            match self.events.recv().expect("the engine runs") {
                Event::Panic(message) => panic!("a worker panicked: {message}"),
                Event::Completed(_) => {}
                changes => self.changes.lock().expect("not poisoned").push(changes),
            }
        }
    }

    pub fn read(&self, id: u64, time: u64) -> Bag {
        let mut snapshots = self.runtime.snapshot(&[id], time).expect("it is readable");
        bag_of(&snapshots.remove(0).ok)
    }

    pub fn read_errors(&self, id: u64, time: u64) -> Bag {
        let mut snapshots = self.runtime.snapshot(&[id], time).expect("it is readable");
        bag_of(&snapshots.remove(0).err)
    }
}

pub fn write_set(rows: &[([u8; 2], i64)]) -> Arc<WriteSet> {
    let mut writes = WriteSet::new();
    for (row, diff) in rows {
        writes.push(row, *diff);
    }
    Arc::new(writes)
}

/// xorshift, seeded.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}
