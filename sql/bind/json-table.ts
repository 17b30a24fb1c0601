/**
 * JSON_TABLE: rows of a path over a document, and columns of paths over each of them. It is the query
 *
 *     select json_value(item, '$."a"' returning int) as a, …, nested.*
 *     from jsonb_path_query(document, path) with ordinality as r (item, number)
 *     left join lateral (the same for a nested path over item, union all that of the next…) as nested on true
 */
import type {
  JsonFuncExpr,
  JsonTable,
  JsonTableColumn,
  JsonTablePathSpec,
  Node,
  RangeFunction,
  ResTarget,
  SelectStmt,
  TypeName,
} from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import { recordFields } from '../types/record.ts';
import { elementType } from '../types/table.ts';
import type { QueryContext } from './context.ts';
import { aliased } from './from.ts';
import type { BoundFrom } from './from.ts';
import { bindSubquery } from './query.ts';
import { settled } from './scope.ts';
import { bindTypeName } from './type-name.ts';

/** Binds JSON_TABLE in FROM. What it reads may stand to its left. */
export function bindJsonTable(node: JsonTable, context: QueryContext): BoundFrom {
  checkNames(node, context);
  const table = new Rows(node, context);
  const document = castTo(node.context_item!.raw_expr!, 'jsonb');
  const columns = columnsOf(node.columns);
  const query = table.query(document, node.pathspec!, columns, 0);
  const named = node.alias?.colnames?.length ?? 0;
  const available = shownColumns(columns).length;
  if (named > available) {
    const message = `JSON_TABLE function has ${available} columns available but ${named} columns specified`;
    throw context.statement.error('42P10', message);
  }
  const relation = bindSubquery({ SelectStmt: query }, { ...context, outer: settled(context.outer) });
  return aliased(relation, 'json_table', null, node.alias, context, undefined, locationOf(node));
}

const columnsOf = (nodes: readonly Node[] | undefined): JsonTableColumn[] =>
  (nodes ?? []).map((node) => nodeAs(node, 'JsonTableColumn')!);

/** Columns and paths are named once. */
function checkNames(node: JsonTable, { statement }: QueryContext): void {
  const seen = new Set<string>();
  const see = (name: string | undefined, at: number | undefined): void => {
    if (name === undefined) return;
    if (seen.has(name)) {
      throw statement.error('42712', `duplicate JSON_TABLE column or path name: ${name}`, at);
    }
    seen.add(name);
  };
  const walk = (columns: readonly JsonTableColumn[]): void => {
    let ordinality = false;
    for (const column of columns) {
      if (column.coltype === 'JTC_FOR_ORDINALITY' && ordinality) {
        throw statement.error('42601', 'only one FOR ORDINALITY column is allowed', locationOf(column));
      }
      ordinality ||= column.coltype === 'JTC_FOR_ORDINALITY';
      if (column.coltype !== 'JTC_NESTED') see(column.name, locationOf(column));
      else see(column.pathspec?.name, column.pathspec?.name_location);
      walk(columnsOf(column.columns));
    }
  };
  see(node.pathspec?.name, node.pathspec?.name_location);
  walk(columnsOf(node.columns));
}

/** The queries of one JSON_TABLE. */
class Rows {
  readonly #passing: readonly Node[];
  readonly #silent: boolean;
  readonly #context: QueryContext;

  constructor(node: JsonTable, context: QueryContext) {
    const behavior = node.on_error?.btype ?? 'JSON_BEHAVIOR_EMPTY_ARRAY';
    const isEmpty = behavior === 'JSON_BEHAVIOR_EMPTY' || behavior === 'JSON_BEHAVIOR_EMPTY_ARRAY';
    if (!isEmpty && behavior !== 'JSON_BEHAVIOR_ERROR') {
      throw context.statement.error('42601', 'invalid ON ERROR behavior', locationOf(node.on_error!), {
        detail: 'Only EMPTY [ ARRAY ] or ERROR is allowed in the top-level ON ERROR clause.',
      });
    }
    this.#passing = node.passing ?? [];
    this.#silent = isEmpty;
    this.#context = context;
  }

