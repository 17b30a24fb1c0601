/** CREATE [OR REPLACE] FUNCTION … LANGUAGE SQL. */
import type { CreateFunctionStmt, Node } from '@pgsql/types';
import { constantOf, locationOf, nameParts, nodeAs } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { type FunctionDefinition, bindFunctionDefinition } from '../../sql/bind/bind.ts';
import type { CatalogFunction, ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { shownSignature } from '../catalog/function-text.ts';
import { pinnedOidsOf } from '../../sql/parse/pinned-names.ts';
import { ownTypesOf } from '../../sql/types/mentions.ts';
import type { TypeName } from '../../sql/types/type.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { constrainCallers } from '../catalog/constraints.ts';
import { newName, positionOf } from '../catalog/names.ts';
import { type CatalogObject, type FunctionObject, describeObject, parameterKey } from '../catalog/objects.ts';
import { settings } from '../session/settings/table.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { type FunctionTexts, functionTexts } from './function-texts.ts';
import type { RecordingCatalog } from './planning.ts';
import { type Runnable, command } from './prepared.ts';

export interface BoundFunction {
  readonly definition: FunctionDefinition;
  readonly catalog: RecordingCatalog;
  readonly texts: FunctionTexts;
}

/** The types of what a function gives. */
function resultTypes(result: CatalogFunction['result']): TypeName[] {
  return result.kind === 'value' ? [result.type] : result.columns.map(({ type }) => type);
}

/** The domains in a signature. */
function domainsOf({ parameters, result }: CatalogDefinition): ObjectId[] {
  const said = [
    ...parameters.map(({ domain }) => domain),
    result.kind === 'value' ? result.domain : undefined,
  ];
  return [...new Set(said.filter((domain) => domain !== undefined))];
}

/** The relations whose rows a signature has. */
function relationsOf({ parameters, result }: CatalogDefinition): ObjectId[] {
  const said = [...parameters, ...(result.kind === 'value' ? [result] : [])];
  return said.flatMap(({ rowOf }) => rowOf ?? []);
}

export function bindCreateFunction(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateFunctionStmt,
): BoundFunction {
  const catalog = system.planning.catalogFor(session);
  const environment = system.planning.bindEnvironment(session, parsed, { catalog });
  const checks = session.setting('check_function_bodies') !== 'off';
  const path = readSettings(session, parsed, statement);
  const definition = bindFunctionDefinition(statement, environment, checks, path);
  return { definition, catalog, texts: functionTexts(parsed, statement, catalog) };
}

/** SET of a function: the search path of its body. What tunes PostgreSQL changes nothing here either; others are refused. */
export function readSettings(
  session: SessionContext,
  parsed: ParsedStatement,
  statement: Pick<CreateFunctionStmt, 'options'>,
): readonly string[] | undefined {
  let path: readonly string[] | undefined;
  for (const option of (statement.options ?? []).map((each) => nodeAs(each, 'DefElem')!)) {
    if (option.defname !== 'set') continue;
    const set = nodeAs(option.arg, 'VariableSetStmt');
    const name = set?.name?.toLowerCase() ?? '';
    if (name === 'search_path' && set?.kind !== 'VAR_SET_DEFAULT') {
      path =
        set?.kind === 'VAR_SET_CURRENT'
          ? session.searchPath
          : (set?.args ?? []).map((value) => constantText(value)).filter((schema) => schema !== '');
      continue;
    }
    if (settings.get(name)?.isTuning === true) continue;
    if (!settings.has(name)) {
      const message = `unrecognized configuration parameter "${set?.name ?? ''}"`;
      throw new SqlError({ sqlstate: '42704', message });
    }
    throw new SqlError({
      sqlstate: '0A000',
      message: `SET ${set?.name ?? ''} of a function is not supported`,
      hint: 'There are search_path, and settings that change nothing.',
      position: positionOf(parsed, locationOf(option)),
    });
  }
  return path;
}

function constantText(node: Node): string {
  const constant = constantOf(nodeAs(node, 'A_Const') ?? {});
  return constant.kind === 'string' ? constant.value : '';
}

export function prepareCreateFunction(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateFunctionStmt,
): Runnable {
  bindCreateFunction(system, session, parsed, statement); // errors before anything waits
  return command((session) =>
    system.ddl.run(async () => {
      const bound = bindCreateFunction(system, session, parsed, statement);
      const { definition } = bound;
      const name = { parts: nameParts(statement.funcname), location: 0, end: 0 };
      const target = newName(system.catalog, session, parsed, name);
      const existing = system.catalog
        .functions(target.schema, target.name)
        .find(
          ({ parameters }) =>
            parameters.map(parameterKey).join() === definition.parameters.map(parameterKey).join(),
        );
      if (existing && statement.replace !== true) {
        const message = `function "${target.name}" already exists with same argument types`;
        throw new SqlError({ sqlstate: '42723', message });
      }
      if (existing) refuseReplacement(system, existing, definition);
      const made = functionObject(system, bound, target, parsed.text);
      const object = existing ? { ...made, id: existing.id, comment: existing.comment } : made;
      await commitCatalog(system, [{ kind: existing ? 'replace' : 'add', object }], {
        committed: () => constrainCallers(system),
      });
      return 'CREATE FUNCTION';
    }, session),
  );
}

/** What a bound CREATE FUNCTION makes. */
export function functionObject(
  system: System,
  { definition, catalog, texts }: BoundFunction,
  target: { readonly schema: string; readonly name: string },
  statement: string,
): FunctionObject {
  const { parameters, result, strict, volatility, body, source, isParsed, searchPath } = definition;
  const types = parameters.map(({ type }) => type);
  return {
    kind: 'function',
    id: system.catalog.allocateObject(),
    ...target,
    // As in PostgreSQL, the names in a text are looked up when the function is called.
    dependsOn: [
      ...new Set([
        ...(isParsed ? catalog.resolved : ownTypesOf([...types, ...resultTypes(result)])),
        ...domainsOf(definition),
        ...relationsOf(definition),
        ...parameters.flatMap(({ defaultValue }) => (defaultValue ? pinnedOidsOf(defaultValue) : [])),
      ]),
    ],
    statement,
    parameters,
    result,
    strict,
    volatility,
    body,
    source,
    texts,
    ...(searchPath === undefined ? {} : { searchPath }),
  };
}

/** What a function that is replaced must keep. */
function refuseReplacement(system: System, existing: FunctionObject, definition: CatalogDefinition): void {
  const signature = shownSignature(system.catalog, existing.name, existing.parameters);
  const hint = `Use DROP ${describeObject(existing, system.catalog).replace('function', 'FUNCTION')} first.`;
  const { result } = definition;
  const keyOf = (given: CatalogDefinition['result']): string =>
    JSON.stringify(given.kind === 'value' ? { ...given, type: parameterKey(given) } : given);
  const isSame = keyOf(existing.result) === keyOf(result);
  if (!isSame) {
    const sameKind = existing.result.kind === 'columns' && result.kind === 'columns';
    throw new SqlError({
      sqlstate: '42P13',
      message: 'cannot change return type of existing function',
      detail: sameKind ? 'Row type defined by OUT parameters is different.' : undefined,
      hint,
    });
  }
  existing.parameters.forEach(({ name, defaultValue }, i) => {
    const after = definition.parameters[i]!;
    if (name !== '' && name !== after.name) {
      const message = `cannot change name of input parameter "${name}"`;
      throw new SqlError({ sqlstate: '42P13', message, hint });
    }
    if (defaultValue !== null && after.defaultValue === null) {
      const message = 'cannot remove parameter defaults from existing function';
      throw new SqlError({ sqlstate: '42P13', message, hint });
    }
  });
  const maintained = maintainedWith(system, existing.id);
  if (!maintained) return;
  throw new SqlError({
    sqlstate: '0A000',
    message: `cannot replace function ${signature} because ${describeObject(maintained, system.catalog)} is maintained with it`,
    hint: `Drop ${describeObject(maintained, system.catalog)} first, and create it again afterwards.`,
  });
}

type CatalogDefinition = Pick<CatalogFunction, 'parameters' | 'result'>;

/** What keeps rows that a function, or a view with it, has computed. */
export function maintainedWith(
  system: System,
  id: ObjectId,
  seen = new Set<ObjectId>(),
): CatalogObject | null {
  for (const dependent of system.catalog.dependents(id)) {
    if (seen.has(dependent.id)) continue;
    seen.add(dependent.id);
    if (['materializedView', 'index', 'sink'].includes(dependent.kind)) return dependent;
    const further = maintainedWith(system, dependent.id, seen);
    if (further) return further;
  }
  return null;
}
