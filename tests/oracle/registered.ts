/**
 * Calls of every function and operator that `sql/functions` registers over the generator's types, so that a new one
 * is compared the day it is registered. Most arguments are any expression of their type; where most values are
 * errors (field names, formats, patterns, counts) the arguments come from a list of good ones.
 */
import { castPath } from '../../sql/types/casts.ts';
import { functions, operators, type FunctionEntry } from '../../sql/functions/table.ts';
import type { TypeName } from '../../sql/types/type.ts';
import { DOMAINS, TYPES, typed, type Type } from './schema.ts';

export interface Registered {
  /** The tag of coverage: the name with the types. */
  readonly signature: string;
  readonly result: Type;
  readonly arguments: readonly Type[];
  /** Texts around the arguments: one more than there are arguments. */
  readonly texts: readonly string[];
  /** For each argument the literals that it may be; null: any expression. */
  readonly literals: readonly (readonly string[] | null)[];
  readonly fallible: boolean;
}

const known: ReadonlySet<string> = new Set(TYPES);

/** What stands for the polymorphic types of ranges' functions. */
const RANGES: readonly Readonly<Record<string, string>>[] = [
  { anyrange: 'int4range', anymultirange: 'int4multirange', anyelement: 'int4' },
  { anyrange: 'numrange', anymultirange: 'nummultirange', anyelement: 'numeric' },
  { anyrange: 'daterange', anymultirange: 'datemultirange', anyelement: 'date' },
];

/** The types of a signature; once for each type of ranges, if it is over any of them. */
function* instances(types: readonly string[], result: string): Generator<[readonly Type[], Type]> {
  const isOfRanges = types.some((type) => type === 'anyrange' || type === 'anymultirange');
  for (const meaning of isOfRanges ? RANGES : [{} as Record<string, string>]) {
    const of = types.map((type) => meaning[type] ?? type);
    const to = meaning[result] ?? result;
    if ([...of, to].every((type) => known.has(type))) yield [of as Type[], to as Type];
  }
}

const LIBM: ReadonlySet<string> = new Set([
  'dcbrt',
  'dasinh',
  'dacosh',
  'datanh',
  'derf',
  'derfc',
  'dgamma',
  'dlgamma',
]);

/** Left out: each has its own test, or no meaning as a call. */
const AVOIDED: readonly ((entry: FunctionEntry) => string | false)[] = [
  (entry) => entry.volatility === 'volatile' && 'the result is no function of the data',
  (entry) => entry.name === 'age' && entry.arguments.length === 1 && 'it reads the date of today',
  (entry) =>
    entry.name === entry.result &&
    entry.arguments.length > 1 &&
    entry.arguments[0] === entry.result &&
    'a typmod',
  (entry) => LIBM.has(entry.opcode) && 'its last bit is that of the platform: glibc rounds 2^(1/3) up',
  (entry) => entry.name === 'similar_to_escape' && 'SIMILAR TO has it',
];

