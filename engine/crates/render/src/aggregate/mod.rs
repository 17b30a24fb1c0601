//! Accumulators: state of an aggregate that adds up, and its value.
//!
//! Every accumulator is a commutative group: adding a value and retracting it restores the state. What can't be
//! shown (overflow, a bad sum of infinities) is derived when the value is asked for, so that it can be retracted too.

mod bit_strings;
pub mod codec;
mod first;
mod float;
mod interval;
mod numeric;
mod ordered;
mod ranges;
mod statistics;
mod wide;

use bit_strings::BitStrings;
use first::First;
pub use float::FloatSum;
pub use interval::IntervalSum;
pub use numeric::NumericSum;
pub use ordered::{Arguments, Ordered};
use statistics::{FloatMoments, NumericMoments, PairMoments, Variance};

use codec::{Reader, put_int, put_wide};
use tidewire_eval::{Compiled, Context, compile};
use tidewire_plan::{Aggregate, AggregateFunction, ColumnType, Expr, ScalarType};
use tidewire_row::{Arena, Datum, EvalError, EvalResult, FormatSettings, Numeric};

/// An accumulable aggregate over one argument column.
pub struct Accumulation {
    kind: Kind,
    /// `interval / float8`, the evaluator's, for avg(interval).
    divide: Option<Compiled>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    CountAll,
    Count,
    /// sum(int2), sum(int4): int8
    SumToInt8,
    /// sum(int8): numeric
    SumToNumeric,
    AvgInteger,
    SumFloat4,
    SumFloat8,
    AvgFloat,
    SumNumeric,
    AvgNumeric,
    SumInterval,
    AvgInterval,
    BoolAnd,
    BoolOr,
    NumericVariance(Variance),
    FloatVariance(Variance),
    /// regr_count
    CountPairs,
    /// corr, covar, regr
    Pairs(AggregateFunction),
    Bits(AggregateFunction, ScalarType),
    BitStrings(AggregateFunction),
    /// min, max, least representation of rows that are only added; whether the greatest is meant.
    First(bool),
}

/// The state of one aggregate in one group.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Nothing of its own: the group's count.
    None,
    /// How many are not NULL.
    Count(i64),
    /// Integers: not NULL, and their sum.
    Integer(i64, i128),
    /// Floats: not NULL, and their sum.
    Float(i64, Box<FloatSum>),
    /// Numerics: not NULL, and their sum.
    Numeric(i64, Box<NumericSum>),
    /// Intervals: not NULL, and their sum.
    Interval(i64, Box<IntervalSum>),
    /// How many are true, how many false.
    Bool(i64, i64),
    /// Numerics and integers: not NULL, and their sums.
    NumericMoments(i64, Box<NumericMoments>),
    /// Floats: not NULL, and their sums.
    FloatMoments(i64, Box<FloatMoments>),
    /// Pairs of floats: neither NULL, and their sums.
    PairMoments(i64, Box<PairMoments>),
    /// Integers: not NULL, and how many have each bit.
    Bits(i64, Box<[i64; 64]>),
    /// Bit strings: how many have each bit.
    BitStrings(Box<BitStrings>),
    /// The least or the greatest so far.
    First(First),
}

