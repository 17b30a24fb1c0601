/** GENERATED ALWAYS AS (expression): a column that is computed from the other columns of its row. */
import type { Node } from '@pgsql/types';
import type { CatalogColumn } from '../catalog.ts';
import { functions } from '../functions/table.ts';
import type { HirRelation, HirScalar } from '../hir.ts';
import { isVolatile } from '../hir/volatile.ts';
import { freeOfScalar, mapReferences, mapScalarParts } from '../hir/traverse.ts';
import type { TypeName } from '../types/type.ts';
import { parseExpression } from './body.ts';
import { coerceToType } from './coerce.ts';
import { expressionContext } from './context.ts';
import type { BindEnvironment } from './environment.ts';
import { bindExpression } from './expression.ts';
import { projectScalars } from './relation.ts';
import { literal, typeOf } from './scalar.ts';
import { scopeOfRow } from './scope.ts';
import { Statement } from './statement.ts';

/** What a table's columns are, to one who computes them. */
export interface GeneratingTable {
  readonly name: string;
  /** Where its columns may be named with it. */
  readonly schema?: string | null;
  readonly columns: readonly CatalogColumn[];
}

/** Binds what a column is computed by, over the row of its table; refuses what PostgreSQL refuses. */
export function bindGeneration(
  node: Node,
  column: Pick<CatalogColumn, 'name' | 'type' | 'domain' | 'generated'>,
  table: GeneratingTable,
  statement: Statement,
): HirScalar {
  const scope = scopeOfRow(table, 'column generation expression');
  const context = expressionContext(
    { statement, ctes: [], outer: null },
    scope,
    'column generation expressions',
  );
  const bound = bindExpression(node, context);
  refuseGenerated(bound.scalar, column, table, statement);
  const immutable = isImmutable(bound.scalar, statement);
  if (column.generated?.stored === false && statement.ownCalls.length > 0) {
    const message = 'generation expression uses user-defined function';
    throw statement.error('0A000', message, statement.ownCalls[0], {
      detail: 'Virtual generated columns that make use of user-defined functions are not yet supported.',
    });
  }
  if (!immutable) throw statement.error('42P17', 'generation expression is not immutable');
  const scalar = coerceToType(statement, bound, column.type, 'assignment');
  if (scalar === null) {
    const [wanted, given] = [statement.shownPlace(column), statement.shownType(bound.scalar)];
    throw statement.error(
      '42804',
      `column "${column.name}" is of type ${wanted} but default expression is of type ${given}`,
      undefined,
      { hint: 'You will need to rewrite or cast the expression.' },
    );
  }
  return scalar;
}

function refuseGenerated(
  scalar: HirScalar,
  column: Pick<CatalogColumn, 'name'>,
  table: GeneratingTable,
  statement: Statement,
): void {
  visit(scalar, (node) => {
    if (node.kind !== 'column') return;
    const read = table.columns[node.index]!;
    if (read.generated === undefined && read.name !== column.name) return;
    const message = `cannot use generated column "${read.name}" in column generation expression`;
    throw statement.error('42P17', message, statement.origins.get(node)?.at, {
      detail: 'A generated column cannot reference another generated column.',
    });
  });
}

/** `parts`: what of a node is looked at in the place of all that is in it. */
function visit(
  scalar: HirScalar,
  look: (node: HirScalar) => void,
  parts: (node: HirScalar) => readonly HirScalar[] | undefined = () => undefined,
): void {
  const instead = parts(scalar);
  if (instead !== undefined) return instead.forEach((part) => visit(part, look, parts));
  look(scalar);
  mapScalarParts(scalar, {
    scalar: (part) => {
      visit(part, look, parts);
      return part;
    },
    relation: (relation) => relation,
  });
}

const changing: ReadonlySet<string> = new Set(
  functions.flatMap((entry) => (entry.volatility === 'immutable' ? [] : [entry.opcode])),
);

/** Types whose text depends on the session's settings. */
const settled = new Set<TypeName>(['date', 'timestamp', 'timestamptz']);
const readBySettings = new Set<TypeName>(['date', 'time', 'timestamp', 'timestamptz', 'interval']);

