//! Where a change stands in the log of its database. Debezium delivers at least once: after a restart it may write changes again
//! that are in the topic already, further back. Their positions tell.
//!
//! Only what is certain is left out. A position that does not lie before the one that was reached is applied: changes of one
//! log record share theirs (COPY writes many rows by one), and to apply one again changes nothing. A position of another server
//! is not compared. An LSN alone is compared within its transaction only, since transactions that ran at the same time come in the
//! order of their commits, and not of their LSNs; nor do the times of commits tell that order for certain.

use crate::json::{Slot, elements_of, members_of};
use std::borrow::Cow;
use tidewire_row::EvalResult;

/// How far a partition's changes have been applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogPosition {
    /// PostgreSQL: the LSN of the last commit before the change's transaction, and the change's own.
    Postgres { commit: u64, lsn: u64 },
    /// PostgreSQL without that: the transaction and the change's own LSN.
    Transaction { id: u64, lsn: u64 },
    /// MySQL and MariaDB: the server, the binary log's file as name and number, the event's position, the row in it.
    Binlog { server: u64, file: String, number: u64, position: u64, row: u64 },
}

/// What the `source` of a change says.
pub(crate) enum Origin {
    /// Part of the first copy of a table: what was reached before does not count any more.
    Snapshot,
    /// A change of the log.
    Log(LogPosition),
    /// Of a snapshot beside the log, or without a position.
    Unplaced,
}

/// What of a change's `source` says where it stands.
#[derive(Default)]
pub(crate) struct Source<'a> {
    pub(crate) snapshot: Option<Cow<'a, str>>,
    pub(crate) sequence: Option<Cow<'a, str>>,
    pub(crate) lsn: Option<i64>,
    pub(crate) transaction: Option<i64>,
    pub(crate) file: Option<Cow<'a, str>>,
    pub(crate) position: Option<i64>,
    pub(crate) row: Option<i64>,
    pub(crate) server: Option<i64>,
}

impl<'a> Source<'a> {
    /// Of an object.
    pub(crate) fn of_json(source: &'a str) -> EvalResult<Self> {
        let [snapshot, sequence, lsn, transaction, file, position, row, server] =
            members_of(source, ["snapshot", "sequence", "lsn", "txId", "file", "pos", "row", "server_id"])?;
        let is_true = snapshot.raw(source) == "true";
        Ok(Source {
            snapshot: if is_true { Some("true".into()) } else { snapshot.string(source)? },
            sequence: sequence.string(source)?,
            lsn: lsn.integer(source)?,
            transaction: transaction.integer(source)?,
            file: file.string(source)?,
            position: position.integer(source)?,
            row: row.integer(source)?,
            server: server.integer(source)?,
        })
    }

    /// Where the change comes from.
    pub(crate) fn origin(&self) -> Origin {
        // true, first, last, first_in_data_collection…; `incremental` runs beside the log.
        match self.snapshot.as_deref() {
            Some("false") | None => {}
            Some("incremental") => return Origin::Unplaced,
            Some(_) => return Origin::Snapshot,
        }
        let natural = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        let own = natural(self.lsn);
        if let Some(sequence) = &self.sequence
            && let Some((Some(commit), Some(lsn))) = postgres(sequence)
        {
            return Origin::Log(LogPosition::Postgres { commit, lsn: own.unwrap_or(lsn) });
        }
        if let (Some(id), Some(lsn)) = (natural(self.transaction), own) {
            return Origin::Log(LogPosition::Transaction { id, lsn });
        }
        match (self.file.as_deref().and_then(binlog), natural(self.position)) {
            (Some((file, number)), Some(position)) => Origin::Log(LogPosition::Binlog {
                server: natural(self.server).unwrap_or(0),
                file: file.to_owned(),
                number,
                position,
                row: natural(self.row).unwrap_or(0),
            }),
            _ => Origin::Unplaced,
        }
    }
}

/// `["last commit","own"]`, either of which may be null.
fn postgres(sequence: &str) -> Option<(Option<u64>, Option<u64>)> {
    let elements = elements_of(sequence).ok()?;
    let [commit, own] = elements[..] else { return None };
    let lsn = |slot: Slot| slot.integer(sequence).ok().flatten().and_then(|lsn| u64::try_from(lsn).ok());
    Some((lsn(commit), lsn(own)))
}

/// `mysql-bin.000003` as name and number.
fn binlog(file: &str) -> Option<(&str, u64)> {
    let (name, number) = file.rsplit_once('.')?;
    Some((name, number.parse().ok()?))
}

impl LogPosition {
    /// Whether it lies before another one of the same log.
    pub(crate) fn is_before(&self, reached: &LogPosition) -> bool {
        match (self, reached) {
            (
                LogPosition::Postgres { commit, lsn },
                LogPosition::Postgres { commit: reached_commit, lsn: reached },
            ) => (commit, lsn) < (reached_commit, reached),
            (
                LogPosition::Transaction { id, lsn },
                LogPosition::Transaction { id: reached_id, lsn: reached },
            ) => id == reached_id && lsn < reached,
            (
                LogPosition::Binlog { server, file, number, position, row },
                LogPosition::Binlog {
                    server: reached_server,
                    file: reached_file,
                    number: reached_number,
                    position: reached_position,
                    row: reached_row,
                },
            ) => {
                (server, file) == (reached_server, reached_file)
                    && (number, position, row) < (reached_number, reached_position, reached_row)
            }
            _ => false,
        }
    }

    /// As a text without control characters, that [`LogPosition::parse`] reads.
    pub(crate) fn text(&self) -> String {
        match self {
            LogPosition::Postgres { commit, lsn } => format!("lsn {commit} {lsn}"),
            LogPosition::Transaction { id, lsn } => format!("tx {id} {lsn}"),
            LogPosition::Binlog { server, file, number, position, row } => {
                format!("binlog {server} {number} {position} {row} {file}")
            }
        }
    }

    /// The position of a text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("lsn ") {
            let (commit, lsn) = rest.split_once(' ')?;
            return Some(LogPosition::Postgres { commit: commit.parse().ok()?, lsn: lsn.parse().ok()? });
        }
        if let Some(rest) = text.strip_prefix("tx ") {
            let (id, lsn) = rest.split_once(' ')?;
            return Some(LogPosition::Transaction { id: id.parse().ok()?, lsn: lsn.parse().ok()? });
        }
        let mut parts = text.strip_prefix("binlog ")?.splitn(5, ' ');
        let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok());
        let (server, file_number, position, row) = (number()?, number()?, number()?, number()?);
        let file = parts.next()?.to_owned();
        Some(LogPosition::Binlog { server, file, number: file_number, position, row })
    }
}
