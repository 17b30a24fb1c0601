/** Tables of a case: few values per domain so that joins hit, NULLs, and now and then the corners of a type. */
import { withComputed, type Computed } from './computed-columns.ts';
import { domainOver, randomDomain, OWN_TYPES, type OwnType } from './own-types.ts';
import type { Random } from './random.ts';

export const TYPES = [
  ...(['int4', 'int8', 'numeric', 'text', 'bool', 'float8', 'date', 'timestamp'] as const),
  ...(['int2', 'float4', 'varchar', 'bpchar', 'bytea', 'uuid', 'jsonb'] as const),
  ...(['time', 'timestamptz', 'interval'] as const),
  ...(['int4range', 'numrange', 'daterange', 'int4multirange'] as const),
  ...(['inet', 'cidr', 'macaddr', 'macaddr8', 'varbit'] as const),
] as const;
export type Type = (typeof TYPES)[number] | OwnType;

/** Of which PostgreSQL has no min and max. */
export const WITHOUT_EXTREMES: ReadonlySet<Type> = new Set([
  ...(['bool', 'uuid', 'jsonb', 'macaddr', 'macaddr8', 'varbit'] as const),
  ...(['int4range', 'numrange', 'daterange', 'int4multirange', 'duo'] as const),
]);

/** The types that most columns have; the others come in now and then. */
const COMMON: readonly Type[] = ['int4', 'int8', 'numeric', 'text', 'bool', 'float8', 'date', 'timestamp'];

export function randomType(random: Random): Type {
  return random.weighted<() => Type>([
    [6, () => random.pick(COMMON)],
    [3, () => random.pick(TYPES)],
    [1.2, () => random.pick(OWN_TYPES)],
  ])();
}

export interface Column {
  readonly name: string;
  readonly type: Type;
  /** The type with its modifier. */
  readonly declared: string;
  readonly nullable: boolean;
  /** The table whose key it refers to. */
  readonly parent?: string;
  /** Where its values come from, if statements need not give any. */
  readonly computed?: Computed;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** The first column is the key. */
  readonly keyed: boolean;
  /** Keys change, and rows take those of others: PostgreSQL checks such a key at the end of the statement if it is told so. */
  readonly rekeyed: boolean;
  /** Another table's column refers to its key. */
  readonly isParent: boolean;
}

/** Where PostgreSQL is told; ON CONFLICT cannot use such a key. */
export const CHECKED_AT_END = ' DEFERRABLE';

/** A function in SQL, of values or of rows with the columns x and y. */
export interface SqlFunction {
  readonly name: string;
  readonly parameters: readonly Type[];
  readonly results: readonly Type[];
  readonly kind: 'value' | 'rows';
  /** CREATE FUNCTION. */
  readonly text: string;
}

export interface Schema {
  readonly tables: readonly Table[];
  readonly functions: readonly SqlFunction[];
  /** The types of the fields x and y of the composite type `pair`. */
  readonly composite: readonly [Type, Type] | null;
  /** Values at the ends of the types, with which arithmetic can fail. */
  readonly extremes: boolean;
  /** Domains with equal values that have several texts: 1.0 and 1.00, -0 and 0, a month and 30 days. */
  readonly mixedScale: boolean;
}

