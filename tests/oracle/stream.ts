/** Random transactions: inserts, updates and deletes, upserts and merges, duplicates, rollbacks, delete all and fill again. */
import { changeable, givable, sequenceOf } from './computed-columns.ts';
import { isArray } from './own-types.ts';
import type { Random } from './random.ts';
import { randomValue, typed, type Column, type Schema, type Table, type Type } from './schema.ts';

export interface Transaction {
  readonly statements: readonly string[];
  readonly rollback: boolean;
}

/** The next key of each table (small ones first, which other tables have too), and the rows inserted at most. */
type Keys = Map<string, { next: number; rows: number }>;

/** A table with so many rows is emptied before it gets more: joins of joins stay small. */
const MOST_ROWS = 30;

export function randomTransactions(random: Random, schema: Schema, count: number): Transaction[] {
  const keys: Keys = new Map();
  const transactions: Transaction[] = [
    {
      statements: schema.tables
        .toSorted((one, other) => Number(other.isParent) - Number(one.isParent))
        .map((table) => insert(random, schema, table, 9, keys)),
      rollback: false,
    },
  ];
  while (transactions.length < count) {
    const rollback = random.chance(0.08);
    const statements: string[] = [];
    const length = random.weighted([
      [1, 0],
      [10, 1],
      [6, 2],
      [4, 4],
      [2, 8],
      [0.5, 25],
    ]);
    for (let s = 0; s < length; s++)
      statements.push(...change(random, schema, random.pick(schema.tables), keys));
    transactions.push({ statements: [...restarts(random, schema, statements), ...statements], rollback });
  }
  return transactions;
}

/**
 * Sequences that statements take from begin at a number that both systems know: how many a statement has taken that failed is
 * nobody's promise. Small numbers meet those of other columns.
 */
function restarts(random: Random, schema: Schema, statements: readonly string[]): string[] {
  return schema.tables.flatMap((table) => {
    const sequence = sequenceOf(table);
    const isTaken = statements.some((text) => text.startsWith(`INSERT INTO ${table.name} `));
    return sequence === null || !isTaken ? [] : [`SELECT setval('${sequence}', ${random.between(1, 3)})`];
  });
}

function change(random: Random, schema: Schema, table: Table, keys: Keys): string[] {
  const refill = (): string[] => {
    usage(keys, table).rows = 0;
    const empty = random.chance(0.3) && !table.isParent ? 'TRUNCATE' : 'DELETE FROM';
    return [`${empty} ${table.name}`, insert(random, schema, table, 8, keys)];
  };
  if (usage(keys, table).rows >= MOST_ROWS) return refill();
  const one = random.weighted<() => string[]>([
    [8, () => [insert(random, schema, table, random.between(1, 4), keys)]],
    [6, () => [update(random, schema, table)]],
    [4, () => [`DELETE FROM ${table.name} WHERE ${predicate(random, schema, table, false)}`]],
    [
      1,
      () => [
        `UPDATE ${table.name} SET ${changeable(table)
          .map((c) => `${c.name} = ${c.name}`)
          .join(', ')}`,
      ],
    ],
    [0.7, refill],
    // A row that comes and goes within the transaction.
    [
      1,
      () => {
        const row = values(random, schema, table, keys);
        const same = table.columns.flatMap((c, i) =>
          row[i] === 'DEFAULT' ? [] : [`${c.name} IS NOT DISTINCT FROM ${typed(row[i]!, c.declared)}`],
        );
        return [
          `INSERT INTO ${table.name} VALUES (${row.join(', ')})`,
          `DELETE FROM ${table.name} WHERE ${same.join(' AND ')}`,
        ];
      },
    ],
    // Exact duplicates of what is there.
    [table.keyed ? 0 : 2, () => [duplicates(random, schema, table)]],
    [table.keyed && !table.rekeyed ? 2 : 0, () => [upsert(random, schema, table)]],
    [table.rekeyed ? 4 : 0, () => [rekey(random, table)]],
    [table.isParent ? 1.5 : 0, () => [moveKey(random, table)]],
    [1.5, () => [updateFrom(random, schema, table) ?? update(random, schema, table)]],
    [1, () => [deleteUsing(random, schema, table)]],
    [table.keyed ? 0 : 1, () => [insertSelect(random, schema, table, keys)]],
    [partsOf(table).length > 0 ? 3 : 0, () => [updatePart(random, schema, table)]],
    [changeable(table).length > 2 ? 1 : 0, () => [updateRow(random, schema, table)]],
    [table.keyed ? 1 : 0, () => [merge(random, schema, table)]],
  ]);
  const statements = one();
  return random.chance(0.15) ? statements.map((statement) => returning(random, statement)) : statements;
}

