/**
 * Pages: the first rows of a table in an order that tells all of them apart. Their order is compared too, and they are what indexes are
 * read in the order of.
 */
import type { Random } from './random.ts';
import { literal, type Column, type Schema } from './schema.ts';

/** Each a query for both systems. */
export function randomPages(random: Random, schema: Schema, count: number): string[] {
  return Array.from({ length: count }, () => {
    const table = random.pick(schema.tables);
    const { columns } = table;
    // As indexes have them: some of the columns, in the table's order.
    const some = columns.filter(() => random.chance(0.4));
    const first = some.length > 0 ? some : [columns[0]!];
    const fixed = first.slice(0, random.chance(0.4) ? random.below(first.length) : 0);
    const descending = random.chance(0.5);
    const key = (name: string, own: boolean): string => {
      const down = own ? descending : random.chance(0.5);
      const nulls = random.chance(0.8) ? '' : ` NULLS ${random.pick(['FIRST', 'LAST'])}`;
      return `${name}${down ? ' DESC' : ''}${nulls}`;
    };
    const sorted = first.filter((column) => random.chance(0.2) || !fixed.includes(column));
    const order = [
      ...sorted.map(({ name }) => key(name, random.chance(0.9))),
      ...columns.map(({ name }) => key(name, false)),
      // Equal values of one type can have several texts.
      ...columns.map(({ name }) => `${name}::text`),
    ];
    const compare = ({ name, type }: Column, operator: string): string =>
      `${name} ${operator} ${literal(random, type)}`;
    const conditions = [
      ...fixed.map((column) => compare(column, '=')),
      ...(random.chance(0.4) ? [compare(random.pick(first), random.pick(['<', '<=', '>', '>=']))] : []),
      ...(random.chance(0.2) ? [compare(random.pick(columns), '<>')] : []),
    ];
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    const offset = random.chance(0.3) ? ` OFFSET ${random.below(4)}` : '';
    return `SELECT * FROM ${table.name}${where} ORDER BY ${order.join(', ')} LIMIT ${random.between(1, 6)}${offset}`;
  });
}
