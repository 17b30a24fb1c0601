//! The single table of functions, by opcode.

use crate::context::Env;
use crate::functions;
use rustc_hash::FxHashMap;
use std::any::Any;
use std::sync::{Arc, Mutex, OnceLock};
use tidewire_row::{Datum, EvalError, EvalResult};

/// A function's body: arguments in the order of PostgreSQL's signature.
pub(crate) type Body = for<'a, 'b, 'c> fn(&'b [Datum<'a>], &'c Env<'a>) -> EvalResult<Datum<'a>>;

/// What a result may depend on besides the arguments; decides whether a constant call is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Volatility {
    /// The arguments only.
    Immutable,
    /// Also the execution's settings.
    Stable,
    /// Anything.
    Volatile,
}

/// A function of the registry.
pub(crate) struct Function {
    /// `pg_proc.prosrc`.
    pub opcode: &'static str,
    /// NULL when an argument is NULL; the body then never sees NULL.
    pub strict: bool,
    /// What it depends on.
    pub volatility: Volatility,
    /// It gives a value for all arguments of its signature.
    pub total: bool,
    /// The body.
    pub body: Body,
}

impl Function {
    pub const fn strict(opcode: &'static str, body: Body) -> Self {
        Function { opcode, strict: true, volatility: Volatility::Immutable, total: false, body }
    }

    /// Called with NULL arguments too.
    pub const fn lenient(opcode: &'static str, body: Body) -> Self {
        Function { opcode, strict: false, volatility: Volatility::Immutable, total: false, body }
    }

    /// Raises nothing.
    pub const fn total(mut self) -> Self {
        self.total = true;
        self
    }

    pub const fn stable(mut self) -> Self {
        self.volatility = Volatility::Stable;
        self
    }

    pub const fn volatile(mut self) -> Self {
        self.volatility = Volatility::Volatile;
        self
    }
}

/// One entry of [`opcodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpcodeInfo {
    /// `pg_proc.prosrc`.
    pub name: &'static str,
    /// Whether it gives NULL when an argument is NULL.
    pub strict: bool,
}

fn table() -> &'static FxHashMap<&'static str, &'static Function> {
    static TABLE: OnceLock<FxHashMap<&'static str, &'static Function>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = FxHashMap::default();
        for function in functions::families().into_iter().flatten() {
            let earlier = table.insert(function.opcode, function);
            debug_assert!(earlier.is_none(), "{} is registered twice", function.opcode);
        }
        table
    })
}

/// The function of an opcode.
pub(crate) fn lookup(opcode: &str) -> Option<&'static Function> {
    table().get(opcode).copied()
}

/// All opcodes, by name.
pub fn opcodes() -> Vec<OpcodeInfo> {
    let mut all: Vec<_> = table()
        .values()
        .map(|function| OpcodeInfo { name: function.opcode, strict: function.strict })
        .collect();
    all.sort_by_key(|info| info.name);
    all
}

/// Arguments that the opcode's signature does not have: the planner's fault, not the data's.
#[cold]
pub(crate) fn mismatch(opcode: &str, arguments: &[Datum<'_>]) -> EvalError {
    let kinds: Vec<String> = arguments.iter().map(|argument| format!("{argument:?}")).collect();
    EvalError::new("XX000", format!("{opcode} called with ({})", kinds.join(", ")))
}

/// The cache of one call site: what a pattern argument compiled to.
#[derive(Default)]
pub(crate) struct Site {
    /// The first pattern: a constant one is found here without a lock, also from several workers.
    first: OnceLock<Entry>,
    /// The last pattern that was not the first.
    last: Mutex<Option<Entry>>,
}

struct Entry {
    key: Box<str>,
    value: Arc<dyn Any + Send + Sync>,
}

impl Entry {
    fn find<T: Any + Send + Sync>(&self, key: &str) -> Option<Arc<T>> {
        if *self.key == *key { Arc::clone(&self.value).downcast().ok() } else { None }
    }
}

impl Site {
    /// What `make` gives for this key, kept while the key stays the same.
    pub fn cached<T: Any + Send + Sync>(
        &self,
        key: &str,
        make: impl FnOnce() -> EvalResult<T>,
    ) -> EvalResult<Arc<T>> {
        if let Some(value) = self.first.get().and_then(|entry| entry.find(key)) {
            return Ok(value);
        }
        let mut last = match self.last.lock() {
            Ok(guard) => guard,
            Err(poisoned) => poisoned.into_inner(),
        };
        if let Some(value) = last.as_ref().and_then(|entry| entry.find(key)) {
            return Ok(value);
        }
        let value = Arc::new(make()?);
        let entry = Entry { key: key.into(), value: Arc::clone(&value) as Arc<dyn Any + Send + Sync> };
        if let Err(entry) = self.first.set(entry) {
            *last = Some(entry);
        }
        Ok(value)
    }
}

/// Values that a body may return.
pub(crate) trait IntoOutcome<'a> {
    fn outcome(self) -> EvalResult<Datum<'a>>;
}