const q = (...texts: string[]): string[] => texts.map((text) => `'${text.replaceAll("'", "''")}'`);
const ZONES = q('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata');
const OFFSETS = [`interval '2 hours'`, `interval '-03:30'`];
const COUNTS = ['0', '1', '2', '3', '5'];
const POSITIONS = ['1', '2', '3'];
const LIKE = q('a%', '%b', '_', '%', '', '%a_%', 'é%', 'A');
const REGEX = q('a', '^a', 'b$', '[a-c]+', '(a)(b)?', '.', '\\d+', 'a|b', '^$', '[[:upper:]]');
const FLAGS = q('', 'i', 'g', 'gi');
const DATE_FORMATS = q(
  'YYYY-MM-DD',
  'Day DD Mon YYYY',
  'IYYY-IW-ID',
  'J Q CC',
  'FMMonth FMDDth',
  'MI:SS.US HH24 HH12 AM',
  'DDD WW W RM',
);
const NUMBER_FORMATS = q(
  '999D99',
  'FM999',
  '0000.0',
  'S99',
  '99PR',
  'MI9,999',
  '9.9EEEE',
  'FMRN',
  '99V9',
  'L9G999',
);
const UNITS: Partial<Record<Type, readonly string[]>> = {
  date: q(
    'year',
    'month',
    'day',
    'dow',
    'doy',
    'quarter',
    'week',
    'epoch',
    'isoyear',
    'decade',
    'century',
    'julian',
  ),
  time: q('hour', 'minute', 'second', 'milliseconds', 'microseconds', 'epoch'),
  timestamp: q(
    'year',
    'month',
    'day',
    'hour',
    'minute',
    'second',
    'dow',
    'doy',
    'week',
    'epoch',
    'millennium',
  ),
  timestamptz: q('year', 'month', 'day', 'hour', 'minute', 'second', 'isodow', 'week', 'epoch', 'timezone'),
  interval: q('year', 'month', 'day', 'hour', 'minute', 'second', 'epoch', 'quarter', 'century'),
};
const TRUNCATED = q(
  'millennium',
  'century',
  'decade',
  'year',
  'quarter',
  'month',
  'week',
  'day',
  'hour',
  'minute',
  'second',
  'milliseconds',
);

type Literals = readonly (readonly string[] | null)[];
type Recipe = Literals | ((types: readonly Type[]) => Literals);

const NON_ZERO = (type: Type): readonly string[] => ['1', '2', '(-3)', '7'].map((text) => `${text}::${type}`);
const divisor: Recipe = (types) => [null, NON_ZERO(types[1]!)];
const unit = [`0`, `0.5`, `1`, `-0.25`].map((text) => `'${text}'::float8`);
const positive = (types: readonly Type[]): Literals =>
  types.map((type) => [`0.5`, `1`, `2`, `10.25`, `100`].map((text) => `'${text}'::${type}`));
const small = (types: readonly Type[]): Literals =>
  types.map((type) => [`0`, `0.5`, `1`, `2`, `-1.5`, `3`].map((text) => `'${text}'::${type}`));

const shift: Recipe = (types) => (types[0]!.startsWith('int') && types[1] === 'int4' ? [null, COUNTS] : []);

/** Bounds in their order; unions and differences that are one range, and a few that are not. */
function rangeRecipes(): Record<string, Recipe> {
  const of = (type: string, texts: readonly string[]): string[] => texts.map((text) => `'${text}'::${type}`);
  const made = (type: string, low: readonly string[], high: readonly string[]): Literals => [
    of(type, low),
    of(type, high),
    q('[]', '[)', '(]', '()'),
  ];
  const meeting = {
    int4range: [
      ['[1,5)', 'empty', '[2,4)', '(,3)', '[2,)'],
      ['empty', '(,)', '(,3)', '[3,)'],
    ],
    numrange: [
      ['[1.00,5.00)', 'empty', '[2,4]', '(,3)'],
      ['empty', '(,)', '(,3.00)', '[3,)'],
    ],
    daterange: [
      ['[2024-01-31,2024-03-01)', 'empty', '(,2024-02-29)'],
      ['empty', '(,)', '[2024-02-29,)'],
    ],
  } as const;
  const pairs = Object.entries(meeting).flatMap(([type, [left, right]]) =>
    ['+', '-'].map((name) => [`${type}${name}${type}`, [of(type, left), of(type, right)]] as const),
  );
  return Object.fromEntries([
    ...pairs,
    ['int4range', made('int4', ['-1', '0', '1'], ['1', '3', '7'])],
    ['numrange', made('numeric', ['-1.25', '0.00', '1.00'], ['1.00', '2.50'])],
    ['daterange', made('date', ['1970-01-01', '2024-01-31'], ['2024-01-31', '2024-02-29'])],
  ]);
}

