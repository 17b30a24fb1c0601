/** CREATE TABLE … OF type, ALTER TABLE … OF and NOT OF: tables whose columns are the fields of a composite type. */
import type { ColumnDef, CreateStmt, TypeName as TypeNameNode } from '@pgsql/types';
import { nameParts, nodeAs } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { CatalogColumn, ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { EditableText } from '../../sql/parse/edits.ts';
import { parse } from '../../sql/parse/parse.ts';
import type { RecordField } from '../../sql/types/record.ts';
import { lookUp, positionOf } from '../catalog/names.ts';
import type { CompositeTypeObject, TableObject } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { findOwnType } from './alter/type/require-type.ts';
import { collateWords, ownTypeText, typeText } from './create-table-as.ts';
import { createOf } from './like-clause.ts';

/** The statement with the type's columns in the place of OF, and the type; itself and null where it has none. */
export function withoutOf(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateStmt,
): { readonly parsed: ParsedStatement; readonly ofType: ObjectId | null } {
  const { ofTypename } = statement;
  if (ofTypename === undefined) return { parsed, ofType: null };
  const type = requireTableType(system, session, parsed, ofTypename);
  // Places count from the statement's own beginning.
  const own = createOf(parse(parsed.text)[0])!;
  const text = new EditableText(parsed.text);
  const named = text.tokenAt(own.ofTypename?.location ?? 0)!;
  const behind = text.nameAt(named).at(-1)!;
  const options = text.tokens[behind + 1]?.text === '(' ? optionsOf(text, behind + 1, own) : null;
  const columns = type.fields.map((field) => {
    const said = options?.columns.get(field.name);
    options?.columns.delete(field.name);
    return `${quoteIdentifier(field.name)} ${fieldType(system, field)}${said === undefined ? '' : ` ${said}`}`;
  });
  const [unknown] = options?.columns.keys() ?? [];
  if (unknown !== undefined) {
    throw new SqlError({ sqlstate: '42703', message: `column "${unknown}" does not exist` });
  }
  const list = `(${[...columns, ...(options?.constraints ?? [])].join(', ')})`;
  const [expanded] = parse(text.edited([text.replace(named - 1, options?.close ?? behind, list)]));
  return { parsed: { ...expanded!, notices: parsed.notices }, ofType: type.id };
}

interface Options {
  /** What is said of columns, by their names. */
  readonly columns: Map<string, string>;
  readonly constraints: readonly string[];
  readonly close: number;
}

/** The list in brackets, which opens at a token. */
function optionsOf(text: EditableText, open: number, { tableElts = [] }: CreateStmt): Options {
  const columns = new Map<string, string>();
  const constraints: string[] = [];
  let depth = 0;
  let first = open + 1;
  for (let at = open; ; at++) {
    const token = text.tokens[at]!.text;
    if (token === '(' || token === '[') depth++;
    if (token === ')' || token === ']') depth--;
    if (!(token === ',' && depth === 1) && depth > 0) continue;
    const column = nodeAs(tableElts[columns.size + constraints.length], 'ColumnDef');
    if (column !== undefined) refuseComputed(column);
    const name = column?.colname ?? '';
    if (columns.has(name)) {
      throw new SqlError({ sqlstate: '42701', message: `column "${name}" specified more than once` });
    }
    const withOptions = column !== undefined && text.tokens[first + 1]?.text === 'with';
    const from = column === undefined ? first : first + (withOptions ? 3 : 1);
    const said = text.source.text.slice(text.tokens[from]!.start, text.tokens[at]!.start).trim();
    if (column === undefined) constraints.push(said);
    else columns.set(name, said);
    if (depth === 0) return { columns, constraints, close: at };
    first = at + 1;
  }
}

function refuseComputed({ constraints = [] }: ColumnDef): void {
  for (const node of constraints) {
    const kind = nodeAs(node, 'Constraint')?.contype;
    const what =
      kind === 'CONSTR_IDENTITY' ? 'identity' : kind === 'CONSTR_GENERATED' ? 'generated' : undefined;
    if (what === undefined) continue;
    const message = `${what} columns are not supported on typed tables`;
    throw new SqlError({ sqlstate: '0A000', message });
  }
}

/** The type of a field as a statement names it. */
export function fieldType({ catalog }: System, { type, domain, collation }: RecordField): string {
  const named = domain === undefined ? typeText(catalog, type) : ownTypeText(catalog, domain);
  return [named, ...collateWords(collation)].join(' ');
}

/** The type that a table can be of: one that CREATE TYPE has made. */
export function requireTableType(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  node: TypeNameNode,
): CompositeTypeObject {
  const parts = nameParts(node.names);
  const written = parts.join('.');
  const found = findOwnType(system, session, parts);
  if (found?.form === 'composite') return found;
  if (found) {
    throw new SqlError({ sqlstate: '42809', message: `type ${found.name} is not a composite type` });
  }
  const relation = lookUp(system.catalog, session, parsed, { parts, location: 0, end: 0 });
  if (relation !== null && 'columns' in relation && relation.kind !== 'index') {
    throw new SqlError({
      sqlstate: '42809',
      message: `type ${relation.name} is the row type of another table`,
      detail: 'A typed table must use a stand-alone composite type created with CREATE TYPE.',
    });
  }
  const position = positionOf(parsed, node.location);
  throw new SqlError({ sqlstate: '42704', message: `type "${written}" does not exist`, position });
}

/** What is of a type has its columns, and no others. */
export function refuseTyped(
  { ofType }: Pick<TableObject, 'ofType'>,
  what: string,
  position?: number | undefined,
): void {
  if (ofType === undefined) return;
  throw new SqlError({ sqlstate: '42809', message: `cannot ${what} typed table`, position });
}

/** ALTER TABLE … OF: the table has the type's columns already. */
export function requireColumnsOf(
  table: string,
  columns: readonly CatalogColumn[],
  { fields }: CompositeTypeObject,
): void {
  const refused = (message: string): SqlError => new SqlError({ sqlstate: '42804', message });
  fields.forEach((field, at) => {
    const column = columns[at];
    if (column === undefined) throw refused(`table is missing column "${field.name}"`);
    if (column.name !== field.name) {
      throw refused(`table has column "${column.name}" where type requires "${field.name}"`);
    }
    const same =
      column.type.name === field.type.name &&
      column.type.typmod === field.type.typmod &&
      column.domain === field.domain;
    if (!same) throw refused(`table "${table}" has different type for column "${field.name}"`);
  });
  const extra = columns[fields.length];
  if (extra !== undefined) throw refused(`table has extra column "${extra.name}"`);
}
