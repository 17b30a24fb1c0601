//! Where a change stands in the log of its database. Debezium delivers at least once: after a restart it may write changes again
//! that are in the topic already, further back. Their positions tell.
//!
//! Only what is certain is left out. A position that does not lie before the one that was reached is applied: changes of one
//! log record share theirs (COPY writes many rows by one), and to apply one again changes nothing. A position of another server
//! is not compared; neither is an LSN alone, since transactions that ran at the same time come in the order of their
//! commits, and not of their LSNs.

use crate::json::{Slot, elements_of, members_of};
use tidewire_row::EvalResult;

/// How far a partition's changes have been applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogPosition {
    /// PostgreSQL: the LSN of the last commit before the change's transaction, and the change's own.
    Postgres { commit: u64, lsn: u64 },
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

/// Reads `source`.
pub(crate) fn origin(source: &str) -> EvalResult<Origin> {
    let [snapshot, sequence, lsn, file, pos, row, server] =
        members_of(source, ["snapshot", "sequence", "lsn", "file", "pos", "row", "server_id"])?;
    // true, first, last, first_in_data_collection…; `incremental` runs beside the log.
    match snapshot.string(source)?.as_deref() {
        Some("false") | None => {}
        Some("incremental") => return Ok(Origin::Unplaced),
        Some(_) => return Ok(Origin::Snapshot),
    }
    if snapshot.raw(source) == "true" {
        return Ok(Origin::Snapshot);
    }
    if let Some(sequence) = sequence.string(source)? {
        return Ok(match (postgres(&sequence), lsn.integer(source)?) {
            (Some((Some(commit), Some(own))), lsn) => {
                let lsn = lsn.and_then(|lsn| u64::try_from(lsn).ok()).unwrap_or(own);
                Origin::Log(LogPosition::Postgres { commit, lsn })
            }
            _ => Origin::Unplaced,
        });
    }
    Ok(match (file.string(source)?, pos.integer(source)?) {
        (Some(file), Some(position)) => match binlog(&file) {
            Some((file, number)) => Origin::Log(LogPosition::Binlog {
                server: number_of(server, source)?,
                file: file.to_owned(),
                number,
                position: position as u64,
                row: number_of(row, source)?,
            }),
            None => Origin::Unplaced,
        },
        _ => Origin::Unplaced,
    })
}

fn number_of(slot: Slot, text: &str) -> EvalResult<u64> {
    Ok(slot.integer(text)?.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
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
        let mut parts = text.strip_prefix("binlog ")?.splitn(5, ' ');
        let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok());
        let (server, file_number, position, row) = (number()?, number()?, number()?, number()?);
        let file = parts.next()?.to_owned();
        Some(LogPosition::Binlog { server, file, number: file_number, position, row })
    }
}
