import type { ColumnDef, Node } from '@pgsql/types';
import type { Identifier } from './name.ts';

/** What stands between the parentheses of CREATE SOURCE or CREATE TABLE … FROM SOURCE. */
export type TableElement =
  /**
   * A column in PostgreSQL's own form; `computed` is the expression of `name type AS expr`, `path` the text of `PATH '…'`: where
   * its value is in a record.
   */
  | {
      kind: 'column';
      node: ColumnDef;
      computed?: Node;
      path?: { text: string; location: number };
      location: number;
    }
  | { kind: 'primary_key'; columns: Identifier[]; enforced: boolean; location: number }
  | { kind: 'watermark'; column: Identifier; expression: Node; text: string; location: number };
