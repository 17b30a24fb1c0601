import type { Node } from '@pgsql/types';

/** A query inside one of our statements. */
export interface Query {
  /** `{ SelectStmt }`. */
  node: Node;
  /** As the user wrote it, without clauses that belong to the statement around it. */
  text: string;
  /** UTF-8 byte offset of the text. */
  location: number;
}