impl Accumulation {
    /// The accumulation of a plan's aggregate. Refuses what does not add up.
    pub fn new(aggregate: &Aggregate) -> Result<Self, String> {
        use AggregateFunction as F;
        use ScalarType as S;
        let arguments: Vec<S> = aggregate.arguments.iter().map(|argument| argument.column.scalar).collect();
        let argument = arguments.first().copied();
        let variance = Variance::of(aggregate.function);
        let kind = match (aggregate.function, argument) {
            (F::CountAll, _) if aggregate.filter.is_none() => Kind::CountAll,
            (F::CountAll | F::Count, _) => Kind::Count,
            (F::Sum, Some(S::Int2 | S::Int4)) => Kind::SumToInt8,
            (F::Sum, Some(S::Int8)) => Kind::SumToNumeric,
            (F::Sum, Some(S::Float4)) => Kind::SumFloat4,
            (F::Sum, Some(S::Float8)) => Kind::SumFloat8,
            (F::Sum, Some(S::Numeric)) => Kind::SumNumeric,
            (F::Sum, Some(S::Interval)) => Kind::SumInterval,
            (F::Avg, Some(S::Int2 | S::Int4 | S::Int8)) => Kind::AvgInteger,
            (F::Avg, Some(S::Float4 | S::Float8)) => Kind::AvgFloat,
            (F::Avg, Some(S::Numeric)) => Kind::AvgNumeric,
            (F::Avg, Some(S::Interval)) => Kind::AvgInterval,
            (F::BoolAnd, Some(S::Bool)) => Kind::BoolAnd,
            (F::BoolOr, Some(S::Bool)) => Kind::BoolOr,
            (_, Some(S::Int2 | S::Int4 | S::Int8 | S::Numeric)) if variance.is_some() => {
                Kind::NumericVariance(variance.ok_or("no variance")?)
            }
            (_, Some(S::Float4 | S::Float8)) if variance.is_some() => {
                Kind::FloatVariance(variance.ok_or("no variance")?)
            }
            (F::BitAnd | F::BitOr | F::BitXor, Some(scalar @ (S::Int2 | S::Int4 | S::Int8))) => {
                Kind::Bits(aggregate.function, scalar)
            }
            (F::BitAnd | F::BitOr | F::BitXor, Some(S::Bit)) => Kind::BitStrings(aggregate.function),
            (F::RegrCount, _) if arguments == [S::Float8, S::Float8] => Kind::CountPairs,
            (
                F::Corr
                | F::CovarPop
                | F::CovarSamp
                | F::RegrAvgx
                | F::RegrAvgy
                | F::RegrIntercept
                | F::RegrR2
                | F::RegrSlope
                | F::RegrSxx
                | F::RegrSxy
                | F::RegrSyy,
                _,
            ) if arguments == [S::Float8, S::Float8] => Kind::Pairs(aggregate.function),
            (function, argument) => {
                return Err(format!("plan refused: {function:?} of {argument:?} does not add up"));
            }
        };
        let column = |scalar| ColumnType { scalar, typmod: -1, nullable: false };
        let divide = match kind {
            Kind::AvgInterval => Some(compile(
                &Expr::Call {
                    opcode: "interval_div".into(),
                    arguments: vec![Expr::Column { index: 0 }, Expr::Column { index: 1 }],
                    scalar: S::Interval,
                },
                &[column(S::Interval), column(S::Float8)],
                &[],
            )?),
            _ => None,
        };
        Ok(Accumulation { kind, divide })
    }

    /// [`Accumulation::new`], or with `monotonic` one of rows that are only added.
    pub fn of(aggregate: &Aggregate, monotonic: bool) -> Result<Self, String> {
        use AggregateFunction as F;
        let kind = match aggregate.function {
            F::Min | F::LeastRepresentation if monotonic => Kind::First(false),
            F::Max if monotonic => Kind::First(true),
            _ => return Self::new(aggregate),
        };
        Ok(Accumulation { kind, divide: None })
    }

    /// Whether there may be groups that it has no value for, but an error.
    pub fn can_raise(&self) -> bool {
        !matches!(
            self.kind,
            Kind::CountAll
                | Kind::Count
                | Kind::CountPairs
                | Kind::SumToNumeric
                | Kind::BoolAnd
                | Kind::BoolOr
                | Kind::Bits(..)
        )
    }

    /// The empty state.
    pub fn empty(&self) -> Cell {
        match self.kind {
            Kind::CountAll => Cell::None,
            Kind::Count => Cell::Count(0),
            Kind::SumToInt8 | Kind::SumToNumeric | Kind::AvgInteger => Cell::Integer(0, 0),
            Kind::SumFloat4 | Kind::SumFloat8 | Kind::AvgFloat => Cell::Float(0, Box::default()),
            Kind::SumNumeric | Kind::AvgNumeric => Cell::Numeric(0, Box::default()),
            Kind::SumInterval | Kind::AvgInterval => Cell::Interval(0, Box::default()),
            Kind::BoolAnd | Kind::BoolOr => Cell::Bool(0, 0),
            Kind::NumericVariance(_) => Cell::NumericMoments(0, Box::default()),
            Kind::FloatVariance(_) => Cell::FloatMoments(0, Box::default()),
            Kind::CountPairs => Cell::Count(0),
            Kind::Pairs(_) => Cell::PairMoments(0, Box::default()),
            Kind::Bits(..) => Cell::Bits(0, Box::new([0; 64])),
            Kind::BitStrings(_) => Cell::BitStrings(Box::default()),
            Kind::First(greatest) => Cell::First(First::empty(greatest)),
        }
    }

    /// The state that [`Cell::encode`] wrote.
    pub fn decode(&self, reader: &mut Reader<'_>) -> Cell {
        match self.empty() {
            Cell::None => Cell::None,
            Cell::Count(_) => Cell::Count(reader.int()),
            Cell::Integer(..) => Cell::Integer(reader.int(), reader.wide()),
            Cell::Float(..) => Cell::Float(reader.int(), Box::new(FloatSum::decode(reader))),
            Cell::Numeric(..) => Cell::Numeric(reader.int(), Box::new(NumericSum::decode(reader))),
            Cell::Interval(..) => Cell::Interval(reader.int(), Box::new(IntervalSum::decode(reader))),
            Cell::Bool(..) => Cell::Bool(reader.int(), reader.int()),
            Cell::NumericMoments(..) => {
                Cell::NumericMoments(reader.int(), Box::new(NumericMoments::decode(reader)))
            }
            Cell::FloatMoments(..) => {
                Cell::FloatMoments(reader.int(), Box::new(FloatMoments::decode(reader)))
            }
            Cell::PairMoments(..) => Cell::PairMoments(reader.int(), Box::new(PairMoments::decode(reader))),
            Cell::Bits(..) => {
                let count = reader.int();
                Cell::Bits(count, Box::new(std::array::from_fn(|_| reader.int())))
            }
            Cell::BitStrings(_) => Cell::BitStrings(Box::new(BitStrings::decode(reader))),
            Cell::First(_) => Cell::First(First::decode(self.kind == Kind::First(true), reader)),
        }
    }