export const DOMAINS: Readonly<Record<Type, readonly string[]>> = {
  int2: ['0', '1', '2', '7', '-1'],
  int4: ['0', '1', '2', '3', '-1'],
  int8: ['0', '1', '2', '5', '-1'],
  numeric: ['0.00', '1.00', '2.50', '-1.25', '10.10'],
  text: [`''`, `'a'`, `'b'`, `'ab'`, `'A'`, `'é'`],
  varchar: [`''`, `'a'`, `'b'`, `'ab'`, `'a b'`],
  bpchar: [`''`, `'a'`, `'b'`, `'ab'`, `'é'`],
  bool: ['true', 'false'],
  float4: ['0', '0.5', '1', '-1.25', '2.125'],
  float8: ['0', '0.5', '1', '-1.25', '2.125'],
  bytea: [`''`, `'\\x00'`, `'\\x61'`, `'\\xff00'`, `'\\x616263'`],
  uuid: [
    `'00000000-0000-0000-0000-000000000000'`,
    `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'`,
    `'018f4e3c-7b00-7000-8000-000000000001'`,
    `'ffffffff-ffff-ffff-ffff-ffffffffffff'`,
  ],
  jsonb: [
    `'{}'`,
    `'{"a": 1}'`,
    `'[1, "a", null]'`,
    `'"a"'`,
    `'1'`,
    `'null'`,
    `'{"a": {"b": [true]}, "c": "é"}'`,
  ],
  date: [`'2024-01-31'`, `'2024-02-29'`, `'2023-12-31'`, `'1970-01-01'`],
  time: [`'00:00:00'`, `'12:30:00'`, `'23:59:59.999999'`, `'06:15:30.5'`],
  timestamp: [
    `'2024-01-31 00:00:00'`,
    `'2024-02-29 23:59:59.5'`,
    `'1970-01-01 00:00:00'`,
    `'2023-12-31 12:30:00'`,
  ],
  timestamptz: [
    `'2024-01-31 00:00:00+00'`,
    `'2024-03-31 01:30:00+00'`,
    `'1970-01-01 00:00:00+00'`,
    `'2023-12-31 12:30:00.25+00'`,
  ],
  interval: [`'0'`, `'1 day'`, `'02:30:00'`, `'1 mon'`, `'-3 days'`, `'1 year 2 mons -00:00:01.5'`],
  int4range: [`'empty'`, `'[1,3)'`, `'[2,6)'`, `'(,2)'`, `'[3,)'`, `'[-1,4)'`],
  numrange: [`'empty'`, `'[0.00,1.00)'`, `'[1.00,2.50]'`, `'(,1.00]'`, `'(2.50,)'`],
  daterange: [`'empty'`, `'[2024-01-31,2024-03-01)'`, `'[2024-02-29,2024-03-01)'`, `'(,2024-01-31)'`],
  inet: [`'10.0.0.1'`, `'10.0.0.1/8'`, `'10.0.0.0/8'`, `'192.168.1.5/24'`, `'::1'`, `'2001:db8::1/64'`],
  cidr: [`'10.0.0.0/8'`, `'10.0.0.1/32'`, `'192.168.1.0/24'`, `'::/0'`, `'2001:db8::/32'`],
  varbit: [`B''`, `B'0'`, `B'1'`, `B'101'`, `B'000000001'`, `X'ff0'`],
  macaddr: [`'08:00:2b:01:02:03'`, `'08:00:2b:ff:fe:00'`, `'00:00:00:00:00:01'`],
  macaddr8: [`'08:00:2b:01:02:03:04:05'`, `'08:00:2b:ff:fe:01:02:03'`, `'00:00:00:00:00:00:00:01'`],
  int4multirange: [`'{}'`, `'{[1,3)}'`, `'{[1,3),[5,8)}'`, `'{(,2),[3,4)}'`, `'{[2,6),[9,)}'`],
  mood: [`'low'`, `'even'`, `'high'`, `'Odd one'`],
  duo: [`'(1,a,low)'`, `'(2,"a b",high)'`, `'(1,,)'`, `'(,,)'`, `'(0,"",even)'`],
  'int4[]': [`'{}'`, `'{1}'`, `'{1,2}'`, `'{2,NULL,-1}'`, `'{3,1}'`],
  'text[]': [`'{}'`, `'{a}'`, `'{a,b}'`, `'{NULL,""}'`, `'{"a b",A}'`],
  'mood[]': [`'{}'`, `'{low}'`, `'{high,low}'`, `'{even,NULL}'`, `'{"Odd one",even}'`],
};

