/** ALTER CONNECTION: SET and RESET of its options, tried before they are kept; RENAME TO and SET SCHEMA. */
import {
  alterOptions,
  type OptionSpec,
  type OptionSpecs,
  type ParsedOptions,
  resetOptions,
} from '../../../connectors/options.ts';
import { findConnection } from '../../../connectors/registry.ts';
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import type { System } from '../../system.ts';
import { secretFinder, secretsOf, validateConnection } from '../create-connection.ts';
import type { Runnable } from '../prepared.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { rename, setSchema } from './rename.ts';

/** All options of a connection can be altered. */
function alterable(specs: OptionSpecs): OptionSpecs {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]): [string, OptionSpec] => [name, { ...spec, alterable: true }]),
  );
}

export function prepareAlterConnection(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  if (action.kind === 'rename') {
    return alterObject(system, parsed, statement, ['connection'], (object) =>
      rename(system, object, action.to.name),
    );
  }
  if (action.kind === 'set_schema') {
    return alterObject(system, parsed, statement, ['connection'], (object) =>
      setSchema(system, object, action.schema.name),
    );
  }
  if (action.kind !== 'set_options' && action.kind !== 'reset_options') throw unsupportedAction(statement);
  return alterObject(system, parsed, statement, ['connection'], async (object, session) => {
    const kind = findConnection(object.connector);
    const what = `connection ${kind.name.toUpperCase()}`;
    const specs = alterable(kind.options);
    let options: ParsedOptions<OptionSpecs>;
    if (action.kind === 'set_options') {
      const secrets = secretFinder(system.catalog, session, parsed);
      options = alterOptions(
        specs,
        object.options,
        action.options,
        what,
        'connection',
        parsed.source,
        secrets,
      );
    } else {
      options = resetOptions(specs, object.options, action.names, what, 'connection', parsed.source);
      const missing = Object.keys(specs).find((name) => {
        const spec = specs[name]!;
        return 'required' in spec && spec.required === true && options[name] === undefined;
      });
      if (missing !== undefined) {
        throw new SqlError({ sqlstate: '22023', message: `${what} needs the option "${missing}"` });
      }
    }
    kind.check(options);
    await validateConnection(kind, options);
    await commitCatalog(system, [
      { kind: 'replace', object: { ...object, options, dependsOn: secretsOf(options) } },
    ]);
    const users = system.catalog.dependents(object.id).map(({ id }) => id);
    await Promise.all([system.sources.reconnect(users), system.sinks.reconnect(users)]);
    await system.status.flush();
  });
}
