//! Foreign keys: whether what refers finds its key, in the state that a commit makes.

use crate::check::{Admitted, Conflict, under};
use crate::{Splitter, Writes};
use std::borrow::Cow;
use std::sync::Arc;
use tidewire_arrange::{ShardedSnapshot, Updates, consolidated};
use tidewire_plan::ScalarType;
use tidewire_row::{Arena, Datum, Numeric, canonical, has_null, push_datum, read_column};

/// Rows of one collection refer to a key of another.
pub struct ForeignKey {
    /// Which refers.
    pub child: Side,
    /// Which is referred to.
    pub parent: Side,
    /// The columns of the key that refers.
    pub types: Vec<ScalarType>,
    /// Those of the key that is referred to.
    pub parent_types: Vec<ScalarType>,
}

/// A collection arranged by the key.
pub struct Side {
    /// The collection.
    pub collection: u64,
    /// The arrangement.
    pub arrangement: u64,
    /// By its layout.
    pub splitter: Arc<dyn Splitter>,
}

/// How often a key is there: in a snapshot, in what was admitted since, and in the writes that are checked.
struct Counts {
    snapshot: ShardedSnapshot,
    /// The snapshot has these writes.
    includes_own: bool,
    since: Vec<Arc<Updates>>,
    own: Updates,
}

impl Counts {
    fn net(&self, key: &[u8]) -> i64 {
        under(&self.own, key).map(|update| update.diff).sum()
    }

    fn count(&self, key: &[u8]) -> i64 {
        let later =
            self.since.iter().map(|updates| under(updates, key).map(|update| update.diff).sum::<i64>());
        let own = if self.includes_own { 0 } else { self.net(key) };
        self.snapshot.count(key) + later.sum::<i64>() + own
    }

    /// The keys of the transaction's own writes, each once.
    fn keys(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.own.len())
            .filter(|index| *index == 0 || self.own.get(index - 1).key != self.own.get(*index).key)
            .map(|index| self.own.get(index).key)
    }
}

/// A packed key under other types, as keys are: None where one of its values is not a value of the other type.
fn converted<'a>(key: &'a [u8], from: &[ScalarType], to: &[ScalarType]) -> Option<Cow<'a, [u8]>> {
    if from == to {
        return Some(Cow::Borrowed(key));
    }
    let arena = Arena::new();
    let (mut at, mut out) = (0, Vec::with_capacity(key.len() + 8));
    for (from, to) in from.iter().zip(to) {
        let value = exactly(read_column(key, &mut at, *from, &arena), *to)?;
        push_datum(&mut out, canonical(*to, value, &arena));
    }
    Some(Cow::Owned(out))
}

