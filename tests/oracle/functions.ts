/** Functions in SQL and composite types of a case. They never raise an error. */
import { Features, want, type Context, type ScopeColumn } from './expressions.ts';
import { render } from './node.ts';
import type { Random } from './random.ts';
import { randomType, type Schema, type SqlFunction, type Type } from './schema.ts';

/** Types whose values PostgreSQL's functions can show in one way only. */
const PLAIN: readonly Type[] = ['int4', 'int8', 'text', 'bool', 'date', 'timestamp', 'uuid', 'bytea'];

/** What the queries of a case can call besides what is registered. */
export function randomFunctions(random: Random, schema: Schema): Pick<Schema, 'functions' | 'composite'> {
  const functions: SqlFunction[] = [];
  for (let f = random.below(3); f > 0; f--) functions.push(valueFunction(random, schema, `f${f}`));
  if (random.chance(0.4)) functions.push(rowsFunction(random, schema, 'g1'));
  const composite = random.chance(0.4) ? ([random.pick(PLAIN), random.pick(PLAIN)] as const) : null;
  return { functions, composite };
}

export function createComposite([x, y]: readonly [Type, Type]): string {
  return `CREATE TYPE pair AS (x ${x}, y ${y})`;
}

function valueFunction(random: Random, schema: Schema, name: string): SqlFunction {
  const result = random.pick(PLAIN);
  const parameters = [result, random.chance(0.5) ? randomType(random) : random.pick(PLAIN)];
  const columns = parameters.map((type, index): ScopeColumn => ({ sql: `p${index + 1}`, type }));
  const context: Context = {
    ...{ random, schema, features: new Features(), columns },
    ...{ safe: true, subquery: null },
  };
  const body = render(want(context, result, 2));
  const list = parameters.map((type, index) => `p${index + 1} ${type}`).join(', ');
  const properties = random.pick(['IMMUTABLE', 'STABLE', 'IMMUTABLE STRICT']);
  const text = `CREATE FUNCTION ${name}(${list}) RETURNS ${result} LANGUAGE SQL ${properties} RETURN ${body}`;
  return { name, parameters, results: [result], kind: 'value', text };
}

/** The rows of a table whose first column is the argument. */
function rowsFunction(random: Random, schema: Schema, name: string): SqlFunction {
  const table = random.pick(schema.tables);
  const columns = [random.pick(table.columns), random.pick(table.columns)];
  const results = columns.map(({ type }) => type);
  const shown = columns.map((column) => `r.${column.name}`).join(', ');
  const comparison = random.pick(['=', '=', '<', '>=']);
  const query = `SELECT ${shown} FROM ${table.name} AS r WHERE r.${table.columns[0]!.name} ${comparison} p`;
  const body = random.chance(0.5) ? `AS '${query}'` : `BEGIN ATOMIC ${query}; END`;
  const text = `CREATE FUNCTION ${name}(p int4) RETURNS TABLE (x ${results[0]}, y ${results[1]}) LANGUAGE SQL STABLE ${body}`;
  return { name, parameters: ['int4'], results, kind: 'rows', text };
}
