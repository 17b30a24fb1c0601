/**
 * Small reads and writes of the simple protocol, run where they arrive: without portals and objects for each message. Its
 * constants become the values of a Bind message.
 */
import { framings } from '../../engine/index.ts';
import type { Instance } from '../../sql/parse/template.ts';
import type { Session } from './session.ts';
import type { Direct, DirectAnswer, DirectWrite } from './statement.ts';

/** Texts that have a template are shorter than a quarter of this. */
const scratch = Buffer.allocUnsafeSlow(16 << 10);

/** What does without a portal; null where the session is in a transaction, or nothing does. */
export function directOf(session: Session, { template }: Instance): Direct | null {
  return session.isUnoccupied ? (session.instances.get(template)?.direct?.() ?? null) : null;
}

/** False: nothing was sent, and the text is to be run in the ordinary way. */
export function answerDirectly(session: Session, answer: DirectAnswer, { values }: Instance): boolean {
  return session.client.answer(answer, scratch, 0, writeBind(values), framings.simple);
}

/** False: nothing was done, and the text is to be run in the ordinary way. */
export function writeDirectly(session: Session, write: DirectWrite, instance: Instance): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const run = (write: DirectWrite): void =>
      write.run(scratch, 0, writeBind(instance.values), (tag) => {
        if (tag !== null) session.client.complete(tag);
        resolve(tag !== null);
      });
    if (write.hasTurn) {
      run(write);
      return;
    }
    const { scope } = session;
    const withdraw = write.awaitTurn(() => {
      heed();
      // What it was compiled under may be past.
      const now = directOf(session, instance);
      if (now?.kind === 'write' && now.write.hasTurn) run(now.write);
      else resolve(false);
    });
    const heed = scope.onCancel(() => {
      withdraw();
      reject(scope.reason!);
    });
  });
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
