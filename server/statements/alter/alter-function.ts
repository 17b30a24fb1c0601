/** ALTER FUNCTION f(…) STABLE, STRICT, SET search_path TO…: what a function is besides its name and body. */
import type { AlterFunctionStmt, DefElem, VariableSetStmt } from '@pgsql/types';
import { booleanOf, locationOf, nodeAs, stringOf } from '../../../sql/ast/accessors.ts';
import type { CatalogFunction } from '../../../sql/catalog.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import { constrainCallers } from '../../catalog/constraints.ts';
import { shownSignature } from '../../catalog/function-text.ts';
import { positionOf } from '../../catalog/names.ts';
import { type FunctionObject, describeObject } from '../../catalog/objects.ts';
import { settings } from '../../session/settings/table.ts';
import type { System } from '../../system.ts';
import { maintainedWith, readSettings } from '../create-function.ts';
import { findFunction } from '../drop-function.ts';
import { type Runnable, command } from '../prepared.ts';
import { type FunctionOptions, withFunctionOptions } from './function-options.ts';

const NAMES: Readonly<Record<string, string>> = {
  OBJECT_FUNCTION: 'FUNCTION',
  OBJECT_PROCEDURE: 'PROCEDURE',
  OBJECT_ROUTINE: 'ROUTINE',
};

export function prepareAlterFunction(
  system: System,
  parsed: ParsedStatement,
  { objtype = 'OBJECT_FUNCTION', func, actions = [] }: AlterFunctionStmt,
): Runnable {
  const kind = NAMES[objtype] ?? 'FUNCTION';
  const given = actions.map((node) => nodeAs(node, 'DefElem')!);
  return command((session) =>
    system.ddl.run(async () => {
      const object = findFunction(system, session, parsed, func!, false)!;
      const signature = shownSignature(system.catalog, object.name, object.parameters);
      if (kind === 'PROCEDURE') {
        throw new SqlError({ sqlstate: '42809', message: `${signature} is not a procedure` });
      }
      refuseRepeated(given, parsed);
      checkEstimates(given, object);
      const set = given.filter(({ defname }) => defname === 'set');
      const isReset = (option: DefElem): boolean => resets(nodeAs(option.arg, 'VariableSetStmt')!) !== null;
      const path = readSettings(session, parsed, {
        options: set.filter((option) => !isReset(option)).map((DefElem) => ({ DefElem })),
      });
      const options = read(given);
      const searchPath =
        path ?? (set.some((option) => clearsPath(nodeAs(option.arg, 'VariableSetStmt')!)) ? null : undefined);
      const changed = { ...options, ...(searchPath === undefined ? {} : { searchPath }) };
      await change(system, object, changed, signature);
      return `ALTER ${kind}`;
    }, session),
  );
}

async function change(
  system: System,
  object: FunctionObject,
  changed: FunctionOptions,
  signature: string,
): Promise<void> {
  if (Object.keys(changed).length === 0) return;
  const maintained = maintainedWith(system, object.id);
  if (maintained) {
    const reader = describeObject(maintained, system.catalog);
    throw new SqlError({
      sqlstate: '0A000',
      message: `cannot alter function ${signature} because ${reader} is maintained with it`,
      hint: `Drop ${reader} first, and create it again afterwards.`,
    });
  }
  const { searchPath: before, ...others } = object;
  const searchPath = changed.searchPath === undefined ? before : (changed.searchPath ?? undefined);
  const altered: FunctionObject = {
    ...others,
    volatility: (changed.volatility ?? object.volatility) as CatalogFunction['volatility'],
    strict: changed.strict ?? object.strict,
    statement: object.statement === null ? null : withFunctionOptions(object.statement, changed),
    ...(searchPath === undefined ? {} : { searchPath }),
  };
  await commitCatalog(system, [{ kind: 'replace', object: altered }], {
    committed: () => constrainCallers(system),
  });
}

function read(given: readonly DefElem[]): Pick<FunctionOptions, 'volatility' | 'strict'> {
  const volatility = given.find(({ defname }) => defname === 'volatility');
  const strict = given.find(({ defname }) => defname === 'strict');
  return {
    ...(volatility === undefined ? {} : { volatility: stringOf(volatility.arg) }),
    ...(strict === undefined ? {} : { strict: booleanOf(strict.arg) ?? true }),
  };
}

function refuseRepeated(given: readonly DefElem[], parsed: ParsedStatement): void {
  const seen = new Set<string>();
  for (const option of given) {
    const name = option.defname!;
    // Of several settings each has a clause of its own.
    if (name === 'set') continue;
    if (seen.has(name)) {
      throw new SqlError({
        sqlstate: '42601',
        message: 'conflicting or redundant options',
        position: positionOf(parsed, locationOf(option)),
      });
    }
    seen.add(name);
  }
}

/** COST and ROWS tell PostgreSQL's planner what it cannot know; a body that stands where it is called needs neither. */
function checkEstimates(given: readonly DefElem[], { result }: FunctionObject): void {
  for (const { defname, arg } of given) {
    if (defname !== 'cost' && defname !== 'rows') continue;
    const value = Number(nodeAs(arg, 'Float')?.fval ?? nodeAs(arg, 'Integer')?.ival ?? 0);
    const refuse = (message: string): SqlError => new SqlError({ sqlstate: '22023', message });
    if (!(value > 0)) throw refuse(`${defname.toUpperCase()} must be positive`);
    if (defname === 'rows' && !result.set)
      throw refuse('ROWS is not applicable when function does not return a set');
  }
}

/** What a RESET names; `*` for all, null where it is none. */
function resets({ kind, name = '' }: VariableSetStmt): string | null {
  if (kind === 'VAR_RESET_ALL') return '*';
  if (kind !== 'VAR_RESET' && kind !== 'VAR_SET_DEFAULT') return null;
  if (settings.has(name.toLowerCase())) return name.toLowerCase();
  throw new SqlError({ sqlstate: '42704', message: `unrecognized configuration parameter "${name}"` });
}

function clearsPath(set: VariableSetStmt): boolean {
  const name = resets(set);
  return name === '*' || name === 'search_path';
}
