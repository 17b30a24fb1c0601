/** The columns and keys that CREATE TABLE and CREATE SOURCE declare. */
import type { ColumnDef, Constraint, Node } from '@pgsql/types';
import { locationOf, nodeAs, nodeKind, stringOf } from '../ast/accessors.ts';
import type { TableElement } from '../ast/table-element.ts';
import type { CatalogColumn } from '../catalog.ts';
import { displayType, formatType } from '../types/format.ts';
import { tokenize } from '../parse/lexer.ts';
import { SourceText } from '../parse/source-text.ts';
import { checkCollation } from './cast.ts';
import { coerceToType } from './coerce.ts';
import { expressionContext } from './context.ts';
import type { BindEnvironment } from './environment.ts';
import { bindExpression } from './expression.ts';
import { typeOf } from './scalar.ts';
import { emptyScope } from './scope.ts';
import { Statement } from './statement.ts';
import { bindTypeName } from './type-name.ts';

/** What the elements declare. */
export interface BoundColumns {
  readonly columns: readonly CatalogColumn[];
  readonly primaryKey: { readonly name: string; readonly columns: readonly number[] } | null;
}

/** A PRIMARY KEY as written, wherever it stood. */
interface KeyClause {
  readonly name: string | undefined;
  readonly columns: readonly string[];
  readonly at: number | undefined;
}

/** What one element declares: a column (and perhaps a key over it), or a key. */
function bindElement(
  table: string,
  element: TableElement | Node,
  statement: Statement,
  text: string,
): { readonly column: CatalogColumn | null; readonly keys: readonly KeyClause[] } {
  if ('kind' in element) return bindOwnElement(table, element as TableElement, statement, text);
  const definition = nodeAs(element, 'ColumnDef');
  if (definition !== undefined) return bindDefinition(table, definition, statement, text);
  const constraint = nodeAs(element, 'Constraint');
  if (constraint === undefined) {
    throw statement.unsupported(nodeKind(element) === 'TableLikeClause' ? 'LIKE' : nodeKind(element));
  }
  if (constraint.contype !== 'CONSTR_PRIMARY') throw unsupportedConstraint(constraint, statement);
  const columns = (constraint.keys ?? []).map(stringOf);
  return { column: null, keys: [{ name: constraint.conname, columns, at: locationOf(constraint) }] };
}

/** An element of CREATE SOURCE. */
function bindOwnElement(
  table: string,
  element: TableElement,
  statement: Statement,
  text: string,
): ReturnType<typeof bindElement> {
  switch (element.kind) {
    case 'column':
      if (element.computed !== undefined) throw statement.unsupported('computed columns', element.location);
      return bindDefinition(table, element.node, statement, text);
    case 'primary_key': {
      const columns = element.columns.map((column) => column.name);
      return { column: null, keys: [{ name: undefined, columns, at: element.location }] };
    }
    case 'watermark':
      throw statement.unsupported('WATERMARK FOR', element.location);
  }
}

function bindDefinition(
  table: string,
  definition: ColumnDef,
  statement: Statement,
  text: string,
): ReturnType<typeof bindElement> {
  const column = bindColumn(table, definition, statement, text);
  const keys = (definition.constraints ?? []).flatMap((node): KeyClause[] => {
    const constraint = nodeAs(node, 'Constraint')!;
    if (constraint.contype !== 'CONSTR_PRIMARY') return [];
    return [{ name: constraint.conname, columns: [column.name], at: locationOf(constraint) }];
  });
  return { column, keys };
}

function unsupportedConstraint(constraint: Constraint, statement: Statement): Error {
  const names: Record<string, string> = {
    CONSTR_CHECK: 'CHECK',
    CONSTR_UNIQUE: 'UNIQUE',
    CONSTR_FOREIGN: 'FOREIGN KEY',
    CONSTR_EXCLUSION: 'EXCLUDE',
    CONSTR_GENERATED: 'GENERATED',
    CONSTR_IDENTITY: 'GENERATED AS IDENTITY',
  };
  const name = names[constraint.contype ?? ''] ?? 'this constraint';
  return statement.unsupported(`constraint ${name}`, locationOf(constraint));
}

/** Binds the elements of the table or source `name`. `text` is what their locations count in. */
export function bindColumnDefinitions(
  name: string,
  elements: readonly (TableElement | Node)[],
  environment: BindEnvironment,
  text: string = environment.source.text ?? '',
): BoundColumns {
  const statement = new Statement({ ...environment, forDefault: true });
  const columns: CatalogColumn[] = [];
  let primary: KeyClause | null = null;
  for (const element of elements) {
    const { column, keys } = bindElement(name, element, statement, text);
    if (column !== null) {
      if (columns.some((other) => other.name === column.name)) {
        throw statement.error('42701', `column "${column.name}" specified more than once`);
      }
      columns.push(column);
    }
    for (const key of keys) {
      if (primary !== null) {
        throw statement.error('42P16', `multiple primary keys for table "${name}" are not allowed`, key.at);
      }
      primary = key;
    }
  }
  return finish(name, columns, primary, statement);
}