/** A function in SQL is immutable if it is declared so, or its body is: PostgreSQL looks at what is left of it, too. */
export function isImmutable(scalar: HirScalar, statement?: Statement): boolean {
  let immutable = true;
  const look = (node: HirScalar): void => {
    if (node.kind === 'session' || node.kind === 'parameter') immutable = false;
    if (node.kind === 'call' && changing.has(node.opcode)) immutable = false;
    if (node.kind === 'output' && settled.has(typeOf(node.argument).name)) immutable = false;
    const reads = node.kind === 'input' && node.argument.kind !== 'literal';
    if (reads && readBySettings.has(node.type.name)) immutable = false;
  };
  visit(scalar, look, (node) => statement?.immutableCalls.get(node));
  return immutable;
}

/** What ALTER TABLE says that a column is computed by: refused as in CREATE TABLE. */
export function bindGeneratedColumn(
  node: Node,
  column: Pick<CatalogColumn, 'name' | 'type' | 'generated'>,
  table: GeneratingTable,
  environment: BindEnvironment,
): void {
  bindGeneration(node, column, table, new Statement(environment));
}

/** The columns that generated columns read, by column number. */
export function columnsOfGenerated(
  table: GeneratingTable,
  environment: BindEnvironment,
): Map<number, number[]> {
  const read = new Map<number, number[]>();
  for (const [number, scalar] of generations(table, environment)) {
    read.set(
      number,
      freeOfScalar(scalar).columns.map(({ index }) => index),
    );
  }
  return read;
}

/** What the generated columns of a table are over its row, by column number. */
export function generations(table: GeneratingTable, environment: BindEnvironment): Map<number, HirScalar> {
  const found = new Map<number, HirScalar>();
  table.columns.forEach((column, index) => {
    if (column.generated === undefined) return;
    const statement = new Statement({ ...environment, parameterTypes: [] });
    const { text } = column.generated;
    const scalar = statement.withoutPositions(() =>
      bindGeneration(parseExpression(text), column, { ...table, columns: hidden(table, index) }, statement),
    );
    found.set(index, scalar);
  });
  return found;
}

/** The columns as they are found where a generated column is bound again: those that are generated are not read. */
function hidden({ columns }: GeneratingTable, own: number): CatalogColumn[] {
  return columns.map((column, index) => (index === own ? { ...column, generated: undefined } : column));
}

/** A row of the table, whose columns are these scalars, with its generated columns, which compute anew what they read. */
export function withGenerated(
  table: GeneratingTable,
  row: readonly HirScalar[],
  environment: BindEnvironment,
): HirScalar[] {
  const generated = generations(table, environment);
  return row.map((scalar, index) => {
    const generation = generated.get(index);
    if (generation === undefined) return scalar;
    return over(generation, (column) => {
      if (!isVolatile(row[column]!)) return row[column]!;
      const what = `a volatile value of column "${table.columns[column]!.name}", which a generated column reads,`;
      throw new Statement(environment).unsupported(what);
    });
  });
}

/**
 * Rows that hold the table's row from column `from` on, with its generated columns computed from the others; NULL where
 * `condition` says that there is no such row.
 */
export function completeRows(
  relation: HirRelation,
  from: number,
  table: GeneratingTable,
  environment: BindEnvironment,
  condition?: HirScalar,
): HirRelation {
  const generated = generations(table, environment);
  if (generated.size === 0) return relation;
  const at = (index: number): HirScalar => ({
    kind: 'column',
    index,
    type: relation.columns[index]!.type,
  });
  return projectScalars(
    relation,
    relation.columns.map(({ name }, index) => {
      const generation = generated.get(index - from);
      if (generation === undefined) return { name, scalar: at(index) };
      const result = over(generation, (column) => at(from + column));
      if (condition === undefined) return { name, scalar: result };
      const type = table.columns[index - from]!.type;
      const otherwise = literal(type.name, null, type.typmod);
      return { name, scalar: { kind: 'case', branches: [{ condition, result }], otherwise, type } };
    }),
  );
}

function over(generation: HirScalar, value: (column: number) => HirScalar): HirScalar {
  return mapReferences(generation, (column) => value(column.index));
}