  /** The rows of a path over `document`: own columns, then those of the nested paths. */
  query(
    document: Node,
    path: JsonTablePathSpec,
    columns: readonly JsonTableColumn[],
    depth: number,
  ): SelectStmt {
    const rows = `json_table rows ${depth}`;
    const item = columnOf(rows, 'item');
    const own = columns.filter(({ coltype }) => coltype !== 'JTC_NESTED');
    const nested = columns.filter(({ coltype }) => coltype === 'JTC_NESTED');
    const targets = own.map((column) => target(this.#value(column, item, rows), column.name));
    const from = this.#rowsOf(document, path, rows);
    if (nested.length === 0) return select(targets, from);
    const inside = `json_table nested ${depth}`;
    const parts = nested.map((part) => this.query(item, part.pathspec!, columnsOf(part.columns), depth + 1));
    const names = nested.map((part) => shownColumns(columnsOf(part.columns)));
    const all = names.flat();
    const joined: Node = {
      JoinExpr: {
        jointype: 'JOIN_LEFT',
        larg: from,
        rarg: {
          RangeSubselect: {
            lateral: true,
            subquery: { SelectStmt: unionOf(parts, names) },
            alias: { aliasname: inside },
          },
        },
        quals: { A_Const: { boolval: { boolval: true }, location: -1 } },
      },
    };
    const nestedTargets = all.map(({ name }) => target(columnOf(inside, name!), name));
    return select([...targets, ...nestedTargets], joined);
  }

  #rowsOf(document: Node, path: JsonTablePathSpec, name: string): Node {
    const variables = this.#passing.flatMap((argument) => {
      const { name: variable, val } = nodeAs(argument, 'JsonArgument')!;
      return [text(variable!), val!.raw_expr!];
    });
    const call = functionCall('jsonb_path_query', [
      document,
      path.string!,
      functionCall('jsonb_build_object', variables),
      { A_Const: { boolval: { boolval: this.#silent }, location: -1 } },
    ]);
    const rows: RangeFunction = {
      lateral: true,
      ordinality: true,
      functions: [{ List: { items: [call] } }],
      alias: { aliasname: name, colnames: ['item', 'number'].map((each) => ({ String: { sval: each } })) },
    };
    return { RangeFunction: rows };
  }

  #value(column: JsonTableColumn, item: Node, rows: string): Node {
    if (column.coltype === 'JTC_FOR_ORDINALITY') return castTo(columnOf(rows, 'number'), 'int4');
    const pathspec = column.pathspec?.string ?? text(`$.${JSON.stringify(column.name)}`);
    const exists = column.coltype === 'JTC_EXISTS';
    const call: JsonFuncExpr = {
      op: exists ? 'JSON_EXISTS_OP' : this.#isQuery(column) ? 'JSON_QUERY_OP' : 'JSON_VALUE_OP',
      column_name: column.name,
      context_item: {
        raw_expr: item,
        format: { format_type: 'JS_FORMAT_DEFAULT', encoding: 'JS_ENC_DEFAULT' },
      },
      pathspec,
      passing: [...this.#passing],
      on_empty: column.on_empty,
      on_error: column.on_error,
      wrapper: column.wrapper,
      quotes: column.quotes,
      location: column.location,
      ...(exists ? {} : { output: { typeName: column.typeName } }),
    };
    const value: Node = { JsonFuncExpr: call };
    return exists ? { TypeCast: { arg: value, typeName: column.typeName, location: -1 } } : value;
  }

  /** What is not a single value is what JSON_QUERY gives, and so is what says how it is to be wrapped or quoted. */
  #isQuery({ coltype, typeName, wrapper, quotes }: JsonTableColumn): boolean {
    const says =
      (wrapper ?? 'JSW_UNSPEC') !== 'JSW_UNSPEC' || (quotes ?? 'JS_QUOTES_UNSPEC') !== 'JS_QUOTES_UNSPEC';
    if (coltype === 'JTC_FORMATTED' || says) return true;
    const { name } = bindTypeName(this.#context.statement, typeName!);
    return name === 'json' || name === 'jsonb' || elementType(name) !== null || recordFields(name) !== null;
  }
}

/** The columns that are shown, those of nested paths after a level's own. */
function shownColumns(columns: readonly JsonTableColumn[]): JsonTableColumn[] {
  const own = columns.filter(({ coltype }) => coltype !== 'JTC_NESTED');
  const nested = columns.filter(({ coltype }) => coltype === 'JTC_NESTED');
  return [...own, ...nested.flatMap((part) => shownColumns(columnsOf(part.columns)))];
}

/** The rows of all parts, with NULLs in the columns of the others. */
function unionOf(parts: readonly SelectStmt[], names: readonly (readonly JsonTableColumn[])[]): SelectStmt {
  const widened = parts.map((part, index) => {
    const targets = names.flatMap((columns, other) =>
      other === index
        ? columns.map(({ name }) => target(columnOf('json_table part', name!), name))
        : columns.map((column) => target(nullOf(column), column.name)),
    );
    return select(targets, {
      RangeSubselect: {
        subquery: { SelectStmt: part },
        lateral: true,
        alias: { aliasname: 'json_table part' },
      },
    });
  });
  return widened.reduce((larg, rarg) => ({
    op: 'SETOP_UNION',
    all: true,
    larg,
    rarg,
    limitOption: 'LIMIT_OPTION_DEFAULT',
  }));
}

function nullOf({ coltype, typeName }: JsonTableColumn): Node {
  const none: Node = { A_Const: { isnull: true, location: -1 } };
  if (coltype === 'JTC_FOR_ORDINALITY') return castTo(none, 'int4');
  return { TypeCast: { arg: none, typeName, location: -1 } };
}

const select = (targetList: Node[], from: Node): SelectStmt => ({
  targetList,
  fromClause: [from],
  limitOption: 'LIMIT_OPTION_DEFAULT',
  op: 'SETOP_NONE',
});

function target(val: Node, name: string | undefined): Node {
  const named: ResTarget = { name, val, location: -1 };
  return { ResTarget: named };
}

const words = (...parts: string[]): Node[] => parts.map((sval) => ({ String: { sval } }));

const columnOf = (relation: string, name: string): Node => ({
  ColumnRef: { fields: words(relation, name), location: -1 },
});

const text = (sval: string): Node => ({ A_Const: { sval: { sval }, location: -1 } });

const functionCall = (name: string, args: Node[]): Node => ({
  FuncCall: { funcname: words('pg_catalog', name), args, funcformat: 'COERCE_EXPLICIT_CALL', location: -1 },
});

function castTo(arg: Node, type: string): Node {
  const typeName: TypeName = { names: words('pg_catalog', type), typemod: -1, location: -1 };
  return { TypeCast: { arg, typeName, location: -1 } };
}