function finish(
  table: string,
  columns: readonly CatalogColumn[],
  key: KeyClause | null,
  statement: Statement,
): BoundColumns {
  if (key === null) return { columns, primaryKey: null };
  const numbers = key.columns.map((name, i) => {
    const number = columns.findIndex((column) => column.name === name);
    if (number < 0) throw statement.error('42703', `column "${name}" named in key does not exist`, key.at);
    if (key.columns.indexOf(name) !== i) {
      throw statement.error('42701', `column "${name}" appears twice in primary key constraint`, key.at);
    }
    return number;
  });
  return {
    columns: columns.map((column, i) =>
      numbers.includes(i) ? { ...column, type: { ...column.type, nullable: false } } : column,
    ),
    primaryKey: { name: key.name ?? `${table}_pkey`, columns: numbers },
  };
}

function bindColumn(table: string, node: ColumnDef, statement: Statement, text: string): CatalogColumn {
  const name = node.colname!;
  if (node.typeName === undefined) {
    throw statement.error('42601', `column "${name}" has no type`, locationOf(node));
  }
  const type = bindTypeName(statement, node.typeName);
  if (node.collClause !== undefined) checkCollation({ statement }, node.collClause);
  let nullable = true;
  let declared: boolean | null = null;
  let conflict: number | undefined | null = null;
  let defaultText: string | null = null;
  for (const element of node.constraints ?? []) {
    const constraint = nodeAs(element, 'Constraint')!;
    const at = locationOf(constraint);
    switch (constraint.contype) {
      case 'CONSTR_NULL':
      case 'CONSTR_NOTNULL':
        nullable = constraint.contype === 'CONSTR_NULL';
        if (declared !== null && declared !== nullable) conflict ??= at;
        declared = nullable;
        break;
      case 'CONSTR_PRIMARY':
        break;
      case 'CONSTR_DEFAULT': {
        if (defaultText !== null) {
          throw statement.error(
            '42601',
            `multiple default values specified for column "${name}" of table "${table}"`,
            at,
          );
        }
        checkDefault(name, type, constraint.raw_expr!, statement);
        defaultText = defaultSource(text, at ?? 0);
        break;
      }
      case 'CONSTR_ATTR_DEFERRABLE':
      case 'CONSTR_ATTR_NOT_DEFERRABLE':
      case 'CONSTR_ATTR_DEFERRED':
      case 'CONSTR_ATTR_IMMEDIATE':
        throw statement.unsupported('deferred constraints', at);
      default:
        throw unsupportedConstraint(constraint, statement);
    }
  }
  if (conflict !== null) {
    throw statement.error(
      '42601',
      `conflicting NULL/NOT NULL declarations for column "${name}" of table "${table}"`,
      conflict,
    );
  }
  return { name, type: { ...type, nullable }, defaultText };
}

/** A DEFAULT must be of a type that can be assigned; a constant is read now. */
function checkDefault(
  column: string,
  type: { readonly name: CatalogColumn['type']['name']; readonly typmod: number },
  node: Node,
  statement: Statement,
): void {
  const context = { statement, ctes: [], outer: null };
  const bound = bindExpression(node, expressionContext(context, emptyScope, 'DEFAULT expressions'));
  const source = typeOf(bound.scalar).name;
  if (coerceToType(statement, bound, type, 'assignment') !== null) return;
  throw statement.error(
    '42804',
    `column "${column}" is of type ${formatType({ ...type, typmod: -1 })} but default expression is of type ${displayType(source)}`,
    undefined,
    { hint: 'You will need to rewrite or cast the expression.' },
  );
}

const constraintWords = new Set(
  'not null primary unique check references constraint default collate generated deferrable initially'.split(
    ' ',
  ),
);

/**
 * The text of a DEFAULT expression: from behind its keyword to what ends a b_expr, a comma, a closing parenthesis or the
 * next constraint. (The tree has no ends, and PostgreSQL's deparser is not in the parser.)
 */
function defaultSource(text: string, byte: number): string {
  const source = new SourceText(text);
  const begin = source.utf16OfByte(byte);
  const tokens = tokenize(source).filter((token) => token.start >= begin);
  let depth = 0;
  let end = tokens[0]!.end;
  let previous = '';
  for (const token of tokens.slice(1)) {
    const word = text.slice(token.start, token.end).toLowerCase();
    if (word === '(' || word === '[') depth++;
    if (word === ')' || word === ']') depth--;
    if (depth < 0 || (depth === 0 && (word === ',' || word === ';'))) break;
    // NULL as the value itself; NOT behind IS belongs to IS NOT DISTINCT FROM.
    const isValue = previous === '' || previous === 'is';
    if (depth === 0 && constraintWords.has(word) && !isValue) break;
    previous = word;
    end = token.end;
  }
  return text.slice(tokens[0]!.end, end).trim();
}
