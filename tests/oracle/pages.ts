/**
 * Pages: the first rows of a table, or of one joined with what it refers to, in an order that tells all of them apart, and the least and
 * greatest values. Their order is compared too, and they are what indexes are read in the order of.
 */
import { AMBIGUOUS } from './queries.ts';
import type { Random } from './random.ts';
import { literal, WITHOUT_EXTREMES, type Column, type Schema, type Table } from './schema.ts';

/** Each a query for both systems. */
export function randomPages(random: Random, schema: Schema, count: number): string[] {
  const children = schema.tables.filter(({ columns }) => columns.some(({ parent }) => parent !== undefined));
  return Array.from({ length: count }, () => {
    const make = random.weighted<() => string>([
      [5, () => page(random, random.pick(schema.tables))],
      [children.length > 0 ? 3 : 0, () => joined(random, schema, random.pick(children))],
      [children.length > 0 ? 4 : 0, () => referring(random, schema, random.pick(children))],
      [2, () => combined(random, schema)],
      [2, () => extremes(random, random.pick(schema.tables))],
    ]);
    return make();
  });
}

/** As indexes have them: some of the columns, in the table's order. */
function someColumns(random: Random, { columns }: Table): readonly Column[] {
  const some = columns.filter(() => random.chance(0.4));
  return some.length > 0 ? some : [columns[0]!];
}

function key(random: Random, name: string, descending: boolean): string {
  const nulls = random.chance(0.8) ? '' : ` NULLS ${random.pick(['FIRST', 'LAST'])}`;
  return `${name}${descending ? ' DESC' : ''}${nulls}`;
}

function end(random: Random): string {
  return ` LIMIT ${random.between(1, 6)}${random.chance(0.3) ? ` OFFSET ${random.below(4)}` : ''}`;
}

function whereOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

/** Values for the first of the columns, and perhaps bounds and others. */
function conditionsOf(
  random: Random,
  table: Table,
  first: readonly Column[],
  fixed: readonly Column[],
): string[] {
  const compare = ({ name, type }: Column, operator: string): string =>
    `${name} ${operator} ${literal(random, type)}`;
  return [
    ...fixed.map((column) => compare(column, '=')),
    ...(random.chance(0.4) ? [compare(random.pick(first), random.pick(['<', '<=', '>', '>=']))] : []),
    ...(random.chance(0.2) ? [compare(random.pick(table.columns), '<>')] : []),
  ];
}

function page(random: Random, table: Table): string {
  const { columns } = table;
  const first = someColumns(random, table);
  const fixed = first.slice(0, random.chance(0.4) ? random.below(first.length) : 0);
  const descending = random.chance(0.5);
  const sorted = first.filter((column) => random.chance(0.2) || !fixed.includes(column));
  const order = [
    ...sorted.map(({ name }) => key(random, name, random.chance(0.9) ? descending : random.chance(0.5))),
    ...columns.map(({ name }) => key(random, name, random.chance(0.5))),
    // Equal values of one type can have several texts.
    ...columns.map(({ name }) => `${name}::text`),
  ];
  const where = whereOf(conditionsOf(random, table, first, fixed));
  return `SELECT * FROM ${table.name}${where} ORDER BY ${order.join(', ')}${end(random)}`;
}

/** A table with what it refers to. */
function joined(random: Random, schema: Schema, table: Table): string {
  const { name: reference, parent } = table.columns.find((column) => column.parent !== undefined)!;
  const others = schema.tables.find(({ name }) => name === parent)!.columns;
  const own = table.columns.map(({ name }) => `c.${name}`);
  const all = [...own, ...others.map(({ name }) => `p.${name}`)];
  const order = [
    key(random, random.pick(random.chance(0.8) ? own : all), random.chance(0.5)),
    ...all.flatMap((name) => [name, `${name}::text`]),
  ];
  const join = random.pick(['JOIN', 'JOIN', 'LEFT JOIN']);
  const shown = random.chance(0.5) ? all : own;
  const some = random.pick(table.columns);
  const where = random.chance(0.3) ? ` WHERE c.${some.name} >= ${literal(random, some.type)}` : '';
  const on = `c.${reference} = p.a`;
  return `SELECT ${shown.join(', ')} FROM ${table.name} AS c ${join} ${parent} AS p ON ${on}${where} ORDER BY ${order.join(', ')}${end(random)}`;
}

