/** CREATE EXTENSION of what is built in: it and its functions come in one commit. Others are not available, as PostgreSQL says it. */
import type { CreateExtensionStmt } from '@pgsql/types';
import { nodeAs, stringOf } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { parse } from '../../../sql/parse/parse.ts';
import type { CatalogChange } from '../../catalog/catalog.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import { newName } from '../../catalog/names.ts';
import type { ExtensionObject, FunctionObject } from '../../catalog/objects.ts';
import type { SessionContext } from '../../session/statement.ts';
import type { System } from '../../system.ts';
import { bindCreateFunction, functionObject } from '../create-function.ts';
import { hasNoEffect } from '../no-effect.ts';
import { type Runnable, command } from '../prepared.ts';
import {
  INSTEAD,
  KNOWN_EXTENSIONS,
  type KnownExtension,
  WITHOUT_EFFECT,
} from '../../catalog/known-extensions.ts';

export function prepareCreateExtension(
  system: System,
  parsed: ParsedStatement,
  statement: CreateExtensionStmt,
): Runnable {
  const name = statement.extname ?? '';
  const options = readOptions(statement);
  return command((session) =>
    system.ddl.run(async () => {
      const nothing = WITHOUT_EFFECT.get(name);
      if (nothing !== undefined) {
        hasNoEffect(session, `extension "${name}"`, nothing);
        return 'CREATE EXTENSION';
      }
      if (system.catalog.extension(name)) {
        const message = `extension "${name}" already exists`;
        if (statement.if_not_exists !== true) throw new SqlError({ sqlstate: '42710', message });
        session.notice({ severity: 'NOTICE', sqlstate: '42710', message: `${message}, skipping` });
        return 'CREATE EXTENSION';
      }
      const known = KNOWN_EXTENSIONS.get(name);
      if (known === undefined) throw notAvailable(name);
      if (options.version !== undefined && options.version !== known.version) {
        throw new SqlError({
          sqlstate: '22023',
          message: `extension "${name}" has no installation script nor update path for version "${options.version}"`,
        });
      }
      const parts = options.schema === undefined ? [name] : [options.schema, name];
      const { schema } = newName(system.catalog, session, parsed, { parts, location: 0, end: 0 });
      const extension: ExtensionObject = {
        kind: 'extension',
        id: system.catalog.allocateObject(),
        schema,
        name,
        dependsOn: [],
        statement: null,
        version: known.version,
        comment: known.comment,
      };
      const members = membersOf(system, session, extension, known);
      await commitCatalog(
        system,
        [extension, ...members].map((object): CatalogChange => ({ kind: 'add', object })),
      );
      return 'CREATE EXTENSION';
    }, session),
  );
}

/** The functions of an extension, in its schema; 42723 where one of them is there already. */
function membersOf(
  system: System,
  session: SessionContext,
  { id, name, schema }: ExtensionObject,
  { functions }: KnownExtension,
): FunctionObject[] {
  return functions.map((member) => {
    const target = `${quoteIdentifier(schema)}.${quoteIdentifier(member.name)}`;
    const [parsed] = parse(`CREATE FUNCTION ${target}${member.signature} LANGUAGE sql RETURN ${member.body}`);
    const node = parsed?.statement.kind === 'postgres' ? parsed.statement.node : undefined;
    const statement = node && nodeAs(node, 'CreateFunctionStmt');
    if (!parsed || !statement) throw new Error(`the functions of ${name}`);
    const bound = bindCreateFunction(system, session, parsed, statement);
    const object = functionObject(system, bound, { schema, name: member.name }, parsed.text);
    const { dependsOn } = object;
    return { ...object, dependsOn: [...dependsOn, id] };
  });
}

interface Options {
  readonly schema?: string;
  readonly version?: string;
}

/** CASCADE installs what an extension requires: those that there are require none. */
function readOptions({ options = [] }: CreateExtensionStmt): Options {
  const read: { schema?: string; version?: string } = {};
  const seen = new Set<string>();
  for (const option of options.map((each) => nodeAs(each, 'DefElem')!)) {
    const name = option.defname!;
    if (seen.has(name))
      throw new SqlError({ sqlstate: '42601', message: 'conflicting or redundant options' });
    seen.add(name);
    if (name === 'schema') read.schema = stringOf(option.arg);
    if (name === 'new_version') read.version = stringOf(option.arg);
  }
  return read;
}

function notAvailable(name: string): SqlError {
  const message = `extension "${name}" is not available`;
  const hint = INSTEAD[name] ?? `There are ${[...KNOWN_EXTENSIONS.keys()].join(' and ')}.`;
  return new SqlError({ sqlstate: '0A000', message, hint });
}

/** The extension of this name; 42704 where there is none. */
export function requireExtension(system: System, name: string): ExtensionObject {
  const found = system.catalog.extension(name);
  if (found) return found;
  const message = `extension "${name}" does not exist`;
  throw new SqlError({ sqlstate: '42704', message, hint: INSTEAD[name] });
}
