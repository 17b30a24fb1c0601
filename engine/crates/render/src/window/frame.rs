//! Frames: which rows of the partition a row sees.

use super::Partition;
use super::range::RangeBound;
use crate::compile::Scope;
use std::sync::Arc;
use tidewire_plan::{Frame, FrameBound, FrameExclusion, FrameMode, OrderKey, ScalarType};
use tidewire_row::{EvalError, EvalResult, FormatSettings};

/// The groups of rows that are equal in order.
#[derive(Default)]
pub struct Peers {
    last: Vec<u8>,
    /// The group of each row.
    groups: Vec<u32>,
    /// Where each group begins, then the number of rows.
    starts: Vec<u32>,
}

impl Peers {
    /// The next row, by its order bytes.
    pub fn push(&mut self, order: &[u8]) {
        let row = self.groups.len() as u32;
        if row == 0 || self.last != order {
            self.starts.push(row);
            self.last.clear();
            self.last.extend_from_slice(order);
        }
        self.groups.push(self.starts.len() as u32 - 1);
    }

    /// After the last row.
    pub fn finish(&mut self) {
        self.starts.push(self.groups.len() as u32);
    }

    /// The number of a row's group.
    pub fn group(&self, row: usize) -> usize {
        self.groups[row] as usize
    }

    /// The first row that is equal to this in order.
    pub fn start(&self, row: usize) -> usize {
        self.starts[self.group(row)] as usize
    }

    /// Behind the last row that is equal to this in order.
    pub fn end(&self, row: usize) -> usize {
        self.starts[self.group(row) + 1] as usize
    }

    /// Where a group begins; groups before the first begin at the first row, those behind the last at the end.
    fn start_of(&self, group: i64) -> usize {
        let last = self.starts.len() as i64 - 1;
        self.starts[group.clamp(0, last) as usize] as usize
    }
}

/// The rows that one row sees: up to three runs, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    runs: [(usize, usize); 3],
    count: usize,
}

impl Rows {
    fn push(&mut self, start: usize, end: usize) {
        if start < end {
            self.runs[self.count] = (start, end);
            self.count += 1;
        }
    }

    /// Its runs.
    pub fn runs(&self) -> &[(usize, usize)] {
        &self.runs[..self.count]
    }

    /// The row at a position.
    pub fn nth(&self, mut position: usize) -> Option<usize> {
        for (start, end) in self.runs() {
            if position < end - start {
                return Some(start + position);
            }
            position -= end - start;
        }
        None
    }

    /// The last row.
    pub fn last(&self) -> Option<usize> {
        self.runs().last().map(|(_, end)| end - 1)
    }
}

/// The columns that a frame reads.
pub fn columns_of(frame: &Frame) -> impl Iterator<Item = u32> {
    [frame.start, frame.end].into_iter().filter_map(|bound| match bound {
        FrameBound::Preceding { column } | FrameBound::Following { column } => Some(column),
        _ => None,
    })
}

/// The frames of a call.
pub struct Frames {
    frame: Frame,
    /// For bounds of RANGE that have an offset.
    start: Option<RangeBound>,
    end: Option<RangeBound>,
}

impl Frames {
    /// Refuses offsets of RANGE where there are no distances.
    pub fn compile(
        frame: &Frame,
        order: &[OrderKey],
        types: &[ScalarType],
        settings: &FormatSettings,
    ) -> Result<Self, String> {
        let range = |bound: FrameBound, is_start: bool| match (frame.mode, bound) {
            (FrameMode::Range, FrameBound::Preceding { column }) => {
                RangeBound::compile(order, types, column, true, is_start, settings).map(Some)
            }
            (FrameMode::Range, FrameBound::Following { column }) => {
                RangeBound::compile(order, types, column, false, is_start, settings).map(Some)
            }
            _ => Ok(None),
        };
        Ok(Frames { frame: *frame, start: range(frame.start, true)?, end: range(frame.end, false)? })
    }

    /// Whether rows are left out of the frame's run.
    pub fn excludes(&self) -> bool {
        self.frame.exclusion != FrameExclusion::NoOthers
    }