const EXTREMES: Readonly<Record<Type, readonly string[]>> = {
  int2: ['32767', '-32768'],
  int4: ['2147483647', '-2147483648'],
  int8: ['9223372036854775807', '-9223372036854775808'],
  numeric: ['99999999.99', `'NaN'`],
  text: [`'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz'`, `' a '`],
  varchar: [`'zzz '`, `' a '`],
  bpchar: [`' a'`, `'a  '`],
  bool: ['true', 'false'],
  float4: [`'NaN'`, `'Infinity'`, `'-Infinity'`],
  float8: [`'NaN'`, `'Infinity'`, `'-Infinity'`],
  bytea: [`'\\xdeadbeefdeadbeefdeadbeefdeadbeef'`],
  uuid: [`'12345678-1234-1234-1234-123456789012'`],
  jsonb: [`'[]'`, `'{"": ""}'`, `'[[], {}]'`, `'12345678901234567890.5'`, `'false'`],
  date: [`'0001-01-01'`, `'9999-12-31'`, `'infinity'`, `'4713-01-01 BC'`],
  time: [`'24:00:00'`],
  timestamp: [`'0001-01-01 00:00:00'`, `'9999-12-31 23:59:59.999999'`, `'-infinity'`],
  timestamptz: [`'0001-01-01 00:00:00+00'`, `'9999-12-31 23:59:59.999999+00'`, `'infinity'`],
  interval: [`'infinity'`, `'-178000000 years'`],
  int4range: [`'[-2147483648,2147483647)'`, `'[2147483646,)'`, `'(,)'`],
  numrange: [`'[-Infinity,NaN]'`, `'(,)'`, `'(99999999.99,Infinity)'`],
  daterange: [`'[2024-01-01,infinity]'`, `'(-infinity,2024-01-01)'`, `'(,)'`],
  inet: [`'0.0.0.0/0'`, `'255.255.255.255'`, `'::'`, `'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'`],
  cidr: [`'0.0.0.0/0'`, `'::1.2.3.4/128'`, `'ffff:ffff::/128'`],
  varbit: [`B'${'0'.repeat(64)}'`, `B'${'1'.repeat(65)}'`],
  macaddr: [`'00:00:00:00:00:00'`, `'ff:ff:ff:ff:ff:ff'`],
  macaddr8: [`'00:00:00:00:00:00:00:00'`, `'ff:ff:ff:ff:ff:ff:ff:ff'`],
  int4multirange: [`'{(,)}'`, `'{[-2147483648,0),[2147483646,)}'`],
  mood: [`'last'`],
  duo: [`'(-2147483648,"\\"\\\\(,",last)'`],
  'int4[]': [`'[0:1]={2147483647,-2147483648}'`, `'{{1,2},{3,4}}'`],
  'text[]': [`'{"\\"","\\\\","{,}"}'`, `'[-1:0]={a,NULL}'`],
  'mood[]': [`'{last,low}'`, `'{{low},{high}}'`],
};

/** Equal values with different texts, where a type has them. */
const MIXED: Partial<Record<Type, readonly string[]>> = {
  numeric: ['0', '1', '1.0', '1.00', '2.5', '2.50', '-1.25'],
  float4: ['0', `'-0'`, '0.5', '1'],
  float8: ['0', `'-0'`, '0.5', '1'],
  interval: [`'1 mon'`, `'30 days'`, `'1 day'`, `'24:00:00'`, `'0'`],
  jsonb: [`'1'`, `'1.0'`, `'{"a": 1}'`, `'{"a": 1.0}'`],
  numrange: [`'[0,1)'`, `'[0.0,1.00)'`, `'[1,2.5]'`, `'[1.0,2.50]'`, `'empty'`],
};

/** All values of a type's domains, as SQL text. */
export function valuesOf(type: Type): string[] {
  return [...new Set([...DOMAINS[type], ...(MIXED[type] ?? []), ...EXTREMES[type]])];
}

/** A value of a column as SQL text, untyped: the place that it goes to has the type. */
export function randomValue(random: Random, column: Column, schema: Schema): string {
  if (column.nullable && random.chance(0.15)) return 'NULL';
  if (column.parent !== undefined) return keyOf(random, column.parent);
  if (schema.extremes && random.chance(0.08)) return random.pick(EXTREMES[column.type]);
  const domain = domainOver(column.declared);
  if (domain?.wrong !== undefined && random.chance(0.004)) return domain.wrong;
  const mixed = schema.mixedScale ? MIXED[column.type] : undefined;
  return random.pick(mixed ?? DOMAINS[column.type]);
}

/** A key that the table has, unless it is empty. */
function keyOf(random: Random, table: string): string {
  const next = `(SELECT min(a) FROM ${table} WHERE a >= ${random.below(12)})`;
  return `coalesce(${next}, (SELECT max(a) FROM ${table}))`;
}

