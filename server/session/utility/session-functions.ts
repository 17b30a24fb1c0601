/**
 * Functions that act on sessions, where they are columns of a SELECT: `SELECT pg_advisory_lock(1)`. They are called for each row of
 * its result, one after the other. Anywhere else they are refused: when, and how often, a query computes a call is the planner's.
 */
import type { FuncCall, Node, SelectStmt } from '@pgsql/types';
import { nameParts, nodeAs } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { plain } from '../../../sql/types/table.ts';
import type { SqlType, TypeName } from '../../../sql/types/type.ts';
import type { ResultCursor } from '../../../engine/index.ts';
import { ReadyCursor, rowFields, textRow } from '../../results/messages.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import type { ResultColumn } from '../statement.ts';
import { advisoryLockFunctions } from './advisory-lock.ts';
import { backendFunctions } from './backends.ts';
import { setConfig } from './set-config.ts';
import { setSeed } from './setseed.ts';
import { sleepFunctions } from './sleep.ts';

export interface SessionFunction {
  /** The types of its arguments, by their number. */
  readonly arguments: readonly (readonly TypeName[])[];
  readonly result: 'text' | 'bool' | 'void';
  /** Of arguments none of which is NULL; NULL otherwise. */
  readonly strict: boolean;
  /** The arguments are texts of their types; so is the result, a bool as `t` or `f`. */
  act(session: Session, args: readonly (string | null)[]): Promise<string | null> | string | null;
}

const functions: Readonly<Record<string, SessionFunction>> = {
  set_config: setConfig,
  ...advisoryLockFunctions,
  ...backendFunctions,
  ...sleepFunctions,
  setseed: setSeed,
};

/** What a SELECT with such columns may have: what makes rows of rows computes them itself. */
const CLAUSES_OF_CALLS: ReadonlySet<string> = new Set([
  ...['targetList', 'limitOption', 'op', 'fromClause', 'whereClause', 'limitCount', 'limitOffset'],
  ...['sortClause', 'withClause'],
]);

/** A column of the SELECT: a call, or an expression of another kind. */
type Column = Call | { readonly target: Node };

interface Call {
  readonly name: string;
  readonly called: SessionFunction;
  readonly args: readonly Node[];
  readonly types: readonly TypeName[];
}

/** Null: the SELECT is another. */
export function prepareSessionFunctions(
  session: Session,
  parsed: ParsedStatement,
  statement: SelectStmt,
  types: readonly (SqlType | null)[],
): Prepared | null {
  const columns = columnsOf(statement);
  if (columns === null) return null;
  // The arguments are any expressions: a query computes them. A call without any still has a column.
  const none: Node = { ResTarget: { val: { A_Const: { isnull: true, location: -1 } } } };
  const node: Node = {
    SelectStmt: {
      ...statement,
      targetList: [
        none,
        ...columns.flatMap((column) =>
          'target' in column
            ? [column.target]
            : column.args.map((arg, i): Node => ({ ResTarget: { val: castTo(arg, column.types[i]!) } })),
        ),
      ],
    },
  };
  const query: ParsedStatement = { ...parsed, statement: { kind: 'postgres', node }, notices: [] };
  const prepared = session.executor.prepare(session, query, types);
  const widths = columns.map((column) => ('target' in column ? 1 : column.args.length));
  let at = 1;
  const described = columns.map((column, i): ResultColumn => {
    const own = prepared.columns![at];
    at += widths[i]!;
    return 'target' in column ? own! : { name: column.name, type: plain(column.called.result) };
  });
  return {
    parsed,
    text: parsed.text,
    parameterTypes: prepared.parameterTypes,
    columns: described,
    endsTransaction: false,
    ddl: null,
    managesTransaction: false,
    run: async (parameters, formats) => {
      const asked = columns.flatMap((column, i) =>
        'target' in column ? [formats[i] ?? 0] : column.args.map(() => 0),
      );
      const result = await session.executor.execute(session, prepared, parameters, [0, ...asked]);
      if (result.kind !== 'rows')
        throw new SqlError({ sqlstate: 'XX000', message: 'arguments gave no rows' });
      const rows: Buffer[] = [];
      for await (const [, ...fields] of rowsOf(result.cursor)) {
        const values: (string | Buffer | null)[] = [];
        for (const [index, column] of columns.entries()) {
          const given = fields.splice(0, widths[index]!);
          values.push(
            'target' in column ? given[0]! : await valueOf(session, column, given, formats[index] === 1),
          );
        }
        rows.push(textRow(values));
      }
      return { kind: 'rows', columns: described, cursor: new ReadyCursor(rows), tag: 'SELECT' };
    },
  };
}

