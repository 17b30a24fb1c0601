/**
 * Small reads of the simple protocol, answered where they arrive: without promises and objects for each message. Its
 * constants become the values of a Bind message.
 */
import { framings } from '../../engine/index.ts';
import type { Instance } from '../../sql/parse/template.ts';
import type { Session } from './session.ts';

/** Texts that have a template are shorter than a quarter of this. */
const scratch = Buffer.allocUnsafeSlow(16 << 10);

/** False: nothing was sent, and the text is to be run in the ordinary way. */
export function answerDirectly(session: Session, { template, values }: Instance): boolean {
  if (!session.isUnoccupied) return false;
  const direct = session.instances.get(template)?.direct?.();
  if (!direct) return false;
  return session.client.answer(direct, scratch, 0, writeBind(values), framings.simple);
}

/** The body of a Bind message with these values in text; gives its length. */
function writeBind(values: readonly string[]): number {
  // No names of portal and statement, and no formats: all is text.
  let at = scratch.writeUInt32BE(0, 0);
  at = scratch.writeUInt16BE(values.length, at);
  for (const value of values) {
    const length = scratch.write(value, at + 4, 'utf8');
    at = scratch.writeInt32BE(length, at) + length;
  }
  return scratch.writeUInt16BE(0, at);
}