function values(random: Random, schema: Schema, table: Table, keys: Keys): string[] {
  return table.columns.map((column, index) => {
    if (column.computed) return given(random, schema, column);
    if (!table.keyed || index > 0) return randomValue(random, column, schema);
    const used = usage(keys, table);
    // Now and then a key that may be taken: both systems must refuse it with the same SQLSTATE. Not while the table is empty.
    if (used.rows > 0 && random.chance(0.05)) return String(random.between(0, 30));
    return String(used.next++);
  });
}

function given(random: Random, schema: Schema, column: Column): string {
  return column.computed?.kind === 'sequence' && random.chance(0.2)
    ? randomValue(random, { ...column, declared: column.type }, schema)
    : 'DEFAULT';
}

function usage(keys: Keys, table: Table): { next: number; rows: number } {
  const used = keys.get(table.name) ?? { next: 0, rows: 0 };
  keys.set(table.name, used);
  return used;
}

function insert(random: Random, schema: Schema, table: Table, rows: number, keys: Keys): string {
  const tuples: string[] = [];
  for (let r = 0; r < rows; r++) {
    const tuple = `(${values(random, schema, table, keys).join(', ')})`;
    tuples.push(tuple);
    if (!table.keyed && random.chance(0.15)) tuples.push(tuple);
  }
  usage(keys, table).rows += tuples.length;
  return `INSERT INTO ${table.name} ${overriding(random, table)}VALUES ${tuples.join(', ')}`;
}

/** Where a sequence's number is not asked for, it is not taken. */
function overriding(random: Random, table: Table): string {
  const isNumbered = sequenceOf(table) !== null && random.chance(0.2);
  return isNumbered ? `OVERRIDING ${random.pick(['SYSTEM', 'USER'])} VALUE ` : '';
}

/** Rows of the table with keys that may be there, each key once, now and then twice. */
function rowsOfKeys(
  random: Random,
  schema: Schema,
  table: Table,
  columns: readonly Column[],
  twice: number,
): string[] {
  const count = random.between(1, 4);
  const first = random.between(0, 30);
  return Array.from({ length: count }, (_, r) => {
    const key = random.chance(twice) ? first : first + r;
    const rest = columns
      .slice(1)
      .map((column) =>
        column.computed
          ? given(random, schema, column)
          : typed(randomValue(random, column, schema), column.declared),
      );
    return `(${[key, ...rest].join(', ')})`;
  });
}

function upsert(random: Random, schema: Schema, table: Table): string {
  const rows = rowsOfKeys(random, schema, table, table.columns, 0.1);
  const [key, ...free] = changeable(table).map(({ name }) => name);
  const set = random.pick(free.length === 0 ? [key!] : free);
  const arbiter = random.pick([`(${key})`, `(${key})`, `ON CONSTRAINT ${table.name}_pkey`]);
  const action = random.weighted([
    [2, 'DO NOTHING'],
    [4, `DO UPDATE SET ${set} = excluded.${set}`],
    [1, `DO UPDATE SET ${set} = coalesce(${table.name}.${set}, excluded.${set})`],
    [2, `DO UPDATE SET ${set} = excluded.${set} WHERE ${table.name}.${set} IS DISTINCT FROM excluded.${set}`],
    [
      1,
      `DO UPDATE SET ${free.map((name) => `${name} = excluded.${name}`).join(', ') || `${key} = excluded.${key}`}`,
    ],
  ]);
  return `INSERT INTO ${table.name} VALUES ${rows.join(', ')} ON CONFLICT ${arbiter} ${action}`;
}

function merge(random: Random, schema: Schema, table: Table): string {
  const columns = givable(table);
  const rows = rowsOfKeys(random, schema, table, columns, 0.03);
  const names = columns.map(({ name }) => name);
  const set = random.pick(names.slice(1).length === 0 ? names : names.slice(1));
  const clauses = [
    random.chance(0.3) ? `WHEN MATCHED AND s.${set} IS NULL THEN DELETE` : '',
    random.chance(0.8) ? `WHEN MATCHED THEN UPDATE SET ${set} = s.${set}` : '',
    // Which row gets which number of a sequence is open.
    sequenceOf(table) === null && random.chance(0.8)
      ? `WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${names.map((name) => `s.${name}`).join(', ')})`
      : '',
    random.chance(0.1) ? `WHEN NOT MATCHED BY SOURCE AND ${table.name}.${set} IS NULL THEN DELETE` : '',
    'WHEN MATCHED THEN DO NOTHING',
  ];
  const when = clauses.filter((clause) => clause !== '');
  // Nothing may stand behind a clause without a condition.
  if (when.some((clause) => clause.startsWith('WHEN MATCHED THEN UPDATE'))) when.pop();
  const source = `(VALUES ${rows.join(', ')}) AS s (${names.join(', ')})`;
  return `MERGE INTO ${table.name} USING ${source} ON ${table.name}.${names[0]} = s.${names[0]} ${when.join(' ')}`;
}