    /// The aggregate's value in a group of `count` rows.
    pub fn value<'a>(&'a self, cell: &Cell, count: i64, arena: &'a Arena) -> EvalResult<Datum<'a>> {
        let overflow = || EvalError::new("22003", "value out of range: overflow");
        let numeric_count = Numeric::from_i64;
        Ok(match (self.kind, cell) {
            (Kind::CountAll, _) => Datum::Int64(count),
            (_, Cell::Count(count)) => Datum::Int64(*count),
            (Kind::NumericVariance(which), Cell::NumericMoments(count, moments)) => {
                moments.variance(which, *count, arena)?
            }
            (Kind::FloatVariance(which), Cell::FloatMoments(count, moments)) => {
                moments.variance(which, *count)?
            }
            (Kind::Pairs(function), Cell::PairMoments(count, moments)) => moments.value(function, *count)?,
            (Kind::Bits(function, scalar), Cell::Bits(count, bits)) => match count {
                0 => Datum::Null,
                _ => bits_value(function, scalar, *count, bits),
            },
            (Kind::BitStrings(function), Cell::BitStrings(strings)) => strings.value(function, arena)?,
            (
                _,
                Cell::Integer(0, _)
                | Cell::Float(0, _)
                | Cell::Numeric(0, _)
                | Cell::Interval(0, _)
                | Cell::Bool(0, 0)
                | Cell::None,
            ) => Datum::Null,
            (Kind::SumToInt8, Cell::Integer(_, sum)) => {
                Datum::Int64(i64::try_from(*sum).map_err(|_| EvalError::out_of_range("bigint"))?)
            }
            (Kind::AvgInteger, Cell::Integer(count, sum)) => {
                Datum::Numeric(Numeric::from_parts(*sum, 0).div(&numeric_count(*count), arena)?)
            }
            (_, Cell::Integer(_, sum)) => Datum::Numeric(Numeric::from_parts(*sum, 0)),
            (Kind::SumFloat4, Cell::Float(count, sum)) => {
                Datum::Float32(sum.to_f32(*count).map_err(|_| overflow())?)
            }
            (Kind::AvgFloat, Cell::Float(count, sum)) => {
                Datum::Float64(sum.to_f64(*count).map_err(|_| overflow())? / *count as f64)
            }
            (_, Cell::Float(count, sum)) => Datum::Float64(sum.to_f64(*count).map_err(|_| overflow())?),
            (Kind::AvgNumeric, Cell::Numeric(count, sum)) => {
                Datum::Numeric(sum.value(arena)?.div(&numeric_count(*count), arena)?)
            }
            (_, Cell::Numeric(_, sum)) => Datum::Numeric(sum.value(arena)?),
            (_, Cell::Interval(count, sum)) => {
                let sum = Datum::Interval(sum.value()?);
                match &self.divide {
                    None => sum,
                    Some(divide) => {
                        let settings = FormatSettings::default();
                        let context = Context { parameters: &[], settings: &settings, logical_time: 0 };
                        let local = Arena::new();
                        match divide.eval(&[sum, Datum::Float64(*count as f64)], &context, &local)? {
                            Datum::Interval(average) => Datum::Interval(average),
                            _ => Datum::Null,
                        }
                    }
                }
            }
            (Kind::BoolAnd, Cell::Bool(_, no)) => Datum::Bool(*no == 0),
            (_, Cell::Bool(yes, _)) => Datum::Bool(*yes != 0),
            (_, cell) => return Err(EvalError::new("XX000", format!("{:?} over {cell:?}", self.kind))),
        })
    }
}

/// bit_and, bit_or, bit_xor of `count` values of which so many have each bit.
fn bits_value<'a>(
    function: AggregateFunction,
    scalar: ScalarType,
    count: i64,
    bits: &[i64; 64],
) -> Datum<'a> {
    let is_set = |with: i64| match function {
        AggregateFunction::BitAnd => with == count,
        AggregateFunction::BitOr => with != 0,
        _ => with & 1 == 1,
    };
    let value = (0..64).fold(0u64, |value, bit| value | (is_set(bits[bit]) as u64) << bit);
    match scalar {
        ScalarType::Int2 => Datum::Int16(value as i16),
        ScalarType::Int4 => Datum::Int32(value as i32),
        _ => Datum::Int64(value as i64),
    }
}

