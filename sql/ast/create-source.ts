import type { Envelope, FormatClause, IncludeItem, OnError } from './format.ts';
import type { Identifier, QualifiedName } from './name.ts';
import type { Option } from './options.ts';
import type { TableElement } from './table-element.ts';

/** Which tables of a source with several become relations. */
export type SourceTables =
  | { kind: 'all'; location: number }
  | { kind: 'schemas'; schemas: Identifier[]; location: number }
  | { kind: 'tables'; tables: { name: QualifiedName; alias?: QualifiedName }[]; location: number };

/** The connector of a source or sink. */
export interface ConnectorClause {
  /** Folded: kafka, postgres, file, generator, webhook… */
  name: string;
  /** The word behind GENERATOR: counter, nexmark… */
  variant?: string;
  location: number;
}

/** CREATE SOURCE, and CREATE TABLE … WITH (connector = …), which is one with a table's conflict policy. */
export interface CreateSource {
  kind: 'create_source';
  /** Written as CREATE TABLE. */
  asTable: boolean;
  ifNotExists: boolean;
  name: QualifiedName;
  /** Undefined when no list was written. */
  elements: TableElement[] | undefined;
  connector: ConnectorClause;
  /** Written as WITH (connector = '…'); its options are then in `options` all the same. */
  connectorInWith: boolean;
  connection?: QualifiedName;
  /** The connector's options. */
  options: Option[];
  format?: FormatClause;
  include: IncludeItem[];
  envelope?: Envelope;
  onError?: OnError;
  tables?: SourceTables;
  exposeProgress?: QualifiedName;
  appendOnly: boolean;
  /** The statement's own options, WITH (…) at its end. */
  with: Option[];
}
