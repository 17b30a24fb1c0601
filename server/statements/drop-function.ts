/** DROP FUNCTION: by name, or by name and the types of the arguments. */
import type { DropStmt, ObjectWithArgs } from '@pgsql/types';
import { nameParts, nodeAs } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { bindParameterType } from '../../sql/bind/bind.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { functionsNamed } from '../../sql/functions/table.ts';
import { shownSignature } from '../catalog/function-text.ts';
import { type FunctionObject, describeObject, parameterKey } from '../catalog/objects.ts';
import { functionSchemasOf } from '../catalog/temporary.ts';
import { inOneCommit } from '../catalog/staged-ddl.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { dropExpressionsNaming, expressionsNaming } from './alter/table/drop-expressions.ts';
import { dropObjects } from './drop.ts';
import { dropColumns } from './drop-type.ts';
import { type Runnable, command } from './prepared.ts';

export function prepareDropFunction(system: System, parsed: ParsedStatement, statement: DropStmt): Runnable {
  return command((session) =>
    inOneCommit(system, session, async (system) => {
      const cascade = statement.behavior === 'DROP_CASCADE';
      const ids = (statement.objects ?? []).flatMap((node) => {
        const named = nodeAs(node, 'ObjectWithArgs')!;
        const found = findFunction(system, session, parsed, named, statement.missing_ok === true);
        return found === null ? [] : [found.id];
      });
      for (const id of ids) refuseMember(system, id);
      await dropWithExpressions(system, session, parsed, ids, cascade);
      return 'DROP FUNCTION';
    }),
  );
}

/** Drops functions, with CASCADE the expressions of tables and domains that call them too. */
export async function dropWithExpressions(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  ids: readonly ObjectId[],
  cascade: boolean,
): Promise<void> {
  const named = [...new Set(ids)];
  if (!cascade) refuseDependents(system, named);
  const cascaded = cascade
    ? [
        ...(await dropExpressionsNaming(system, session, parsed, new Set(named))),
        ...(await dropColumns(system, session, parsed, named)),
      ]
    : [];
  await dropObjects(system, session, named, { cascade, cascaded });
}

/** An extension needs its functions. */
function refuseMember(system: System, id: ObjectId): void {
  const member = system.catalog.object(id);
  for (const on of member.dependsOn) {
    const owner = system.catalog.object(on);
    if (owner.kind !== 'extension') continue;
    const extension = describeObject(owner, system.catalog);
    throw new SqlError({
      sqlstate: '2BP01',
      message: `cannot drop ${describeObject(member, system.catalog)} because ${extension} requires it`,
      hint: `You can drop ${extension} instead.`,
    });
  }
}

/** Expressions of tables and domains are told of before other objects that depend on a function. */
function refuseDependents(system: System, ids: readonly ObjectId[]): void {
  try {
    system.catalog.dropOrder(ids, false);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const going = system.catalog.dropOrder(ids, true);
    const lines = ids.flatMap((id) => expressionsNaming(system, id, going));
    const { sqlstate, message, detail, hint } = error;
    throw new SqlError({ sqlstate, message, detail: [...lines, detail].join('\n'), hint });
  }
}

/** The function that a statement names; null where it may be missing, with a NOTICE. */
export function findFunction(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  { objname, objargs = [], args_unspecified: unspecified }: ObjectWithArgs,
  missingOk: boolean,
): FunctionObject | null {
  const parts = nameParts(objname);
  const name = parts[parts.length - 1]!;
  const written = parts.join('.');
  const schemas = functionSchemasOf(session, parts.at(-2));
  const found = schemas.flatMap((schema) => [...system.catalog.functions(schema, name)]);
  if (unspecified === true) {
    if (found.length > 1) {
      throw new SqlError({
        sqlstate: '42725',
        message: `function name "${written}" is not unique`,
        hint: 'Specify the argument list to select the function unambiguously.',
      });
    }
    if (found[0]) return found[0];
    if (functionsNamed(name).length > 0) throw required(name);
    return missing(
      session,
      `could not find a function named "${written}"`,
      `function ${written}()`,
      missingOk,
    );
  }
  const environment = system.planning.bindEnvironment(session, parsed);
  const given: ReturnType<typeof bindParameterType>[] = [];
  try {
    for (const type of objargs) given.push(bindParameterType(nodeAs(type, 'TypeName')!, environment));
  } catch (error) {
    const isMissing = error instanceof SqlError && ['42704', '3F000'].includes(error.sqlstate);
    if (!missingOk || !isMissing) throw error;
    session.notice({ severity: 'NOTICE', sqlstate: '00000', message: `${error.message}, skipping` });
    return null;
  }
  const types = given.map(({ type }) => type);
  const wanted = given.map(parameterKey).join();
  const match = found.find(({ parameters }) => parameters.map(parameterKey).join() === wanted);
  if (match) return match;
  const signature = shownSignature(system.catalog, written, given);
  const builtIn = functionsNamed(name).some((entry) => entry.arguments.join() === types.join());
  if (builtIn && parts.length === 1) throw required(signature);
  return missing(session, `function ${signature} does not exist`, `function ${signature}`, missingOk);
}

function required(function_: string): SqlError {
  return new SqlError({
    sqlstate: '2BP01',
    message: `cannot drop function ${function_} because it is required by the database system`,
  });
}

function missing(session: SessionContext, message: string, what: string, missingOk: boolean): null {
  if (!missingOk) throw new SqlError({ sqlstate: '42883', message });
  session.notice({ severity: 'NOTICE', sqlstate: '00000', message: `${what} does not exist, skipping` });
  return null;
}
