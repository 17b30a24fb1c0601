/** CREATE TABLE (LIKE name INCLUDING …): the columns of another relation, and what of them it says, as a column list. */
import type { CreateStmt, Node, TableLikeClause } from '@pgsql/types';
import { nodeAs, rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { CatalogColumn } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { type Edit, EditableText } from '../../sql/parse/edits.ts';
import { parse } from '../../sql/parse/parse.ts';
import { uniqueIndexes } from '../catalog/constraints.ts';
import { positionOf } from '../catalog/names.ts';
import { type TableObject, isKey } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { typeText } from './create-table-as.ts';

/** PostgreSQL's CREATE_TABLE_LIKE_…; comments, compression, statistics and storage there are none of. */
const INCLUDING = {
  constraints: 1 << 2,
  defaults: 1 << 3,
  generated: 1 << 4,
  identity: 1 << 5,
  indexes: 1 << 6,
};

/** The statement with columns and constraints in the place of its LIKE clauses; itself where it has none. */
export function withoutLike(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateStmt,
): ParsedStatement {
  const isLike = (element: Node): boolean => 'TableLikeClause' in element;
  if (!(statement.tableElts ?? []).some(isLike)) return parsed;
  const text = new EditableText(parsed.text);
  // Places count from the statement's own beginning.
  const edits = (createOf(parse(parsed.text)[0])?.tableElts ?? []).flatMap((element): Edit[] => {
    const like = nodeAs(element, 'TableLikeClause');
    if (like === undefined) return [];
    const first = text.tokenAt(like.relation?.location ?? 0)!;
    let last = text.nameAt(first).at(-1)!;
    while (['including', 'excluding'].includes(text.tokens[last + 1]?.text ?? '')) last += 2;
    return [text.replace(first - 1, last, elementsOf(system, session, parsed, like).join(', '))];
  });
  const [expanded] = parse(text.edited(edits));
  return { ...expanded!, notices: parsed.notices };
}

/** The tree of CREATE TABLE. */
export function createOf(parsed: ParsedStatement | undefined): CreateStmt | undefined {
  return parsed?.statement.kind === 'postgres' ? nodeAs(parsed.statement.node, 'CreateStmt') : undefined;
}

function elementsOf(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  { relation, options = 0 }: TableLikeClause,
): string[] {
  const { parts } = rangeName(relation);
  const [name, schema = null] = parts.toReversed() as [string, string?];
  const found = system.planning.catalogFor(session).findRelation(schema, name);
  if (found === null) {
    const message = `relation "${parts.join('.')}" does not exist`;
    // The name behind LIKE, where the statement has it.
    const at = (createOf(parsed)?.tableElts ?? [])
      .map((element) => nodeAs(element, 'TableLikeClause')?.relation)
      .find((other) => other?.relname === name && (other.schemaname ?? null) === schema)?.location;
    throw new SqlError({ sqlstate: '42P01', message, position: positionOf(parsed, at) });
  }
  const object = system.catalog.object(found.id);
  // That a view's column has no NULL is an observation, and no constraint.
  const nullable = object.kind !== 'table';
  const columns = found.columns.map((column) =>
    columnText(system, nullable ? { ...column, type: { ...column.type, nullable } } : column, options),
  );
  return [...columns, ...(object.kind === 'table' ? constraintTexts(system, object, options) : [])];
}

function columnText(system: System, column: CatalogColumn, options: number): string {
  const { type, domain, identity, generated, defaultText } = column;
  const words = [quoteIdentifier(column.name)];
  if (domain === undefined) words.push(typeText(system.catalog, type));
  else {
    const { schema, name } = system.catalog.object(domain);
    words.push(`${quoteIdentifier(schema)}.${quoteIdentifier(name)}`);
  }
  if (generated !== undefined) {
    const kind = generated.stored ? 'STORED' : 'VIRTUAL';
    if (options & INCLUDING.generated) words.push(`GENERATED ALWAYS AS (${generated.text}) ${kind}`);
  } else if (identity !== undefined) {
    const when = identity === 'always' ? 'ALWAYS' : 'BY DEFAULT';
    if (options & INCLUDING.identity) words.push(`GENERATED ${when} AS IDENTITY`);
  } else if (defaultText !== null && options & INCLUDING.defaults) words.push(`DEFAULT ${defaultText}`);
  if (!type.nullable) words.push('NOT NULL');
  return words.join(' ');
}

function constraintTexts(system: System, table: TableObject, options: number): string[] {
  const checks = table.checks.map(({ name, text }) => `CONSTRAINT ${quoteIdentifier(name)} CHECK (${text})`);
  const list = (columns: readonly number[]): string =>
    `(${columns.map((column) => quoteIdentifier(table.columns[column]!.name)).join(', ')})`;
  const primary = table.primaryKeyName === null ? [] : [`PRIMARY KEY ${list(table.keys[0]!)}`];
  const indexes = uniqueIndexes(system.catalog, table.id);
  const special = indexes.find((index) => !isKey(index));
  if (special && options & INCLUDING.indexes) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `INCLUDING INDEXES is not supported for index "${special.name}"`,
      hint: 'It is on expressions or has a condition: create it by itself.',
    });
  }
  const uniques = indexes.filter(isKey).map(({ columns, nullsEqual }) => {
    const nulls = nullsEqual ? 'NULLS NOT DISTINCT ' : '';
    return `UNIQUE ${nulls}${list(columns.map((number) => number - 1))}`;
  });
  return [
    ...(options & INCLUDING.constraints ? checks : []),
    ...(options & INCLUDING.indexes ? [...primary, ...uniques] : []),
  ];
}
