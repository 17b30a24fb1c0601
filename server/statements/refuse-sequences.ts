/** What cannot be done yet to sequences. */
import { SqlError } from '../../sql/error.ts';
import type { SequenceObject } from '../catalog/objects.ts';
import type { System } from '../system.ts';

/** Refuses an action that a sequence would have to follow. */
export function refuseSequences(
  system: System,
  concerns: (sequence: SequenceObject) => boolean,
  action: string,
  hint: string,
): void {
  const sequence = [...system.catalog.objects()].find(
    (object): object is SequenceObject => object.kind === 'sequence' && concerns(object),
  );
  if (!sequence) return;
  throw new SqlError({
    sqlstate: '0A000',
    message: `${action} with sequence "${sequence.name}" is not supported`,
    hint,
  });
}
