//! The bench's CSV files, whose fields hold neither commas nor quotes.

use anyhow::{Context, Result};
use dbsp::utils::{Tup2, Tup7, Tup8, Tup10};
use std::fs::File;
use std::io::{BufRead, BufReader};

/// auction, bidder, price, channel, url, date_time, extra
pub type Bid = Tup7<i64, i64, i64, String, String, i64, String>;
/// id, item_name, description, initial_bid, reserve, date_time, expires, seller, category, extra
pub type Auction = Tup10<i64, String, String, i64, i64, i64, i64, i64, i64, String>;
/// id, name, email_address, credit_card, city, state, date_time, extra
pub type Person = Tup8<i64, String, String, String, String, String, i64, String>;

/// u, v
pub type Edge = Tup2<i64, i64>;

/// The fields of one line.
pub struct Fields<'a>(std::str::Split<'a, char>);

impl Fields<'_> {
    fn text(&mut self) -> Result<String> {
        Ok(self.0.next().context("a field is missing")?.to_owned())
    }

    fn number(&mut self) -> Result<i64> {
        Ok(self.0.next().context("a field is missing")?.parse()?)
    }
}

/// A row of a file.
pub trait Record: Sized {
    /// Takes its fields in order.
    fn read(fields: &mut Fields<'_>) -> Result<Self>;
}

impl Record for Bid {
    fn read(f: &mut Fields<'_>) -> Result<Self> {
        Ok(Tup7(f.number()?, f.number()?, f.number()?, f.text()?, f.text()?, f.number()?, f.text()?))
    }
}

impl Record for Auction {
    fn read(f: &mut Fields<'_>) -> Result<Self> {
        let (id, name, description) = (f.number()?, f.text()?, f.text()?);
        let (initial, reserve, time, expires) = (f.number()?, f.number()?, f.number()?, f.number()?);
        Ok(Tup10(id, name, description, initial, reserve, time, expires, f.number()?, f.number()?, f.text()?))
    }
}

impl Record for Person {
    fn read(f: &mut Fields<'_>) -> Result<Self> {
        let (id, name, email, card) = (f.number()?, f.text()?, f.text()?, f.text()?);
        Ok(Tup8(id, name, email, card, f.text()?, f.text()?, f.number()?, f.text()?))
    }
}

impl Record for Edge {
    fn read(f: &mut Fields<'_>) -> Result<Self> {
        Ok(Tup2(f.number()?, f.number()?))
    }
}

impl Record for String {
    fn read(f: &mut Fields<'_>) -> Result<Self> {
        f.text()
    }
}

/// The rows of one file.
pub struct Reader {
    file: BufReader<File>,
    line: String,
}

impl Reader {
    /// None where a query does not want the file.
    pub fn open(folder: &str, name: &str, wanted: &[&str]) -> Result<Option<Self>> {
        if !wanted.contains(&name) {
            return Ok(None);
        }
        let path = format!("{folder}/{name}.csv");
        let file = File::open(&path).with_context(|| path.clone())?;
        let mut reader = Reader { file: BufReader::with_capacity(1 << 20, file), line: String::new() };
        reader.next_line()?;
        Ok(Some(reader))
    }

    fn next_line(&mut self) -> Result<bool> {
        self.line.clear();
        Ok(self.file.read_line(&mut self.line)? > 0)
    }

    /// Up to so many rows.
    pub fn take<T: Record>(&mut self, most: usize) -> Result<Vec<Tup2<T, i64>>> {
        let mut rows = Vec::with_capacity(most);
        while rows.len() < most && self.next_line()? {
            let mut fields = Fields(self.line.trim_end().split(','));
            rows.push(Tup2(T::read(&mut fields)?, 1));
        }
        Ok(rows)
    }
}
