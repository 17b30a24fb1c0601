import type { Node } from '@pgsql/types';
import type { QualifiedName } from './name.ts';

/** What an option was given. */
export type OptionValue =
  /** The name alone: `HEADER`, `FOLLOW`. */
  | { kind: 'flag' }
  | { kind: 'string'; value: string }
  /** As written, sign included: the reader decides how wide it is. */
  | { kind: 'number'; value: string }
  /** A bare word, folded: `JSON`, `true`, or a (qualified) name such as a connection's. */
  | { kind: 'word'; name: QualifiedName }
  | { kind: 'interval'; value: string }
  | { kind: 'secret'; name: QualifiedName }
  | { kind: 'list'; values: OptionValue[] }
  /** A parenthesised expression, such as CHECK's. */
  | { kind: 'expression'; node: Node; text: string };

/** One option of a list in parentheses. */
export interface Option {
  /** Folded; several words are joined by `_` (`ON DELETE` is `on_delete`), dotted parts keep their dots. */
  name: string;
  value: OptionValue;
  /** UTF-8 byte offset of the name. */
  location: number;
  /** UTF-8 byte offset of the value, the name's for a flag. */
  valueLocation: number;
}
