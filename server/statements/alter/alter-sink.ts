/** ALTER SINK. */
import { alterOptions, resetOptions } from '../../../connectors/options.ts';
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
    case 'reset_options':
      return alterObject(system, parsed, statement, ['sink'], async (object) => {
        // No sink has options that can be altered: this says so, or that there is no such option.
        const { connector } = runningSink(system, object).setup;
        const what = `connector ${connector.name.toUpperCase()}`;
        if (action.kind === 'set_options')
          alterOptions(connector.options, {}, action.options, what, 'sink', parsed.source);
        else resetOptions(connector.options, {}, action.names, what, 'sink', parsed.source);
      });
    default:
      throw unsupportedAction(statement);
  }
}

function runningSink(system: System, object: SinkObject): RunningSink {
  const sink = system.sinks.get(object.id);
  if (sink === null) throw new Error(`sink ${object.name} does not run`);
  return sink;
}
