/** EXECUTE name [(arguments)]. */
import type { CreateTableAsStmt, ExecuteStmt, Node } from '@pgsql/types';
import type { ParameterValue } from '../../../engine/index.ts';
import { constantOf, nodeAs } from '../../../sql/ast/accessors.ts';
import type { Explain } from '../../../sql/ast/explain.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { elementType, isRegistered } from '../../../sql/types/table.ts';
import type { SqlType } from '../../../sql/types/type.ts';
import { rowFields } from '../../results/messages.ts';
import type { Prepared } from '../prepared.ts';
import type { Session } from '../session.ts';

export function prepareExecute(session: Session, parsed: ParsedStatement, statement: ExecuteStmt): Prepared {
  const inner = session.statement(statement.name ?? '');
  return withArguments(session, parsed, statement, inner);
}

/** EXPLAIN EXECUTE: the plan of the statement that is prepared. Null: it explains something else. */
export function prepareExplainExecute(
  session: Session,
  parsed: ParsedStatement,
  explain: Explain,
): Prepared | null {
  const { target } = explain;
  if (target.kind !== 'statement' || target.statement.kind !== 'postgres') return null;
  const execute = nodeAs(target.statement.node, 'ExecuteStmt');
  if (execute === undefined) return null;
  const { parsed: inner, parameterTypes, declared = [] } = session.statement(execute.name ?? '');
  if (inner === null)
    throw new SqlError({ sqlstate: '0A000', message: 'EXPLAIN of this statement is not supported' });
  const explained: ParsedStatement = {
    ...inner,
    statement: { ...explain, target: { ...target, statement: inner.statement } },
  };
  const prepared = session.prepare(explained, parameterTypes);
  return withArguments(session, parsed, execute, {
    ...prepared,
    parameterTypes,
    declared,
    // GENERIC_PLAN asks for no values.
    run: (values, formats) => prepared.run(values.slice(0, prepared.parameterTypes.length), formats),
  });
}

/** CREATE TABLE AS EXECUTE: the rows of the statement that is prepared. Null: it is of a query. */
export function prepareCreateTableAsExecute(
  session: Session,
  parsed: ParsedStatement,
  created: CreateTableAsStmt,
): Prepared | null {
  const execute = nodeAs(created.query, 'ExecuteStmt');
  if (execute === undefined) return null;
  const { parsed: inner, parameterTypes, declared = [] } = session.statement(execute.name ?? '');
  const query = inner?.statement.kind === 'postgres' ? inner.statement.node : undefined;
  if (inner === null || query === undefined || !('SelectStmt' in query)) {
    throw new SqlError({ sqlstate: '42809', message: 'prepared statement is not a SELECT' });
  }
  const node: Node = { CreateTableAsStmt: { ...created, query } };
  const made: ParsedStatement = { ...inner, statement: { kind: 'postgres', node } };
  const prepared = session.prepare(made, parameterTypes);
  return withArguments(session, parsed, execute, { ...prepared, parameterTypes, declared });
}

/** A statement with the arguments of EXECUTE as its parameters. */
function withArguments(
  session: Session,
  parsed: ParsedStatement,
  statement: ExecuteStmt,
  inner: Prepared,
): Prepared {
  const name = statement.name ?? '';
  const given = statement.params ?? [];
  if (given.length !== inner.parameterTypes.length) {
    throw new SqlError({
      sqlstate: '42601',
      message: `wrong number of parameters for prepared statement "${name}"`,
      detail: `Expected ${inner.parameterTypes.length} parameters but got ${given.length}.`,
    });
  }
  return {
    ...inner,
    parsed,
    text: parsed.text,
    parameterTypes: [],
    // It would read its parameters from Bind.
    direct: () => null,
    run: async (_, formats) => inner.run(await evaluate(session, parsed, given, inner), formats),
  };
}

/** The arguments as text values. Constants of the parameter's type are taken as written; anything else is computed as a query. */
async function evaluate(
  session: Session,
  parsed: ParsedStatement,
  given: readonly Node[],
  { parameterTypes: types, declared = [] }: Prepared,
): Promise<ParameterValue[]> {
  // What becomes a value of a domain is looked at.
  const constants = given.map((node, index) =>
    declared[index]?.isDomain === true ? undefined : constantValue(node, types[index]!.name),
  );
  if (constants.every((value) => value !== undefined)) return constants;
  session.executor.checkArguments(session, parsed, given, types);
  const node: Node = {
    SelectStmt: {
      targetList: given.map((arg, index) => ({
        ResTarget: {
          val: asNumbers(
            {
              TypeCast: {
                arg,
                typeName: declared[index]?.written ?? session.executor.nameOfType(types[index]!),
                location: -1,
              },
            },
            types[index]!,
          ),
        },
      })),
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  };
  const query: ParsedStatement = { ...parsed, statement: { kind: 'postgres', node }, notices: [] };
  const prepared = session.executor.prepare(session, query, []);
  const formats = types.map(() => 0);
  const result = await session.executor.execute(session, prepared, [], formats);
  if (result.kind !== 'rows') throw new SqlError({ sqlstate: 'XX000', message: 'arguments gave no row' });
  const row = result.cursor.next(1).chunk;
  const fields = rowFields(row).map((value) => ({ format: 0 as const, value: value && Buffer.from(value) }));
  result.cursor.close();
  return fields;
}

/** A value of a reg* type is shown by its name, which may be another's too. */
function asNumbers(node: Node, { name }: SqlType): Node {
  const element = elementType(name);
  if (!isRegistered(element ?? name)) return node;
  const typeName = { names: ['pg_catalog', element === null ? 'oid' : '_oid'].map(stringNode), typemod: -1 };
  return { TypeCast: { arg: node, typeName, location: -1 } };
}

function stringNode(sval: string): Node {
  return { String: { sval } };
}

const INTEGERS: ReadonlySet<string> = new Set(['int4', 'int8', 'numeric']);
const TEXTS: ReadonlySet<string> = new Set(['text', 'varchar']);

/** A constant that is a value of the type as it is written. */
function constantValue(node: Node, type: string): ParameterValue | undefined {
  const fields = nodeAs(node, 'A_Const');
  if (!fields) return undefined;
  const constant = constantOf(fields);
  switch (constant.kind) {
    case 'null':
      return { format: 0, value: null };
    case 'boolean':
      if (type !== 'bool') return undefined;
      return { format: 0, value: Buffer.from(constant.value ? 't' : 'f') };
    case 'integer':
      if (!INTEGERS.has(type)) return undefined;
      return { format: 0, value: Buffer.from(String(constant.value)) };
    case 'string':
      if (!TEXTS.has(type)) return undefined;
      return { format: 0, value: Buffer.from(constant.value) };
    default:
      return undefined;
  }
}