/// Values that are datums.
pub(crate) trait IntoDatum<'a> {
    fn datum(self) -> Datum<'a>;
}

impl<'a> IntoDatum<'a> for Datum<'a> {
    #[inline]
    fn datum(self) -> Datum<'a> {
        self
    }
}

macro_rules! into_datum {
    ($($variant:ident($type:ty)),* $(,)?) => {$(
        impl<'a> IntoDatum<'a> for $type {
            #[inline]
            fn datum(self) -> Datum<'a> {
                Datum::$variant(self)
            }
        }
    )*};
}

into_datum! {
    Bool(bool), Int16(i16), Int32(i32), Int64(i64), Oid(u32), Float32(f32), Float64(f64),
    Numeric(tidewire_row::Numeric<'a>), Text(&'a str), Bytea(&'a [u8]), Interval(tidewire_row::Interval),
    Jsonb(tidewire_row::JsonbRef<'a>), Enum(tidewire_row::EnumValue), Array(tidewire_row::ArrayRef<'a>), Record(tidewire_row::RecordRef<'a>),
    Range(tidewire_row::RangeRef<'a>), Multirange(tidewire_row::MultirangeRef<'a>), Inet(tidewire_row::Inet),
    Macaddr([u8; 6]), Macaddr8([u8; 8]), Bits(tidewire_row::Bits<'a>),
}

impl<'a, T: IntoDatum<'a>> IntoDatum<'a> for Option<T> {
    #[inline]
    fn datum(self) -> Datum<'a> {
        self.map_or(Datum::Null, IntoDatum::datum)
    }
}

impl<'a, T: IntoDatum<'a>> IntoOutcome<'a> for EvalResult<T> {
    #[inline]
    fn outcome(self) -> EvalResult<Datum<'a>> {
        self.map(IntoDatum::datum)
    }
}

/// A strict function by the variants of its arguments: `total!("int4eq", (a: Int32, b: Int32) => a == b)`. The body gives a
/// value; that of `fallible!` a result. `env` may be named after the arguments.
macro_rules! total {
    ($opcode:expr, ($($argument:ident: $variant:ident),* $(,)?) => $body:expr) => {
        total!($opcode, ($($argument: $variant),*), _env => $body)
    };
    ($opcode:expr, ($($argument:ident: $variant:ident),* $(,)?), $env:ident => $body:expr) => {
        $crate::registry::Function::strict($opcode, |arguments, $env| match *arguments {
            [$(tidewire_row::Datum::$variant($argument)),*] => {
                Ok($crate::registry::IntoDatum::datum($body))
            }
            _ => Err($crate::registry::mismatch($opcode, arguments)),
        })
        .total()
    };
}

/// See `total!`.
macro_rules! fallible {
    ($opcode:expr, ($($argument:ident: $variant:ident),* $(,)?) => $body:expr) => {
        fallible!($opcode, ($($argument: $variant),*), _env => $body)
    };
    ($opcode:expr, ($($argument:ident: $variant:ident),* $(,)?), $env:ident => $body:expr) => {
        $crate::registry::Function::strict($opcode, |arguments, $env| match *arguments {
            [$(tidewire_row::Datum::$variant($argument)),*] => {
                $crate::registry::IntoOutcome::outcome($body)
            }
            _ => Err($crate::registry::mismatch($opcode, arguments)),
        })
    };
}

/// The six comparisons of a type by an expression that gives an `Ordering`.
macro_rules! comparisons {
    ($left:ident, $right:ident, [$eq:expr, $ne:expr, $lt:expr, $le:expr, $gt:expr, $ge:expr],
     |$a:ident, $b:ident| $order:expr) => {
        [
            total!($eq, ($a: $left, $b: $right) => $order.is_eq()),
            total!($ne, ($a: $left, $b: $right) => $order.is_ne()),
            total!($lt, ($a: $left, $b: $right) => $order.is_lt()),
            total!($le, ($a: $left, $b: $right) => $order.is_le()),
            total!($gt, ($a: $left, $b: $right) => $order.is_gt()),
            total!($ge, ($a: $left, $b: $right) => $order.is_ge()),
        ]
    };
    ($prefix:literal, $left:ident, $right:ident, |$a:ident, $b:ident| $order:expr) => {
        comparisons!($left, $right, [
            concat!($prefix, "eq"), concat!($prefix, "ne"), concat!($prefix, "lt"),
            concat!($prefix, "le"), concat!($prefix, "gt"), concat!($prefix, "ge")
        ], |$a, $b| $order)
    };
}

pub(crate) use {comparisons, fallible, total};
