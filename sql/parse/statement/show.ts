import type { ShowCreate, ShowList, ShowObjects, ShowSetting } from '../../ast/show.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../fragment.ts';
import { eatObjectKind } from './object-kind.ts';

const LISTS = [
  'objects',
  'tables',
  'views',
  'sources',
  'sinks',
  'indexes',
  'schemas',
  'databases',
  'connections',
  'secrets',
  'columns',
  'functions',
  'types',
  'roles',
  'subscriptions',
] as const satisfies readonly ShowList[];

/** SHOW …, from SHOW. What is neither a list nor SHOW CREATE is a setting. */
export function parseShow(cursor: Cursor): ShowObjects | ShowCreate | ShowSetting {
  cursor.expect('show');
  if (cursor.eat('create')) {
    const objectKind = cursor.eat('function') ? 'function' : eatObjectKind(cursor);
    if (objectKind === undefined)
      throw cursor.error('TABLE, VIEW, MATERIALIZED VIEW, INDEX, SOURCE, SINK, CONNECTION or FUNCTION');
    const name = cursor.qualifiedName();
    cursor.expectEnd();
    return { kind: 'show_create', objectKind, name };
  }
  const list: ShowList | undefined = cursor.eat('materialized', 'views')
    ? 'materialized views'
    : cursor.eatOneOf(LISTS);
  return list === undefined ? parseSetting(cursor) : parseList(cursor, list);
}

function parseList(cursor: Cursor, list: ShowList): ShowObjects {
  const show: ShowObjects = { kind: 'show_objects', list };
  if (cursor.eat('from') || cursor.eat('in')) show.from = cursor.qualifiedName();
  else if (cursor.eat('on')) show.on = cursor.qualifiedName();
  else if (list === 'columns') throw cursor.error('FROM and a relation');
  if (cursor.eat('like')) {
    const location = cursor.location;
    show.like = { pattern: cursor.string('a pattern'), location };
  } else if (cursor.eat('where')) {
    if (cursor.done) throw cursor.error('a condition');
    show.where = parseExpression(cursor.context, cursor.span(cursor.at, cursor.end));
    cursor.at = cursor.end;
  }
  cursor.expectEnd();
  return show;
}

function parseSetting(cursor: Cursor): ShowSetting {
  const location = cursor.location;
  if (cursor.eat('all')) {
    cursor.expectEnd();
    return { kind: 'show_setting', name: { name: 'all', location } };
  }
  if (cursor.eat('time', 'zone')) return setting(cursor, 'timezone', location);
  if (cursor.eat('transaction', 'isolation', 'level'))
    return setting(cursor, 'transaction_isolation', location);
  if (cursor.eat('session', 'authorization')) return setting(cursor, 'session_authorization', location);
  const { parts } = cursor.qualifiedName('a setting');
  return setting(cursor, parts.join('.'), location);
}

function setting(cursor: Cursor, name: string, location: number): ShowSetting {
  cursor.expectEnd();
  return { kind: 'show_setting', name: { name, location } };
}
