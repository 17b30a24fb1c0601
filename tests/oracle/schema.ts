/** Tables of a case: few values per domain so that joins hit, NULLs, and now and then the corners of a type. */
import type { Random } from './random.ts';

export const TYPES = ['int4', 'int8', 'numeric', 'text', 'bool', 'float8', 'date', 'timestamp'] as const;
export type Type = (typeof TYPES)[number];

export interface Column {
  readonly name: string;
  readonly type: Type;
  readonly declared: string;
  readonly nullable: boolean;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** The first column is the key. */
  readonly keyed: boolean;
}

export interface Schema {
  readonly tables: readonly Table[];
  /** Values at the ends of the types, with which arithmetic can fail. */
  readonly extremes: boolean;
  /** Numeric columns without a scale: equal values have several texts. */
  readonly mixedScale: boolean;
}

const DOMAINS: Readonly<Record<Type, readonly string[]>> = {
  int4: ['0', '1', '2', '3', '-1'],
  int8: ['0', '1', '2', '5', '-1'],
  numeric: ['0.00', '1.00', '2.50', '-1.25', '10.10'],
  text: [`''`, `'a'`, `'b'`, `'ab'`, `'A'`, `'é'`],
  bool: ['true', 'false'],
  float8: ['0', '0.5', '1', '-1.25', '2.125'],
  date: [`'2024-01-31'`, `'2024-02-29'`, `'2023-12-31'`, `'1970-01-01'`],
  timestamp: [
    `'2024-01-31 00:00:00'`,
    `'2024-02-29 23:59:59.5'`,
    `'1970-01-01 00:00:00'`,
    `'2023-12-31 12:30:00'`,
  ],
};

const EXTREMES: Readonly<Record<Type, readonly string[]>> = {
  int4: ['2147483647', '-2147483648'],
  int8: ['9223372036854775807', '-9223372036854775808'],
  numeric: ['99999999.99', `'NaN'`],
  text: [`'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz'`, `' a '`],
  bool: ['true', 'false'],
  float8: [`'NaN'`, `'Infinity'`, `'-Infinity'`],
  date: [`'0001-01-01'`, `'9999-12-31'`],
  timestamp: [`'0001-01-01 00:00:00'`, `'9999-12-31 23:59:59.999999'`],
};

const MIXED_NUMERIC = ['0', '1', '1.0', '1.00', '2.5', '2.50', '-1.25'];

/** A value of a column as SQL text, untyped: the place that it goes to has the type. */
export function randomValue(random: Random, column: Column, schema: Schema): string {
  if (column.nullable && random.chance(0.15)) return 'NULL';
  if (schema.extremes && random.chance(0.08)) return random.pick(EXTREMES[column.type]);
  if (column.type === 'numeric' && schema.mixedScale) return random.pick(MIXED_NUMERIC);
  return random.pick(DOMAINS[column.type]);
}

/** A literal with its type written, for use inside queries. */
export function literal(random: Random, type: Type): string {
  const value = random.pick(DOMAINS[type]);
  if (type === 'bool') return value;
  if (type === 'int4') return value.startsWith('-') ? `(${value})` : value;
  return `${value.startsWith('-') ? `(${value})` : value}::${type}`;
}

export function randomSchema(random: Random): Schema {
  const mixedScale = random.chance(0.3);
  const tables: Table[] = [];
  // Most columns are of few types, so that columns of different tables can be compared.
  const common = [random.pick(TYPES), random.pick(TYPES), 'int4', 'text'] as const;
  for (let t = 0; t < random.between(2, 3); t++) {
    const keyed = random.chance(0.3);
    const columns: Column[] = [];
    for (let c = 0; c < random.between(2, 4); c++) {
      const type = c === 0 ? 'int4' : random.chance(0.6) ? random.pick(common) : random.pick(TYPES);
      const nullable = keyed && c === 0 ? false : random.chance(0.85);
      const declared = type === 'numeric' && !mixedScale ? 'numeric(10,2)' : type;
      columns.push({ name: `${'abcd'[c]}`, type, declared, nullable });
    }
    tables.push({ name: `t${t + 1}`, columns, keyed });
  }
  return { tables, extremes: random.chance(0.15), mixedScale };
}

export function createTable(table: Table): string {
  const columns = table.columns.map((column, index) => {
    const key = table.keyed && index === 0 ? ' PRIMARY KEY' : column.nullable ? '' : ' NOT NULL';
    return `${column.name} ${column.declared}${key}`;
  });
  return `CREATE TABLE ${table.name} (${columns.join(', ')})`;
}
