/** ALTER SINK. */
import {
  alterOptions,
  type OptionSpecs,
  type ParsedOptions,
  resetOptions,
} from '../../../connectors/options.ts';
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { SinkObject } from '../../catalog/objects.ts';
import type { RunningSink } from '../../ingest/sinks.ts';
import type { System } from '../../system.ts';
import type { Runnable } from '../prepared.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { rename, setSchema } from './rename.ts';

export function prepareAlterSink(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  switch (action.kind) {
    case 'rename':
      return alterObject(system, parsed, statement, ['sink'], (object) =>
        rename(system, object, action.to.name),
      );
    case 'set_schema':
      return alterObject(system, parsed, statement, ['sink'], (object) =>
        setSchema(system, object, action.schema.name),
      );
    case 'pause':
    case 'resume':
      return alterObject(system, parsed, statement, ['sink'], async (object) => {
        await runningSink(system, object).pause(action.kind === 'pause');
        await system.status.flush();
      });
    case 'set_options':
      return alterSettings(system, parsed, statement, (specs, current, what) =>
        alterOptions(specs, current, action.options, what, 'sink', parsed.source),
      );
    case 'reset_options':
      return alterSettings(system, parsed, statement, (specs, current, what) =>
        resetOptions(specs, current, action.names, what, 'sink', parsed.source),
      );
    default:
      throw unsupportedAction(statement);
  }
}

type Values = ParsedOptions<OptionSpecs>;

function alterSettings(
  system: System,
  parsed: ParsedStatement,
  statement: Alter,
  change: (specs: OptionSpecs, current: Values, what: string) => Values,
): Runnable {
  return alterObject(system, parsed, statement, ['sink'], async (object) => {
    const sink = runningSink(system, object);
    const { connector } = sink.setup;
    sink.alter(change(connector.options, sink.options, `connector ${connector.name.toUpperCase()}`));
    await system.status.flush();
  });
}

function runningSink(system: System, object: SinkObject): RunningSink {
  const sink = system.sinks.get(object.id);
  if (sink === null) throw new Error(`sink ${object.name} does not run`);
  return sink;
}