/** By name, and where that says too little by signature. */
const RECIPES: Readonly<Record<string, Recipe>> = {
  date_trunc: (types) => [TRUNCATED.slice(0, types[1] === 'interval' ? 6 : undefined), null, ZONES],
  date_part: (types) => [UNITS[types[1]!] ?? null, null],
  extract: (types) => [UNITS[types[1]!] ?? null, null],
  timezone: (types) => (types.length === 1 ? [null] : [types[0] === 'interval' ? OFFSETS : ZONES, null]),
  date_add: [null, null, ZONES],
  date_subtract: [null, null, ZONES],
  date_bin: [[`interval '15 minutes'`, `interval '1 day'`, `interval '00:00:07.5'`], null, null],
  lpad: [null, COUNTS, null],
  rpad: [null, COUNTS, null],
  repeat: [null, COUNTS],
  left: [null, [...COUNTS, '(-1)']],
  right: [null, [...COUNTS, '(-1)']],
  substr: [null, [...COUNTS, '(-1)'], COUNTS],
  'substring(text,int4)': [null, COUNTS],
  'substring(text,int4,int4)': [null, COUNTS, COUNTS],
  'substring(bytea,int4)': [null, COUNTS],
  'substring(bytea,int4,int4)': [null, COUNTS, COUNTS],
  'substring(text,text)': [null, REGEX],
  'substring(text,text,text)': [null, q('a#"%#"b', '%#"a#"%'), q('#')],
  overlay: [null, null, POSITIONS, COUNTS],
  split_part: [null, q('', 'a', ' ', 'b'), ['1', '2', '(-1)']],
  chr: [['65', '97', '233', '8364', '128512']],
  encode: [null, q('hex', 'base64', 'escape')],
  decode: [q('6162', '00ff', ''), q('hex')],
  get_byte: [[`'\\x6162'::bytea`], ['0', '1']],
  set_byte: [[`'\\x6162'::bytea`], ['0', '1'], ['0', '255', '97']],
  get_bit: [[`'\\x6162'::bytea`], ['0::int8', '9::int8']],
  set_bit: [[`'\\x6162'::bytea`], ['0::int8', '9::int8'], ['0', '1']],
  like: (types) => [null, types[1] === 'bytea' ? null : LIKE],
  notlike: (types) => [null, types[1] === 'bytea' ? null : LIKE],
  like_escape: [LIKE, q('\\', '!', '')],
  '~~': (types) => [null, types[1] === 'bytea' ? null : LIKE],
  '!~~': (types) => [null, types[1] === 'bytea' ? null : LIKE],
  '~~*': [null, LIKE],
  '!~~*': [null, LIKE],
  '~': (types) => (types.length === 1 ? [null] : [null, REGEX]),
  '!~': [null, REGEX],
  '~*': [null, REGEX],
  '!~*': [null, REGEX],
  regexp_replace: [null, REGEX, q('x', '', '\\1', '[\\&]'), FLAGS],
  regexp_count: [null, REGEX, POSITIONS, q('', 'i')],
  regexp_like: [null, REGEX, q('', 'i')],
  regexp_instr: [null, REGEX, POSITIONS, POSITIONS, ['0', '1'], q('', 'i'), ['0', '1']],
  unistr: [
    q('\\0041\\+01F600', '\\D83D\\DE00\\\\', '\\00', '\\D83D', '\\0000', 'plain é', '\\u00e9\\U0001F600'),
  ],
  regexp_substr: [null, REGEX, POSITIONS, POSITIONS, q('', 'i'), ['0', '1']],
  'to_char(numeric,text)': [null, NUMBER_FORMATS],
  'to_char(int4,text)': [null, NUMBER_FORMATS],
  'to_char(int8,text)': [null, NUMBER_FORMATS],
  'to_char(float4,text)': [null, NUMBER_FORMATS],
  'to_char(float8,text)': [null, NUMBER_FORMATS],
  'to_char(timestamp,text)': [null, DATE_FORMATS],
  'to_char(timestamptz,text)': [null, DATE_FORMATS],
  'to_char(interval,text)': [null, q('HH24:MI:SS', 'DD', 'YYYY MM', 'FMHH12:MI')],
  to_number: [q('12', '-3', '4.5'), q('S99D9', '99.9')],
  to_date: [q('2024-02-29', '1999-12-31'), q('YYYY-MM-DD')],
  'to_timestamp(text,text)': [q('2024-02-29 13', '1999-12-31 00'), q('YYYY-MM-DD HH24')],
  make_date: [
    ['2024', '1999', '(-44)'],
    ['1', '12'],
    ['1', '28'],
  ],
  make_time: [
    ['0', '23'],
    ['0', '59'],
    [`'0'::float8`, `'59.5'::float8`],
  ],
  make_timestamp: [['2024', '1999'], ['1', '12'], ['1', '28'], ['0', '23'], ['0', '59'], [`'7.25'::float8`]],
  make_timestamptz: [
    ['2024', '1999'],
    ['1', '7'],
    ['1', '28'],
    ['0', '23'],
    ['0', '59'],
    [`'7.25'::float8`],
    ZONES,
  ],
  factorial: [['0::int8', '1::int8', '5::int8', '20::int8']],
  width_bucket: (types) => [null, [`'0'::${types[0]}`], [`'10'::${types[0]}`], ['4', '10']],
  mod: divisor,
  div: divisor,
  numeric_div_trunc: divisor,
  '/': (types) => [null, types[0] === 'interval' ? [`'2'::float8`, `'0.5'::float8`] : NON_ZERO(types[1]!)],
  '%': divisor,
  '^': small,
  pow: positive,
  power: positive,
  exp: small,
  dexp: small,
  numeric_exp: small,
  ln: positive,
  log: positive,
  log10: positive,
  dlog1: positive,
  dlog10: positive,
  numeric_ln: positive,
  numeric_log: [
    [`'2'::numeric`, `'10'::numeric`],
    [`'8'::numeric`, `'0.1'::numeric`, `'1000'::numeric`],
  ],
  'log(numeric,numeric)': [
    [`'2'::numeric`, `'10'::numeric`],
    [`'8'::numeric`, `'0.1'::numeric`, `'1000'::numeric`],
  ],
  sqrt: positive,
  numeric_sqrt: positive,
  '|/': positive,
  acos: [unit],
  asin: [unit],
  acosd: [unit],
  asind: [unit],
  atanh: [unit.filter((text) => !text.includes(`'1'`))],
  acosh: positive,
  sinh: small,
  cosh: small,
  cot: positive,
  cotd: positive,
  normalize: [null, q('NFC', 'nfd', 'NFKC', 'NFKD')],
  is_normalized: [null, q('NFC', 'nfd', 'NFKC', 'NFKD')],
  parse_ident: [q('a.b', '"X y".Z$1', ' _é . b '), null],
  pg_size_bytes: [q('1', '1.5 kB', ' -2 mb', '1e3 GB')],
  '<<': shift,
  '>>': shift,
  ...rangeRecipes(),
  'jsonb->text': [null, q('a', 'b', '')],
  'jsonb->>text': [null, q('a', 'c', '')],
  'jsonb->int4': [null, ['0', '1', '(-1)']],
  'jsonb->>int4': [null, ['0', '1', '(-1)']],
  'jsonb?text': [null, q('a', 'b')],
  'jsonb-text': [[`'{"a": 1, "b": 2}'::jsonb`, `'["a", "b"]'::jsonb`], q('a', 'c')],
  'jsonb-int4': [[`'[1, 2, 3]'::jsonb`], ['0', '(-1)', '5']],
  jsonb_array_length: [[`'[1, 2, 3]'::jsonb`, `'[]'::jsonb`]],
};