/** The rows of a result, one after the other. */
async function* rowsOf(cursor: ResultCursor): AsyncGenerator<(Buffer | null)[]> {
  try {
    for (;;) {
      const filling = cursor.fill();
      if (filling) await filling;
      const { chunk, rows, done } = cursor.next(1);
      if (rows > 0) yield rowFields(Buffer.from(chunk));
      if (done) return;
    }
  } finally {
    cursor.close();
  }
}

async function valueOf(
  session: Session,
  { called }: Call,
  given: readonly (Buffer | null)[],
  isBinary: boolean,
): Promise<string | Buffer | null> {
  const args = given.map((field) => field?.toString() ?? null);
  const value = called.strict && args.includes(null) ? null : await called.act(session, args);
  return isBinary ? binary(called, value) : value;
}

/** A value in the binary format, which for texts is the same. */
function binary({ result }: SessionFunction, value: string | null): string | Buffer | null {
  return result === 'bool' && value !== null ? Buffer.from([value === 't' ? 1 : 0]) : value;
}

/** The columns of a SELECT, if some are calls and the others can be computed beside them. */
function columnsOf(statement: SelectStmt): readonly Column[] | null {
  const { targetList = [], sortClause = [] } = statement;
  for (const clause in statement) if (!CLAUSES_OF_CALLS.has(clause)) return null;
  // Numbers count the columns that are shown.
  if (sortClause.some((item) => 'A_Const' in (nodeAs(item, 'SortBy')?.node ?? {}))) return null;
  const columns = targetList.map((target): Column => {
    const { name, val } = nodeAs(target, 'ResTarget')!;
    const node = nodeAs(val, 'FuncCall');
    return (node === undefined ? null : callOf(node, name)) ?? { target };
  });
  const others = columns.flatMap((column) => ('target' in column ? [column.target] : []));
  return others.length === columns.length || others.some(isStar) ? null : columns;
}

/** `*` and `t.*`, which are any number of columns. */
function isStar(target: Node): boolean {
  const last = nodeAs(nodeAs(target, 'ResTarget')?.val, 'ColumnRef')?.fields?.at(-1);
  return last !== undefined && 'A_Star' in last;
}

function callOf({ funcname, args = [], ...rest }: FuncCall, alias: string | undefined): Call | null {
  const [name = '', schema = 'pg_catalog'] = nameParts(funcname).toReversed();
  const called = Object.hasOwn(functions, name) ? functions[name] : undefined;
  const types = called?.arguments.find((list) => list.length === args.length);
  const isPlain = !('over' in rest || 'agg_star' in rest || 'agg_filter' in rest || 'func_variadic' in rest);
  if (called === undefined || types === undefined || schema !== 'pg_catalog' || !isPlain) return null;
  if (args.some((arg) => 'NamedArgExpr' in arg)) return null;
  return { name: alias ?? name, called, args, types };
}

function castTo(arg: Node, type: TypeName): Node {
  const names = ['pg_catalog', type].map((sval): Node => ({ String: { sval } }));
  return { TypeCast: { arg, typeName: { names, typemod: -1, location: -1 }, location: -1 } };
}
