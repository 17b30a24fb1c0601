/** ALTER SOURCE. */
import { alterOptions, type OptionSpecs, resetOptions } from '../../../connectors/options.ts';
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import type { SourceObject } from '../../catalog/objects.ts';
import type { RunningSource, SourceSettings } from '../../ingest/running-source.ts';
import type { System } from '../../system.ts';
import type { Runnable } from '../prepared.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { rename, setSchema } from './rename.ts';

/** ON ERROR is a clause of CREATE SOURCE, and an option of every source to ALTER. */
const onError = {
  on_error: { type: 'choice', values: ['skip', 'fail'], default: 'skip', alterable: true },
} as const satisfies OptionSpecs;

export function prepareAlterSource(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  switch (action.kind) {
    case 'rename':
      return alterObject(system, parsed, statement, ['source'], (object) =>
        rename(system, object, action.to.name),
      );
    case 'set_schema':
      return alterObject(system, parsed, statement, ['source'], (object) =>
        setSchema(system, object, action.schema.name),
      );
    case 'pause':
    case 'resume':
      return alterObject(system, parsed, statement, ['source'], async (object) => {
        runningSource(system, object).pause(action.kind === 'pause');
        await system.status.flush();
      });
    case 'set_options':
      return alterSettings(system, parsed, statement, (specs, current, what) =>
        alterOptions(specs, current, action.options, what, 'source', parsed.source),
      );
    case 'reset_options':
      return alterSettings(system, parsed, statement, (specs, current, what) =>
        resetOptions(specs, current, action.names, what, 'source', parsed.source),
      );
    default:
      throw unsupportedAction(statement);
  }
}

type Values = SourceSettings['options'];

function alterSettings(
  system: System,
  parsed: ParsedStatement,
  statement: Alter,
  change: (specs: OptionSpecs, current: Values, what: string) => Values,
): Runnable {
  return alterObject(system, parsed, statement, ['source'], async (object) => {
    const source = runningSource(system, object);
    const { connector } = source.setup;
    const { settings } = source;
    const current = { ...settings.options, on_error: settings.onError } as Values;
    const specs = { ...connector.options, ...onError };
    const { on_error: policy, ...options } = change(
      specs,
      current,
      `connector ${connector.name.toUpperCase()}`,
    ) as Values & { readonly on_error: 'fail' | 'skip' };
    source.alter({ onError: policy, options: options as Values });
    await system.status.flush();
  });
}

/** The source itself; its tables and the relation of its refused records are altered through it. */
function runningSource(system: System, object: SourceObject): RunningSource {
  const source = system.sources.get(object.id);
  if (source !== null && object.parent === null) return source;
  throw new SqlError({
    sqlstate: '42809',
    message: `"${object.name}" is a relation of a source`,
    hint: 'ALTER the source that it belongs to.',
  });
}
