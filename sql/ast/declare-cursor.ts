import type { Query } from './query.ts';
import type { Subscribe } from './subscribe.ts';

/** DECLARE name CURSOR FOR query | SUBSCRIBE. */
export interface DeclareCursor {
  kind: 'declare_cursor';
  name: string;
  binary: boolean;
  /** SCROLL (true), NO SCROLL (false), or neither. */
  scroll: boolean | undefined;
  insensitive: boolean;
  hold: boolean;
  body: { kind: 'query'; query: Query } | Subscribe;
}
