/**
 * Functions that act on the session, where they stand alone in a SELECT: `SELECT pg_advisory_lock(1)`. Anywhere else they
 * are refused: when, and how often, a query computes a call is the planner's.
 */
import type { FuncCall, Node, SelectStmt } from '@pgsql/types';
import { nameParts, nodeAs } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { plain } from '../../../sql/types/table.ts';
import type { SqlType, TypeName } from '../../../sql/types/type.ts';
import { ReadyCursor, rowFields, textRow } from '../../results/messages.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { advisoryLockFunctions } from './advisory-lock.ts';
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
  ...sleepFunctions,
  setseed: setSeed,
};

/** What the grammar says of a SELECT that only lists values. */
const CLAUSES_OF_CALLS: ReadonlySet<string> = new Set(['targetList', 'limitOption', 'op']);

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
  const calls = callsOf(statement);
  if (calls === null) return null;
  // The arguments are any expressions: a query computes them. A call without any still has a column.
  const none: Node = { ResTarget: { val: { A_Const: { isnull: true, location: -1 } } } };
  const node: Node = {
    SelectStmt: {
      targetList: [
        none,
        ...calls.flatMap((call) =>
          call.args.map((arg, i): Node => ({ ResTarget: { val: castTo(arg, call.types[i]!) } })),
        ),
      ],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  };
  const query: ParsedStatement = { ...parsed, statement: { kind: 'postgres', node }, notices: [] };
  const prepared = session.executor.prepare(session, query, types);
  const columns = calls.map(({ name, called }) => ({ name, type: plain(called.result) }));
  return {
    parsed,
    text: parsed.text,
    parameterTypes: prepared.parameterTypes,
    columns,
    endsTransaction: false,
    ddl: null,
    managesTransaction: false,
    run: async (parameters, formats) => {
      const asked = [0, ...calls.flatMap(({ args }) => args.map(() => 0))];
      const result = await session.executor.execute(session, prepared, parameters, asked);
      if (result.kind !== 'rows') throw new SqlError({ sqlstate: 'XX000', message: 'arguments gave no row' });
      const [, ...fields] = rowFields(result.cursor.next(1).chunk).map((field) => field?.toString() ?? null);
      result.cursor.close();
      const values: (string | Buffer | null)[] = [];
      for (const [index, { called, args }] of calls.entries()) {
        const given = fields.splice(0, args.length);
        const value = called.strict && given.includes(null) ? null : await called.act(session, given);
        values.push(formats[index] === 1 ? binary(called, value) : value);
      }
      return { kind: 'rows', columns, cursor: new ReadyCursor([textRow(values)]), tag: 'SELECT' };
    },
  };
}

/** A value in the binary format, which for texts is the same. */
function binary({ result }: SessionFunction, value: string | null): string | Buffer | null {
  return result === 'bool' && value !== null ? Buffer.from([value === 't' ? 1 : 0]) : value;
}

/** The calls that a SELECT consists of, if it is nothing else. */
function callsOf(statement: SelectStmt): readonly Call[] | null {
  const { targetList = [] } = statement;
  for (const clause in statement) if (!CLAUSES_OF_CALLS.has(clause)) return null;
  if (targetList.length === 0) return null;
  const calls = targetList.map((target): Call | null => {
    const { name, val } = nodeAs(target, 'ResTarget')!;
    const node = nodeAs(val, 'FuncCall');
    return node === undefined ? null : callOf(node, name);
  });
  return calls.every((call) => call !== null) ? calls : null;
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
