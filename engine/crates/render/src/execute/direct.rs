//! Evaluation row by row, of plans whose operators keep no state.

use crate::compile::{Pipeline, Program, Sink, Step};
use crate::execute::{ExecuteError, Halt, Sources, multiplicity, refuse_errors};
use crate::finish::{Demand, Gather};
use crate::pipeline::Runner;
use std::cell::{Cell, RefCell};
use tidewire_arrange::ShardedSnapshot;

/// A plan that passes over one relation, row by row, and can stop between two of them. It keeps what it reads.
pub struct Scan {
    program: Program,
    sources: Sources,
    /// Key and value of the last row that was read.
    last: Option<(Vec<u8>, Vec<u8>)>,
    started: bool,
}

impl Scan {
    /// Whether a program passes over one relation.
    pub(super) fn is_one(program: &Program) -> bool {
        let mut pipeline = match &*program.sink {
            Sink::Rows(pipeline) if program.is_direct() => pipeline,
            _ => return false,
        };
        while let Step::Pipeline(inner) = &*program.steps[pipeline.source] {
            pipeline = inner;
        }
        matches!(&*program.steps[pipeline.source], Step::Import(_))
    }

    pub(super) fn new(program: Program, sources: Sources) -> Self {
        Scan { program, sources, last: None, started: false }
    }

    /// Goes on until no more is wanted for now; true: that was all.
    pub fn resume(&mut self, results: &mut impl Gather) -> Result<bool, ExecuteError> {
        let Scan { program, sources, last, started } = self;
        if !std::mem::replace(started, true) {
            refuse_errors(program, sources)?;
        }
        let Sink::Rows(pipeline) = &*program.sink else {
            return Err(ExecuteError::Refused("the plan does not yield rows".into()));
        };
        let position = Position { last: RefCell::new(last.take()), stop: Cell::new(false) };
        let direct = Direct { program, sources, position: Some(&position) };
        let ended = direct.pipeline(pipeline, &mut |row, count| match multiplicity(count)? {
            0 => Ok(()),
            count => match results.push(row, count) {
                Demand::More => Ok(()),
                Demand::Nothing => Err(Halt::Enough),
                // The other rows that are made of the same row come first.
                Demand::Later => {
                    position.stop.set(true);
                    Ok(())
                }
            },
        });
        match ended {
            Ok(()) | Err(Halt::Enough) => Ok(true),
            Err(Halt::Suspended) => {
                *last = position.last.into_inner();
                Ok(false)
            }
            Err(Halt::Failed(error)) => Err(error),
        }
    }
}

/// Where a scan stands.
struct Position {
    last: RefCell<Option<(Vec<u8>, Vec<u8>)>>,
    /// To be set when it shall stop behind the row that it has read.
    stop: Cell<bool>,
}

/// What runs a pipeline over the rows of its node.
struct Reader {
    runner: Runner,
    volatile: bool,
    row: Vec<u8>,
}

impl Reader {
    fn read(
        &mut self,
        rows: &[&[u8]],
        count: i64,
        each: &mut dyn FnMut(&[u8], i64) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let (copies, count) = if self.volatile && count > 1 { (count, 1) } else { (1, count) };
        for _ in 0..copies {
            self.row.clear();
            if self.runner.run(rows, &mut self.row)? {
                each(&self.row, count)?;
            }
        }
        Ok(())
    }
}

/// Evaluates plans whose operators keep no state, row by row.
pub(super) struct Direct<'a> {
    program: &'a Program,
    sources: &'a Sources,
    position: Option<&'a Position>,
}

impl<'a> Direct<'a> {
    pub(super) fn new(program: &'a Program, sources: &'a Sources) -> Self {
        Direct { program, sources, position: None }
    }

    pub(super) fn pipeline(
        &self,
        pipeline: &Pipeline,
        each: &mut dyn FnMut(&[u8], i64) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let mut reader = self.reader(pipeline);
        self.node(pipeline.source, &mut |rows, count| reader.read(rows, count, each))
    }

