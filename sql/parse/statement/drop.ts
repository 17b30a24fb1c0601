import type { Drop } from '../../ast/drop.ts';
import type { Cursor } from '../cursor.ts';
import { eatObjectKind } from './object-kind.ts';

/** DROP kind [IF EXISTS] names [CASCADE | RESTRICT], from DROP; undefined for kinds that only PostgreSQL has. */
export function parseDrop(cursor: Cursor): Drop | undefined {
  cursor.expect('drop');
  const objectKind = eatObjectKind(cursor);
  if (objectKind === undefined) return undefined;
  // An index goes while others read and write in any case.
  const concurrently = objectKind === 'index' && cursor.eat('concurrently');
  const ifExists = cursor.ifExists();
  const names = [cursor.qualifiedName()];
  while (cursor.eatMark(',')) names.push(cursor.qualifiedName());
  const cascade = cursor.eat('cascade');
  if (!cascade) cursor.eat('restrict');
  cursor.expectEnd();
  return { kind: 'drop', objectKind, ifExists, names, cascade, concurrently };
}