/** From jsonb to a number or bool: of the values that are one. */
const JSON_SCALARS: Partial<Record<Type, readonly string[]>> = { bool: [`'true'::jsonb`, `'null'::jsonb`] };
const JSON_NUMBERS = [`'1'::jsonb`, `'2.5'::jsonb`, `'null'::jsonb`, `'-7e1'::jsonb`];

/** All calls, by the type of their result. */
export const registeredByResult: ReadonlyMap<Type, readonly Registered[]> = group([
  ...functionCalls(),
  ...operatorCalls(),
  ...textCasts(),
]);

export const registeredCount = [...registeredByResult.values()].reduce((sum, list) => sum + list.length, 0);

function* functionCalls(): Generator<Registered> {
  const ofOperators = new Set(operators.map((operator) => operator.function.oid));
  for (const entry of functions) {
    if (!usable(entry) || ofOperators.has(entry.oid)) continue;
    for (const [types, result] of instances(entry.arguments, entry.result)) {
      yield functionCall(entry, types, result);
    }
  }
}

function functionCall(entry: FunctionEntry, types: readonly Type[], result: Type): Registered {
  const signature = `${entry.name}(${types.join(',')})`;
  const [first] = types;
  const isCast = types.length === 1 && entry.name === result;
  if (isCast) {
    const literals = first === 'jsonb' ? (JSON_SCALARS[result] ?? JSON_NUMBERS) : null;
    return {
      signature,
      result,
      arguments: types,
      texts: ['(', `)::${result}`],
      literals: [literals],
      fallible: entry.canError,
    };
  }
  const name = entry.name === 'extract' ? 'pg_catalog."extract"' : `"${entry.name}"`;
  const texts = types.map((_, index) => (index === 0 ? `${name}(` : ', '));
  return {
    signature,
    result,
    arguments: types,
    texts: [...texts, ')'],
    literals: recipe(entry.name, signature, types),
    fallible: entry.canError,
  };
}