    /// The rows of several pipelines, each with its mark. Those over one node read it once.
    pub(super) fn marked(
        &self,
        parts: &[(&'static [u8], Pipeline)],
        each: &mut dyn FnMut(&'static [u8], &[u8], i64) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        for (index, (_, Pipeline { source, .. })) in parts.iter().enumerate() {
            if parts[..index].iter().any(|(_, earlier)| earlier.source == *source) {
                continue;
            }
            let siblings = parts[index..].iter().filter(|(_, part)| part.source == *source);
            let mut readers: Vec<_> = siblings.map(|(mark, part)| (*mark, self.reader(part))).collect();
            self.node(*source, &mut |rows, count| {
                readers.iter_mut().try_for_each(|(mark, reader)| {
                    reader.read(rows, count, &mut |row, count| each(mark, row, count))
                })
            })?;
        }
        Ok(())
    }

    fn reader(&self, pipeline: &Pipeline) -> Reader {
        let runner = Runner::new(pipeline.mfp.clone(), self.program.scope.clone());
        Reader { runner, volatile: pipeline.mfp.is_volatile(), row: Vec::new() }
    }

    fn node(&self, node: usize, each: &mut dyn FnMut(&[&[u8]], i64) -> Result<(), Halt>) -> Result<(), Halt> {
        match &*self.program.steps[node] {
            Step::Constant(rows) => rows.iter().try_for_each(|(row, count)| each(&[row], *count)),
            Step::Import(id) => self.import(&self.sources.given(*id)?.ok, each),
            Step::Lookup(id, keys) => {
                let source = self.sources.given(*id)?;
                for key in keys {
                    for (key, value, count) in source.ok.seek(key) {
                        each(&[key, value], count)?;
                    }
                }
                Ok(())
            }
            Step::Ranges { arrangement, intervals, descending: false } => {
                for interval in intervals {
                    let rows = self.sources.given(*arrangement)?.ok.cursor_from(&interval.from);
                    let inside = rows.take_while(|(key, _, _)| interval.has(key));
                    for (key, value, count) in inside {
                        each(&[key, value], count)?;
                    }
                }
                Ok(())
            }
            Step::Ranges { arrangement, intervals, descending: true } => {
                for interval in intervals.iter().rev() {
                    let keys = self.sources.given(*arrangement)?.ok.keys_back(interval.end().as_deref());
                    for (key, rows) in keys.take_while(|(key, _)| *key >= &interval.from[..]) {
                        for (_, value, count) in rows {
                            each(&[key, value], count)?;
                        }
                    }
                }
                Ok(())
            }
            Step::Pipeline(pipeline) => self.rows(pipeline, each),
            Step::Union(inputs) => inputs.iter().try_for_each(|input| self.rows(input, each)),
            _ => Err(ExecuteError::Refused(format!("node {node} needs a dataflow")).into()),
        }
    }

    fn import(
        &self,
        snapshot: &ShardedSnapshot,
        each: &mut dyn FnMut(&[&[u8]], i64) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let last = self.position.and_then(|position| position.last.take());
        let rows = match &last {
            None => snapshot.cursor(),
            Some((key, _)) => snapshot.cursor_from(key),
        };
        let read = |(key, value): (&[u8], &[u8])| {
            last.as_ref()
                .is_some_and(|(last_key, last_value)| (key, value) <= (&last_key[..], &last_value[..]))
        };
        for (key, value, count) in rows.skip_while(|(key, value, _)| read((key, value))) {
            each(&[key, value], count)?;
            if let Some(position) = self.position
                && position.stop.get()
            {
                *position.last.borrow_mut() = Some((key.to_vec(), value.to_vec()));
                return Err(Halt::Suspended);
            }
        }
        Ok(())
    }

    fn rows(
        &self,
        pipeline: &Pipeline,
        each: &mut dyn FnMut(&[&[u8]], i64) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        self.pipeline(pipeline, &mut |row, count| each(&[row], count))
    }
}