/// The value of a type that equals one of another.
fn exactly(value: Datum<'_>, to: ScalarType) -> Option<Datum<'_>> {
    let whole = match value {
        Datum::Int16(value) => value.into(),
        Datum::Int32(value) => value.into(),
        Datum::Int64(value) => value,
        Datum::Float32(value) => return exactly(Datum::Float64(value.into()), to),
        Datum::Float64(value) => return float_as(value, to),
        Datum::Numeric(value) => {
            let rounded = value.to_i64().ok()?;
            let is_whole = Numeric::from_i64(rounded).compare(&value).is_eq();
            match to {
                ScalarType::Numeric => return Some(Datum::Numeric(value)),
                _ if is_whole => rounded,
                _ => return None,
            }
        }
        other => return Some(other),
    };
    Some(match to {
        ScalarType::Int2 => Datum::Int16(whole.try_into().ok()?),
        ScalarType::Int4 => Datum::Int32(whole.try_into().ok()?),
        ScalarType::Numeric => Datum::Numeric(Numeric::from_i64(whole)),
        ScalarType::Float4 => Datum::Float32(whole as f32),
        ScalarType::Float8 => Datum::Float64(whole as f64),
        _ => Datum::Int64(whole),
    })
}

fn float_as<'a>(value: f64, to: ScalarType) -> Option<Datum<'a>> {
    let whole = || (value.fract() == 0.0 && value.abs() < i64::MAX as f64).then_some(value as i64);
    Some(match to {
        ScalarType::Float4 if value.is_nan() || f64::from(value as f32) == value => {
            Datum::Float32(value as f32)
        }
        ScalarType::Float4 => return None,
        ScalarType::Int2 => Datum::Int16(whole()?.try_into().ok()?),
        ScalarType::Int4 => Datum::Int32(whole()?.try_into().ok()?),
        ScalarType::Int8 => Datum::Int64(whole()?),
        _ => Datum::Float64(value),
    })
}

impl ForeignKey {
    /// The referenced key that a referring one is equal to; None: there can be none.
    pub fn to_parent<'a>(&self, key: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        converted(key, &self.types, &self.parent_types)
    }

    /// The referring key that a referenced one is equal to; None: there can be none.
    pub fn to_child<'a>(&self, key: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        converted(key, &self.parent_types, &self.types)
    }

    /// Checks a transaction's writes. `snapshot` is of a side, `since` what was admitted to a collection after it.
    pub(crate) fn check(
        &self,
        transaction: &Writes,
        mut snapshot: impl FnMut(&Side) -> Option<ShardedSnapshot>,
        since: impl Fn(u64) -> Vec<Arc<Admitted>>,
    ) -> Result<(), Conflict> {
        let absent = |side: &Side| Conflict::Invalid {
            collection: side.collection,
            message: "an index was dropped".into(),
        };
        self.check_among(
            transaction,
            false,
            |side| snapshot(side).ok_or_else(|| absent(side)),
            &|conflict| conflict,
            since,
        )
    }

    /// Checks a statement's writes, which the snapshots of both sides have.
    pub fn check_statement<E>(
        &self,
        written: &Writes,
        snapshot: impl FnMut(&Side) -> Result<ShardedSnapshot, E>,
        refuse: &impl Fn(Conflict) -> E,
    ) -> Result<(), E> {
        self.check_among(written, true, snapshot, refuse, |_| Vec::new())
    }

    fn check_among<E>(
        &self,
        written: &Writes,
        includes_own: bool,
        mut snapshot: impl FnMut(&Side) -> Result<ShardedSnapshot, E>,
        refuse: &impl Fn(Conflict) -> E,
        since: impl Fn(u64) -> Vec<Arc<Admitted>>,
    ) -> Result<(), E> {
        let set_of = |side: &Side| written.iter().find(|(id, _)| *id == side.collection).map(|(_, set)| set);
        let mut counts = |side: &Side| -> Result<Counts, E> {
            let invalid =
                |message: String| refuse(Conflict::Invalid { collection: side.collection, message });
            let own =
                set_of(side).map_or_else(|| Ok(Updates::default()), |set| set.keyed(side.splitter.as_ref()));
            let later = since(side.collection);
            Ok(Counts {
                snapshot: snapshot(side)?,
                includes_own,
                since: later.iter().map(|a| a.sorted_by(side.arrangement, side.splitter.as_ref())).collect(),
                own: consolidated(&own.map_err(invalid)?),
            })
        };
        let (child, parent) = (counts(&self.child)?, counts(&self.parent)?);
        let violated = |key: &[u8], missing: bool| {
            let (child, constraint) = (self.child.collection, self.child.arrangement);
            let side = if missing { &self.child } else { &self.parent };
            let row = set_of(side).and_then(|set| set.row_with(side.splitter.as_ref(), key, missing));
            Err(refuse(Conflict::ForeignKey { child, constraint, key: key.to_vec(), row, missing }))
        };
        for key in child.keys().filter(|key| child.net(key) > 0 && !has_null(key, &self.types)) {
            if self.to_parent(key).is_none_or(|key| parent.count(&key) <= 0) {
                return violated(key, true);
            }
        }
        for key in parent.keys().filter(|key| parent.net(key) < 0 && !has_null(key, &self.parent_types)) {
            if parent.count(key) <= 0 && self.to_child(key).is_some_and(|key| child.count(&key) > 0) {
                return violated(key, false);
            }
        }
        Ok(())
    }
}
