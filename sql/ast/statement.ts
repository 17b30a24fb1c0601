import type { Node } from '@pgsql/types';
import type { Notice } from '../error.ts';
import type { SourceText } from '../parse/source-text.ts';
import type { Alter } from './alter.ts';
import type { CopySubscribe } from './copy-subscribe.ts';
import type { CreateConnection } from './create-connection.ts';
import type { CreateDefaultIndex } from './create-default-index.ts';
import type { CreateSecret } from './create-secret.ts';
import type { CreateSink } from './create-sink.ts';
import type { CreateSource } from './create-source.ts';
import type { CreateTableFromSource } from './create-table-from-source.ts';
import type { CreateView } from './create-view.ts';
import type { DeclareCursor } from './declare-cursor.ts';
import type { Drop } from './drop.ts';
import type { Explain } from './explain.ts';
import type { Extensions } from './extension.ts';
import type { Fetch } from './fetch.ts';
import type { Flush } from './flush.ts';
import type { ShowCreate, ShowObjects, ShowSetting } from './show.ts';
import type { Subscribe } from './subscribe.ts';
import type { ValidateConnection } from './validate-connection.ts';

/** A statement that is PostgreSQL's alone, as PostgreSQL's parser gave it: `{ SelectStmt }`, `{ InsertStmt }`…. */
export interface PostgresStatement {
  kind: 'postgres';
  node: Node;
}

/**
 * A statement. Where PostgreSQL and we both have a form (views, DROP, FETCH, DECLARE, EXPLAIN, SHOW, the ALTERs of
 * `Alter`), the node is ours for both, so a consumer sees one. COPY is PostgreSQL's unless it copies a
 * subscription; CREATE TABLE unless it declares a source.
 */
export type Statement =
  | PostgresStatement
  | Alter
  | CopySubscribe
  | CreateConnection
  | CreateDefaultIndex
  | CreateSecret
  | CreateSink
  | CreateSource
  | CreateTableFromSource
  | CreateView
  | DeclareCursor
  | Drop
  | Explain
  | Fetch
  | Flush
  | ShowCreate
  | ShowObjects
  | ShowSetting
  | Subscribe
  | ValidateConnection;

/** One statement of a text. Every location in it is a UTF-8 byte offset into the whole text (`source`). */
export interface ParsedStatement {
  /** The statement as written, without surrounding white space, comments and `;`. */
  text: string;
  /** UTF-16 offset of `text` in the whole text. */
  offset: number;
  statement: Statement;
  extensions: Extensions;
  /** Told to the client when the statement runs. */
  notices: Notice[];
  /** The whole text; `source.positionOfByte(location)` gives an error's position. */
  source: SourceText;
  /** The statement that plans of this one are kept under: the same in other company, or with another AS OF. Absent: itself. */
  planned?: ParsedStatement;
}
