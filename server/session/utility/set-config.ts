/** SELECT set_config(name, value, is_local): SET as a function, alone in a SELECT. */
import type { FuncCall, Node, SelectStmt } from '@pgsql/types';
import { nameParts, nodeAs } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import type { SqlType } from '../../../sql/types/type.ts';
import { textColumns } from '../../results/columns.ts';
import { ReadyCursor, rowFields, textRow } from '../../results/messages.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';
import { assignSetting } from './set.ts';

const TYPES = ['text', 'text', 'bool'];

interface Call {
  readonly name: string;
  readonly args: readonly Node[];
}

/** Null: the SELECT is another. */
export function prepareSetConfig(
  session: Session,
  parsed: ParsedStatement,
  statement: SelectStmt,
  types: readonly (SqlType | null)[],
): Prepared | null {
  const calls = callsOf(statement);
  if (calls === null) return null;
  // The arguments are any expressions: a query computes them.
  const node: Node = {
    SelectStmt: {
      targetList: calls.flatMap(({ args }) =>
        args.map((arg, i): Node => ({ ResTarget: { val: castTo(arg, TYPES[i]!) } })),
      ),
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  };
  const query: ParsedStatement = { ...parsed, statement: { kind: 'postgres', node }, notices: [] };
  const prepared = session.executor.prepare(session, query, types);
  const columns = textColumns(...calls.map(({ name }) => name));
  return {
    parsed,
    text: parsed.text,
    parameterTypes: prepared.parameterTypes,
    columns,
    endsTransaction: false,
    ddl: null,
    managesTransaction: false,
    run: async (parameters) => {
      const formats = calls.flatMap(() => TYPES.map(() => 0));
      const result = await session.executor.execute(session, prepared, parameters, formats);
      if (result.kind !== 'rows') throw new SqlError({ sqlstate: 'XX000', message: 'arguments gave no row' });
      const fields = rowFields(result.cursor.next(1).chunk).map((field) => field?.toString() ?? null);
      result.cursor.close();
      const values = calls.map((_, index) => {
        const [name = null, value = null, local] = fields.slice(3 * index, 3 * index + 3);
        if (name === null) throw new SqlError({ sqlstate: '22004', message: 'SET requires parameter name' });
        assignSetting(session, name, value, local === 't');
        return session.settings.get(name);
      });
      return { kind: 'rows', columns, cursor: new ReadyCursor([textRow(values)]), tag: 'SELECT' };
    },
  };
}

/** The calls that a SELECT consists of, if it is nothing else. */
function callsOf({ targetList = [], ...rest }: SelectStmt): readonly Call[] | null {
  const others = Object.entries(rest).filter(([key]) => key !== 'limitOption' && key !== 'op');
  if (others.length > 0 || targetList.length === 0) return null;
  const calls = targetList.map((target): Call | null => {
    const { name = 'set_config', val } = nodeAs(target, 'ResTarget')!;
    const call = nodeAs(val, 'FuncCall');
    return call !== undefined && isSetConfig(call) ? { name, args: call.args ?? [] } : null;
  });
  return calls.every((call) => call !== null) ? calls : null;
}

function isSetConfig({ funcname, args = [], ...rest }: FuncCall): boolean {
  const [name, schema = 'pg_catalog'] = nameParts(funcname).toReversed();
  const isPlain = !('over' in rest || 'agg_star' in rest || 'agg_filter' in rest || 'func_variadic' in rest);
  return name === 'set_config' && schema === 'pg_catalog' && args.length === 3 && isPlain;
}

function castTo(arg: Node, type: string): Node {
  const names = ['pg_catalog', type].map((sval): Node => ({ String: { sval } }));
  return { TypeCast: { arg, typeName: { names, typemod: -1, location: -1 }, location: -1 } };
}