function update(random: Random, schema: Schema, table: Table): string {
  const free = changeable(table).filter((_, index) => !(table.keyed && index === 0));
  const column: Column = random.pick(free.length > 0 ? free : changeable(table));
  const source = random.pick(
    [column, ...free].filter((other) => other.type === column.type && (column.nullable || !other.nullable)),
  );
  const value = random.chance(0.25)
    ? (column.parent === undefined ? source : column).name
    : column.type === 'int4' && column.parent === undefined && random.chance(0.4) && !schema.extremes
      ? `${column.name} % 5 + 1`
      : randomValue(random, column, schema);
  return `UPDATE ${table.name} SET ${column.name} = ${value} WHERE ${predicate(random, schema, table)}`;
}

function predicate(random: Random, schema: Schema, table: Table, wide = true): string {
  const column = random.pick(table.columns);
  const bare = randomValue(random, { ...column, nullable: false }, schema);
  // No literal without a type is a composite value where one is compared.
  const value = column.type === 'duo' ? typed(bare, column.type) : bare;
  return random.weighted([
    [6, `${column.name} = ${value}`],
    [2, `${column.name} >= ${value}`],
    [2, `${column.name} < ${value}`],
    [2, `${column.name} IS NULL`],
    [wide ? 1 : 0.1, `${column.name} IS NOT NULL`],
    [wide ? 1 : 0.1, 'true'],
  ]);
}

/** Bounded, so that joins of the tables stay small. */
function duplicates(random: Random, schema: Schema, table: Table): string {
  const small = `(SELECT count(*) FROM ${table.name}) < 20`;
  const names = givable(table).map(({ name }) => name);
  const shown = names.join(', ');
  return `INSERT INTO ${table.name} (${shown}) SELECT ${shown} FROM ${table.name} WHERE ${predicate(random, schema, table)} AND ${small}${inOrder(table, names)}`;
}

/** Rows that a sequence numbers come in an order that leaves nothing open. */
function inOrder(table: Table, items: readonly string[]): string {
  if (sequenceOf(table) === null) return '';
  return ` ORDER BY ${items.flatMap((item) => [`${item}`, `(${item})::text`]).join(', ')}`;
}

/** What is written is compared too. */
function returning(random: Random, statement: string): string {
  const merged = /^MERGE INTO (\w+) /.exec(statement);
  if (merged) {
    const [, table] = merged;
    return `${statement} RETURNING ${random.pick(['merge_action(), ', ''])}${table}.*, old IS NULL, new.a`;
  }
  // Which of several partners a deleted row is shown with is nobody's promise.
  const partnered = /^DELETE FROM (\w+) USING/.exec(statement);
  if (partnered) return `${statement} RETURNING ${partnered[1]}.*`;
  const both = random.pick(['*', '*', '*, old.a AS before, new.a AS after', 'old IS NULL, new.*']);
  return /^(INSERT|UPDATE|DELETE)/.test(statement) ? `${statement} RETURNING ${both}` : statement;
}

/** Keys move, or rows swap theirs. */
function rekey(random: Random, { name, columns }: Table): string {
  const key = columns[0]!.name;
  const [one, other] = [random.between(0, 12), random.between(0, 12)];
  const by = random.pick([1, -1, 2]);
  return random.weighted([
    [
      4,
      `UPDATE ${name} SET ${key} = CASE ${key} WHEN ${one} THEN ${other} ELSE ${one} END WHERE ${key} IN (${one}, ${other})`,
    ],
    [2, `UPDATE ${name} SET ${key} = ${key} + ${by} WHERE ${key} >= ${one}`],
    [1, `UPDATE ${name} SET ${key} = ${one + other} - ${key}`],
    [1, `UPDATE ${name} SET ${key} = ${other} WHERE ${key} = ${one}`],
  ]);
}

/** A key to which rows of other tables may refer moves away. */
function moveKey(random: Random, { name, columns }: Table): string {
  const key = columns[0]!.name;
  return `UPDATE ${name} SET ${key} = ${key} + ${random.pick([1, 7, 40])} WHERE ${key} = ${random.below(12)}`;
}

/** Types of which a greatest value is one value, however it is written. */
const ORDERED: ReadonlySet<string> = new Set(['int2', 'int4', 'int8', 'text', 'date', 'timestamp', 'time']);