function* operatorCalls(): Generator<Registered> {
  for (const { name, left, right, result, function: entry } of operators) {
    if (avoided(entry)) continue;
    const texts = left === null ? [`(${name} `, ')'] : ['(', ` ${name} `, ')'];
    for (const [types, of] of instances(left === null ? [right] : [left, right], result)) {
      // Written with the types that they have: `int4 = int4` has an own place in the grammar of predicates.
      const signature = left === null ? `${name}${types[0]}` : types.join(name);
      const literals = recipe(name, signature, types);
      yield { signature, result: of, arguments: types, texts, literals, fallible: entry.canError };
    }
  }
}

/** Every type to its text; other casts are functions. */
function* textCasts(): Generator<Registered> {
  for (const source of TYPES) {
    for (const result of ['text', 'varchar', 'bpchar'] as const) {
      if (source === result || castPath(source as TypeName, result as TypeName, 'explicit') === null)
        continue;
      const signature = `${source}::${result}`;
      yield {
        signature,
        result,
        arguments: [source],
        texts: ['(', `)::${result}`],
        literals: [null],
        fallible: false,
      };
    }
  }
}

function usable(entry: FunctionEntry): boolean {
  return (
    entry.kind === 'function' &&
    (entry.native || entry.body !== null) &&
    entry.arguments.length > 0 &&
    !avoided(entry)
  );
}

function isElementOf(element: Type | undefined, range: Type | undefined): boolean {
  return RANGES.some(({ anyrange, anyelement }) => anyrange === range && anyelement === element);
}

/**
 * Elements that are looked for in a range: where a column is looked for in a constant range that is empty or unbounded,
 * PostgreSQL 18 forgets the column, and that an outer join has made it NULL.
 */
function literalsOf(type: Type): string[] {
  return DOMAINS[type].map((value) => typed(value, type));
}

function avoided(entry: FunctionEntry): boolean {
  return AVOIDED.some((reason) => reason(entry) !== false);
}

function recipe(name: string, signature: string, types: readonly Type[]): Literals {
  if (name === '@>' && isElementOf(types[1], types[0])) return [null, literalsOf(types[1]!)];
  if (name === '<@' && isElementOf(types[0], types[1])) return [literalsOf(types[0]!), null];
  const found = RECIPES[signature] ?? RECIPES[name] ?? [];
  const literals = typeof found === 'function' ? found(types) : found;
  return types.map((_, index) => literals[index] ?? null);
}

function group(calls: readonly Registered[]): Map<Type, Registered[]> {
  const groups = new Map<Type, Registered[]>();
  for (const call of calls) {
    const list = groups.get(call.result);
    if (list) list.push(call);
    else groups.set(call.result, [call]);
  }
  return groups;
}