/** A literal with its type written, for use inside queries. */
export function literal(random: Random, type: Type): string {
  const value = random.pick(DOMAINS[type]);
  if (type === 'bool') return value;
  if (type === 'int4') return value.startsWith('-') ? `(${value})` : value;
  return typed(value, type);
}

/** A value with its type. A cast binds closer than a sign: the least integers are no integers without theirs. */
export function typed(value: string, type: string): string {
  return `${value.startsWith('-') ? `(${value})` : value}::${type}`;
}

export function randomSchema(random: Random): Schema {
  const mixedScale = random.chance(0.25);
  const tables: Table[] = [];
  // Most columns are of few types, so that columns of different tables can be compared.
  const common = [randomType(random), randomType(random), 'int4', 'text'] as const;
  /** The first table has times, some of them unknown. */
  const timed = random.fork().chance(0.3);
  for (let t = 0; t < random.between(2, 3); t++) {
    const keyed = random.chance(0.3);
    const columns: Column[] = [];
    for (let c = 0; c < random.between(2, 5); c++) {
      const isTime = timed && t === 0 && c === 1;
      const other = random.chance(0.6) ? random.pick(common) : randomType(random);
      const type = c === 0 ? 'int4' : isTime ? 'timestamp' : other;
      const nullable = keyed && c === 0 ? false : isTime || random.chance(0.85);
      const own =
        c === 0 ? type : (randomDomain(random, type, nullable) ?? declared(random, type, mixedScale));
      columns.push({ name: `${'abcde'[c]}`, type, declared: own, nullable });
    }
    const rekeyed = keyed && random.chance(0.4);
    tables.push({ name: `t${t + 1}`, columns, keyed, rekeyed, isParent: false });
  }
  refer(random.fork(), tables);
  return {
    tables: withComputed(random.fork(), tables),
    functions: [],
    composite: null,
    extremes: random.chance(0.15),
    mixedScale,
  };
}

/** A table's key is what a column of another refers to; PostgreSQL has none refer to a key that is checked at the end. */
function refer(random: Random, tables: Table[]): void {
  const parent = tables.findIndex(({ keyed, rekeyed }) => keyed && !rekeyed);
  if (parent < 0 || random.chance(0.3)) return;
  const child = random.pick([...tables.keys()].filter((index) => index !== parent));
  const column = { name: 'f', type: 'int4', declared: 'int4', parent: tables[parent]!.name } as const;
  const nullable = random.chance(0.6);
  tables[child] = { ...tables[child]!, columns: [...tables[child]!.columns, { ...column, nullable }] };
  tables[parent] = { ...tables[parent]!, isParent: true };
}

function declared(random: Random, type: Type, mixedScale: boolean): string {
  switch (type) {
    case 'numeric':
      return mixedScale ? 'numeric' : random.pick(['numeric(10,2)', 'numeric(10,2)', 'numeric(12,3)']);
    case 'varchar':
      return random.pick(['varchar(3)', 'varchar(4)', 'varchar']);
    case 'bpchar':
      return random.pick(['char(2)', 'char(3)', 'char(5)']);
    case 'timestamp':
      return random.pick(['timestamp', 'timestamp', 'timestamp(0)']);
    case 'time':
      return random.pick(['time', 'time(2)']);
    case 'interval':
      return random.pick(['interval', 'interval', 'interval(0)']);
    default:
      return type;
  }
}

export function createTable(table: Table): string {
  const columns = table.columns.map((column, index) => {
    const primary = ` PRIMARY KEY${table.rekeyed ? CHECKED_AT_END : ''}`;
    const key = table.keyed && index === 0 ? primary : column.nullable ? '' : ' NOT NULL';
    const action = column.nullable ? 'SET NULL' : 'CASCADE';
    const reference =
      column.parent === undefined
        ? ''
        : ` REFERENCES ${column.parent} (a) ON DELETE ${action} ON UPDATE CASCADE`;
    const { computed } = column;
    if (computed)
      return `${column.name} ${computed.declared ?? column.declared} ${computed.clause}`.trimEnd();
    return `${column.name} ${column.declared}${key}${reference}`;
  });
  return `CREATE TABLE ${table.name} (${columns.join(', ')})`;
}
