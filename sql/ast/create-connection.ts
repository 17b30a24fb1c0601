import type { Identifier, QualifiedName } from './name.ts';
import type { Option } from './options.ts';

/** CREATE CONNECTION name TO connector (options). */
export interface CreateConnection {
  kind: 'create_connection';
  ifNotExists: boolean;
  name: QualifiedName;
  /** Absent in the form WITH (type = '…'), whose options then include `type`. */
  connector?: Identifier;
  options: Option[];
  with: Option[];
}