/** From another table, grouped so that each row has one partner; null if no columns fit. */
function updateFrom(random: Random, schema: Schema, table: Table): string | null {
  const source = random.pick(schema.tables);
  const pairs = changeable(table)
    .slice(1)
    .flatMap((to) =>
      source.columns.filter((from) => from.type === to.type).map((from) => [to, from] as const),
    )
    .filter(([to]) => ORDERED.has(to.type) && to.parent === undefined);
  if (pairs.length === 0) return null;
  const [to, from] = random.pick(pairs);
  const key = source.columns[0]!.name;
  const partners = `(SELECT ${key} AS k, max(${from.name}) AS v FROM ${source.name} GROUP BY ${key}) AS s`;
  const more = random.chance(0.3) ? ` AND ${table.name}.${to.name} IS DISTINCT FROM s.v` : '';
  return `UPDATE ${table.name} SET ${to.name} = s.v FROM ${partners} WHERE ${table.name}.${table.columns[0]!.name} = s.k${more}`;
}

function deleteUsing(random: Random, schema: Schema, table: Table): string {
  const source = random.pick(schema.tables);
  const key = table.columns[0]!.name;
  const column = random.pick(source.columns);
  const bare = randomValue(random, { ...column, nullable: false }, schema);
  const value = column.type === 'duo' ? typed(bare, column.type) : bare;
  const condition = random.pick([`s.${column.name} = ${value}`, `s.${column.name} IS NULL`]);
  return random.chance(0.5)
    ? `DELETE FROM ${table.name} USING ${source.name} AS s WHERE ${table.name}.${key} = s.${source.columns[0]!.name} AND ${condition}`
    : `DELETE FROM ${table.name} WHERE ${key} IN (SELECT s.${source.columns[0]!.name} FROM ${source.name} AS s WHERE ${condition})`;
}

/** Rows of another table where it has columns of the type, values elsewhere. */
function insertSelect(random: Random, schema: Schema, table: Table, keys: Keys): string {
  const source = random.pick(schema.tables);
  const columns = givable(table);
  const items = columns.map((column) => {
    const fitting = source.columns.filter(
      (other) =>
        other.declared === column.declared &&
        (column.nullable || !other.nullable) &&
        other.parent === column.parent,
    );
    return fitting.length > 0 && random.chance(0.8)
      ? random.pick(fitting).name
      : typed(randomValue(random, column, schema), column.declared);
  });
  usage(keys, table).rows += 5;
  const small = `(SELECT count(*) FROM ${table.name}) < 20 AND (SELECT count(*) FROM ${source.name}) < 20`;
  const into = `${table.name} (${columns.map(({ name }) => name).join(', ')})`;
  return `INSERT INTO ${into} SELECT ${items.join(', ')} FROM ${source.name} WHERE ${predicate(random, schema, source, false)} AND ${small}${inOrder(table, items)}`;
}

/** Several columns at once. */
function updateRow(random: Random, schema: Schema, table: Table): string {
  const columns = changeable(table).slice(1);
  const values = columns.map((column) =>
    random.chance(0.1) && !column.computed ? 'DEFAULT' : randomValue(random, column, schema),
  );
  const row = `${random.chance(0.5) ? 'ROW' : ''}(${values.join(', ')})`;
  return `UPDATE ${table.name} SET (${columns.map(({ name }) => name).join(', ')}) = ${row} WHERE ${predicate(random, schema, table)}`;
}

/** Columns of which a part can be written. */
function partsOf(table: Table): readonly Column[] {
  return changeable(table).filter(({ type }) => type === 'duo' || isArray(type));
}

/** A field of a composite value, or an element or a slice of an array. */
function updatePart(random: Random, schema: Schema, table: Table): string {
  const { name, type } = random.pick(partsOf(table));
  const value = (of: Type): string =>
    randomValue(random, { name, type: of, declared: of, nullable: true }, schema);
  const part = (): string => {
    if (type !== 'duo') {
      const element = type.slice(0, -2) as Type;
      const bound = random.between(0, 2);
      return random.chance(0.7)
        ? `${name}[${random.between(0, 3)}] = ${value(element)}`
        : `${name}[${bound}:${bound + 1}] = ARRAY[${value(element)}, ${value(element)}]::${type}`;
    }
    const [field, of] = random.pick([
      ['n', 'int4'],
      ['t', 'text'],
      ['m', 'mood'],
    ] as const);
    return `${name}.${field} = ${value(of)}`;
  };
  return `UPDATE ${table.name} SET ${part()} WHERE ${predicate(random, schema, table)}`;
}
