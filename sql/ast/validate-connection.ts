import type { QualifiedName } from './name.ts';

/** VALIDATE CONNECTION name: connects, and says what is wrong. */
export interface ValidateConnection {
  kind: 'validate_connection';
  name: QualifiedName;
}
