import type { DeclareCursor } from '../../ast/declare-cursor.ts';
import { errorAt } from '../context.ts';
import type { Cursor } from '../cursor.ts';
import { parseQuery } from '../extensions.ts';
import { parseSubscribe } from './subscribe.ts';

/** DECLARE name [options] CURSOR [WITH | WITHOUT HOLD] FOR query | SUBSCRIBE, from DECLARE. */
export function parseDeclareCursor(cursor: Cursor): DeclareCursor {
  cursor.expect('declare');
  const { name } = cursor.identifier("the cursor's name");
  let binary = false;
  let insensitive = false;
  let scroll: boolean | undefined;
  for (;;) {
    const at = cursor.offset;
    if (cursor.eat('binary')) binary = true;
    else if (cursor.eat('insensitive')) insensitive = true;
    else if (cursor.eat('asensitive')) continue;
    else if (cursor.eat('no', 'scroll')) {
      if (scroll === true)
        throw errorAt(cursor.context, at, 'cannot specify both SCROLL and NO SCROLL', '42P11');
      scroll = false;
    } else if (cursor.eat('scroll')) {
      if (scroll === false)
        throw errorAt(cursor.context, at, 'cannot specify both SCROLL and NO SCROLL', '42P11');
      scroll = true;
    } else break;
  }
  cursor.expect('cursor');
  const hold = cursor.eat('with', 'hold');
  if (!hold) cursor.eat('without', 'hold');
  cursor.expect('for');
  const body: DeclareCursor['body'] =
    cursor.is('subscribe') || cursor.is('tail')
      ? parseSubscribe(cursor)
      : { kind: 'query', query: parseQuery(cursor) };
  return { kind: 'declare_cursor', name, binary, scroll, insensitive, hold, body };
}
