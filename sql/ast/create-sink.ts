import type { ConnectorClause } from './create-source.ts';
import type { Envelope, FormatClause } from './format.ts';
import type { Identifier, QualifiedName } from './name.ts';
import type { Option } from './options.ts';
import type { Query } from './query.ts';

/** CREATE SINK … FROM relation | AS query INTO connector | relation. */
export interface CreateSink {
  kind: 'create_sink';
  ifNotExists: boolean;
  name: QualifiedName;
  from: { kind: 'relation'; name: QualifiedName } | { kind: 'query'; query: Query };
  into: { kind: 'connector'; connector: ConnectorClause } | { kind: 'relation'; name: QualifiedName };
  connectorInWith: boolean;
  connection?: QualifiedName;
  options: Option[];
  key?: { columns: Identifier[]; enforced: boolean; location: number };
  format?: FormatClause;
  envelope?: Envelope;
  headers?: Identifier;
  with: Option[];
}