/// An integer datum's value.
fn integer(value: Datum<'_>) -> Option<i64> {
    match value {
        Datum::Int16(value) => Some(value as i64),
        Datum::Int32(value) => Some(value as i64),
        Datum::Int64(value) => Some(value),
        _ => None,
    }
}

impl Cell {
    /// Appends the state as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Cell::None => {}
            Cell::Count(count) => put_int(out, *count),
            Cell::Integer(count, sum) => {
                put_int(out, *count);
                put_wide(out, *sum);
            }
            Cell::Float(count, sum) => {
                put_int(out, *count);
                sum.encode(out);
            }
            Cell::Numeric(count, sum) => {
                put_int(out, *count);
                sum.encode(out);
            }
            Cell::Interval(count, sum) => {
                put_int(out, *count);
                sum.encode(out);
            }
            Cell::Bool(yes, no) => {
                put_int(out, *yes);
                put_int(out, *no);
            }
            Cell::NumericMoments(count, moments) => {
                put_int(out, *count);
                moments.encode(out);
            }
            Cell::FloatMoments(count, moments) => {
                put_int(out, *count);
                moments.encode(out);
            }
            Cell::PairMoments(count, moments) => {
                put_int(out, *count);
                moments.encode(out);
            }
            Cell::Bits(count, bits) => {
                put_int(out, *count);
                bits.iter().for_each(|with| put_int(out, *with));
            }
            Cell::BitStrings(strings) => strings.encode(out),
            Cell::First(first) => first.encode(out),
        }
    }

    /// Adds a value `diff` times; NULLs do not take part.
    #[inline]
    pub fn add(&mut self, value: Datum<'_>, diff: i64) {
        if matches!(value, Datum::Null) {
            return;
        }
        match self {
            Cell::None => {}
            Cell::Count(count) => *count = count.wrapping_add(diff),
            Cell::Integer(count, sum) => {
                let Some(value) = integer(value) else { return };
                *count = count.wrapping_add(diff);
                *sum = sum.wrapping_add(value as i128 * diff as i128);
            }
            Cell::Float(count, sum) => {
                let value = match value {
                    Datum::Float32(value) => value as f64,
                    Datum::Float64(value) => value,
                    _ => return,
                };
                *count = count.wrapping_add(diff);
                sum.add(value, diff);
            }
            Cell::Numeric(count, sum) => {
                if let Datum::Numeric(value) = value {
                    *count = count.wrapping_add(diff);
                    sum.add(value, diff);
                }
            }
            Cell::Interval(count, sum) => {
                if let Datum::Interval(value) = value {
                    *count = count.wrapping_add(diff);
                    sum.add(value, diff);
                }
            }
            Cell::NumericMoments(count, moments) => {
                let value = match value {
                    Datum::Numeric(value) => value,
                    other => match integer(other) {
                        Some(value) => Numeric::from_i64(value),
                        None => return,
                    },
                };
                *count = count.wrapping_add(diff);
                moments.add(value, diff);
            }
            Cell::FloatMoments(count, moments) => {
                let value = match value {
                    Datum::Float32(value) => value as f64,
                    Datum::Float64(value) => value,
                    _ => return,
                };
                *count = count.wrapping_add(diff);
                moments.add(value, diff);
            }
            Cell::Bits(count, bits) => {
                let Some(value) = integer(value) else { return };
                *count = count.wrapping_add(diff);
                for (bit, with) in bits.iter_mut().enumerate() {
                    if value >> bit & 1 == 1 {
                        *with = with.wrapping_add(diff);
                    }
                }
            }
            Cell::BitStrings(strings) => {
                if let Datum::Bits(value) = value {
                    strings.add(value, diff);
                }
            }
            Cell::PairMoments(..) | Cell::First(_) => {}
            Cell::Bool(yes, no) => match value {
                Datum::Bool(true) => *yes = yes.wrapping_add(diff),
                Datum::Bool(false) => *no = no.wrapping_add(diff),
                _ => {}
            },
        }
    }

    /// Adds a pair of values `diff` times; one with a NULL does not take part.
    #[inline]
    pub fn add_pair(&mut self, first: Datum<'_>, second: Datum<'_>, diff: i64) {
        match (self, first, second) {
            (Cell::PairMoments(count, moments), Datum::Float64(y), Datum::Float64(x)) => {
                *count = count.wrapping_add(diff);
                moments.add(y, x, diff);
            }
            (Cell::Count(count), Datum::Float64(_), Datum::Float64(_)) => *count = count.wrapping_add(diff),
            _ => {}
        }
    }
}