    /// The rows that a row sees.
    pub fn of(&self, partition: &Partition<'_>, row: usize, scope: &Arc<Scope>) -> EvalResult<Rows> {
        let start = self.start(partition, row, scope)?;
        let end = self.end(partition, row, scope)?;
        let mut rows = Rows::default();
        let (from, to) = (partition.peers.start(row), partition.peers.end(row));
        match self.frame.exclusion {
            FrameExclusion::NoOthers => rows.push(start, end),
            FrameExclusion::CurrentRow => {
                rows.push(start, end.min(row));
                rows.push(start.max(row + 1), end);
            }
            FrameExclusion::Group => {
                rows.push(start, end.min(from));
                rows.push(start.max(to), end);
            }
            FrameExclusion::Ties => {
                rows.push(start, end.min(from));
                rows.push(start.max(row), end.min(row + 1));
                rows.push(start.max(to), end);
            }
        }
        Ok(rows)
    }

    fn start(&self, partition: &Partition<'_>, row: usize, scope: &Arc<Scope>) -> EvalResult<usize> {
        let peers = &partition.peers;
        let offset = |column| offset(partition, row, column, "starting");
        if let Some(bound) = &self.start {
            return bound.start(partition, row, scope);
        }
        Ok(match (self.frame.start, self.frame.mode) {
            (FrameBound::UnboundedPreceding, _) => 0,
            (FrameBound::UnboundedFollowing, _) => partition.len(),
            (FrameBound::CurrentRow, FrameMode::Rows) => row,
            (FrameBound::CurrentRow, _) => peers.start(row),
            (FrameBound::Preceding { column }, FrameMode::Groups) => {
                peers.start_of((peers.group(row) as i64).saturating_sub(offset(column)?))
            }
            (FrameBound::Following { column }, FrameMode::Groups) => {
                peers.start_of((peers.group(row) as i64).saturating_add(offset(column)?))
            }
            (FrameBound::Preceding { column }, _) => {
                (row as i64).saturating_sub(offset(column)?).max(0) as usize
            }
            (FrameBound::Following { column }, _) => {
                (row as i64).saturating_add(offset(column)?).min(partition.len() as i64) as usize
            }
        })
    }

    fn end(&self, partition: &Partition<'_>, row: usize, scope: &Arc<Scope>) -> EvalResult<usize> {
        let peers = &partition.peers;
        let offset = |column| offset(partition, row, column, "ending");
        if let Some(bound) = &self.end {
            return bound.end(partition, row, scope);
        }
        let total = partition.len() as i64;
        Ok(match (self.frame.end, self.frame.mode) {
            (FrameBound::UnboundedPreceding, _) => 0,
            (FrameBound::UnboundedFollowing, _) => partition.len(),
            (FrameBound::CurrentRow, FrameMode::Rows) => row + 1,
            (FrameBound::CurrentRow, _) => peers.end(row),
            (FrameBound::Preceding { column }, FrameMode::Groups) => {
                let group = (peers.group(row) as i64).saturating_sub(offset(column)?);
                peers.start_of(group.saturating_add(1))
            }
            (FrameBound::Following { column }, FrameMode::Groups) => {
                let group = (peers.group(row) as i64).saturating_add(offset(column)?);
                peers.start_of(group.saturating_add(1))
            }
            (FrameBound::Preceding { column }, _) => {
                (row as i64 + 1).saturating_sub(offset(column)?).max(0) as usize
            }
            (FrameBound::Following { column }, _) => {
                (row as i64 + 1).saturating_add(offset(column)?).min(total) as usize
            }
        })
    }
}

/// The offset of ROWS and GROUPS.
fn offset(partition: &Partition<'_>, row: usize, column: u32, which: &str) -> EvalResult<i64> {
    match partition.integer(row, column) {
        None => Err(no_offset(which)),
        Some(offset) if offset < 0 => {
            Err(EvalError::new("22013", format!("frame {which} offset must not be negative")))
        }
        Some(offset) => Ok(offset),
    }
}

/// The error of an offset that is NULL.
pub fn no_offset(which: &str) -> EvalError {
    EvalError::new("22004", format!("frame {which} offset must not be null"))
}
