/** CREATE CONNECTION: where an upstream or target is, checked and tried before it is kept. */
import type { ConnectionConnector } from '../../connectors/contract.ts';
import { ConnectorError } from '../../connectors/contract.ts';
import {
  type FindSecret,
  type OptionSpecs,
  type ParsedOptions,
  parseOptions,
} from '../../connectors/options.ts';
import { findConnection } from '../../connectors/registry.ts';
import { Secret } from '../../connectors/secret.ts';
import type { CreateConnection } from '../../sql/ast/create-connection.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { quoteIdentifier, quoteLiteral } from '../../sql/functions/quote.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { nameIsTaken, newName, positionOf, requireObject } from '../catalog/names.ts';
import type { ConnectionObject } from '../catalog/objects.ts';
import { optionText } from '../ingest/with-options.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { type Runnable, command } from './prepared.ts';

const TAG = 'CREATE CONNECTION';

/** WITH (…) behind the connection's own options. */
const statementOptions = { validate: { type: 'boolean', default: true } } as const satisfies OptionSpecs;

export function prepareCreateConnection(
  system: System,
  parsed: ParsedStatement,
  statement: CreateConnection,
): Runnable {
  return command((session) =>
    system.ddl.run(async () => {
      const { connector: kind, options: written } = connectorOf(parsed, statement);
      const target = newName(system.catalog, session, parsed, statement.name, 'permanent');
      if (nameIsTaken(system.catalog, session, target, statement.ifNotExists)) return TAG;
      const { validate } = parseOptions(statementOptions, statement.with, 'CREATE CONNECTION', parsed.source);
      const secrets = secretFinder(system.catalog, session, parsed);
      const what = `connection ${kind.name.toUpperCase()}`;
      const options = parseOptions(kind.options, written, what, parsed.source, secrets);
      kind.check(options);
      if (validate) await validateConnection(kind, options);
      const object: ConnectionObject = {
        kind: 'connection',
        id: system.catalog.allocateObject(),
        ...target,
        dependsOn: secretsOf(options),
        statement: null,
        connector: kind.name,
        options,
      };
      await commitCatalog(system, [{ kind: 'add', object }]);
      return TAG;
    }),
  );
}

function connectorOf(
  parsed: ParsedStatement,
  statement: CreateConnection,
): { connector: ConnectionConnector; options: CreateConnection['options'] } {
  const { connector, options } = statement;
  if (connector) {
    return { connector: findConnection(connector.name, positionOf(parsed, connector.location)), options };
  }
  const type = options.find(({ name }) => name === 'type');
  if (type === undefined) {
    throw new SqlError({ sqlstate: '22023', message: 'CREATE CONNECTION needs TO, or the option "type"' });
  }
  const found = findConnection(optionText(type.value).toLowerCase(), positionOf(parsed, type.valueLocation));
  return { connector: found, options: options.filter((option) => option !== type) };
}

/** Finds secrets along the search path. */
export function secretFinder(catalog: Catalog, session: SessionContext, parsed: ParsedStatement): FindSecret {
  return (name) => {
    const object = requireObject(catalog, session, parsed, name, ['secret']);
    if (object.kind !== 'secret') throw new Error('only secrets were asked for');
    return object.value;
  };
}

/** The secrets that options name: what a connection depends on. */
export function secretsOf(options: ParsedOptions<OptionSpecs>): ObjectId[] {
  const ids = Object.values(options).flatMap((value) =>
    (value as unknown) instanceof Secret ? ((value as unknown as Secret).id ?? []) : [],
  );
  return [...new Set(ids)];
}

/** Connects; what fails is the statement's error. */
export async function validateConnection(
  kind: ConnectionConnector,
  options: ParsedOptions<OptionSpecs>,
): Promise<void> {
  try {
    await kind.validate(options);
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    const { sqlstate, message, hint } = error;
    throw new SqlError({ sqlstate, message, hint });
  }
}

/** The statement that would make a connection as it is now. */
export function connectionText(catalog: Catalog, object: ConnectionObject): string {
  const specs = findConnection(object.connector).options;
  const options = Object.entries(object.options).flatMap(([name, value]) => {
    const written = name.replaceAll('_', ' ').toUpperCase();
    const given: unknown = value;
    if (given === undefined || ('default' in specs[name]! && specs[name].default === given)) return [];
    if (!(given instanceof Secret)) return [`${written} = ${quoteLiteral(String(given))}`];
    if (given.id === null) return [`${written} = ${quoteLiteral(given.reveal())}`];
    const secret = catalog.object(given.id);
    return [`${written} = SECRET ${quoteIdentifier(secret.schema)}.${quoteIdentifier(secret.name)}`];
  });
  const name = `${quoteIdentifier(object.schema)}.${quoteIdentifier(object.name)}`;
  return `CREATE CONNECTION ${name} TO ${object.connector.toUpperCase()} (${options.join(', ')})`;
}