/**
 * The first rows of a table that refers to another, in an order of its own: those that tie have the same columns, or come all.
 * What is shown of the other table belongs to the reference.
 */
function referring(random: Random, schema: Schema, table: Table): string {
  const { name: reference, parent } = table.columns.find((column) => column.parent !== undefined)!;
  const others = schema.tables.find(({ name }) => name === parent)!.columns;
  const own = table.columns.filter(({ type }) => !AMBIGUOUS.has(type)).map(({ name }) => `c.${name}`);
  const drawn = own.map((name) => ({ name, at: random.next() }));
  const columns = drawn.toSorted((one, other) => one.at - other.at).map(({ name }) => name);
  const join = random.pick(['JOIN', 'JOIN', 'LEFT JOIN']);
  const some = random.pick(table.columns);
  const where = random.chance(0.3) ? ` WHERE c.${some.name} >= ${literal(random, some.type)}` : '';
  const from = `FROM ${table.name} AS c ${join} ${parent} AS p ON c.${reference} = p.a${where}`;
  // What asks the other table for nothing but whether the reference is there.
  if (random.chance(0.2)) return `SELECT count(*), count(c.${reference}) ${from}`;
  const descending = random.chance(0.5);
  const order = columns.map((name) => key(random, name, random.chance(0.9) ? descending : !descending));
  if (random.chance(0.5)) {
    const shown = random.chance(0.5) ? own : [...own, ...others.map(({ name }) => `p.${name}`)];
    const limit = random.chance(0.3) ? '' : end(random);
    return `SELECT ${shown.join(', ')} ${from} ORDER BY ${order.join(', ')}${limit}`;
  }
  const first = order.slice(0, random.between(1, 2)).join(', ');
  const tied = `SELECT ${own.join(', ')} ${from} ORDER BY ${first} FETCH FIRST ${random.between(1, 4)} ROWS WITH TIES`;
  return `SELECT * FROM (${tied}) AS tied ORDER BY ${own.map((_, index) => index + 1).join(', ')}`;
}

/** The first rows of what two tables have together, or one of them without the other. */
function combined(random: Random, schema: Schema): string {
  const [left, right] = [random.pick(schema.tables), random.pick(schema.tables)];
  const pairs = left.columns.flatMap((one) =>
    right.columns
      .filter(({ declared }) => declared === one.declared && !AMBIGUOUS.has(one.type))
      .map((other) => [one.name, other.name] as const),
  );
  // The first columns of all tables are of one type.
  const some = random.chance(0.3) ? [random.pick(pairs), random.pick(pairs)] : [random.pick(pairs)];
  const operator = random.pick(['UNION', 'EXCEPT', 'INTERSECT']);
  const all = random.chance(0.8) ? ' ALL' : '';
  const side = (table: Table, place: 0 | 1): string =>
    `SELECT ${some.map((pair) => pair[place]).join(', ')} FROM ${table.name}`;
  const order = some.map((_, index) => key(random, String(index + 1), random.chance(0.5)));
  return `${side(left, 0)} ${operator}${all} ${side(right, 1)} ORDER BY ${order.join(', ')}${end(random)}`;
}

/** The least and the greatest values of columns, each perhaps of some rows. */
function extremes(random: Random, table: Table): string {
  const first = someColumns(random, table);
  const usable = table.columns.filter(({ type }) => !WITHOUT_EXTREMES.has(type));
  if (usable.length === 0) return page(random, table);
  const last = first.at(-1)!;
  const items = Array.from({ length: random.between(1, 3) }, () => {
    const column = usable.includes(last) && random.chance(0.7) ? last : random.pick(usable);
    // Which of several equal values is shown is nobody's promise.
    const value = `${random.pick(['min', 'max'])}(${column.name})`;
    return ['numeric', 'interval', 'float4', 'float8', 'bpchar'].includes(column.type)
      ? `${value} = (SELECT ${value} FROM ${table.name})`
      : value;
  });
  const fixed = random.chance(0.5) ? first.slice(0, -1) : [];
  return `SELECT ${items.join(', ')} FROM ${table.name}${whereOf(conditionsOf(random, table, first, fixed))}`;
}
