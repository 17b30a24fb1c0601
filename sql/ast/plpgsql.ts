/** What DO runs: blocks, conditions and statements of PL/pgSQL, without variables. */

export interface Block {
  readonly kind: 'block';
  readonly line: number;
  readonly body: readonly PlStatement[];
  /** EXCEPTION; none: an error ends the block that is around it, too. */
  readonly handlers: readonly Handler[];
}

/** WHEN conditions THEN … */
export interface Handler {
  /** SQLSTATEs; one that ends in 000 means its class. Null: `others`. */
  readonly conditions: readonly (string | null)[];
  readonly body: readonly PlStatement[];
}

export type RaiseLevel = 'debug' | 'log' | 'info' | 'notice' | 'warning' | 'exception';

export type PlStatement =
  | Block
  | {
      readonly kind: 'if';
      readonly line: number;
      /** The first whose condition is true is taken. */
      readonly branches: readonly { readonly condition: string; readonly body: readonly PlStatement[] }[];
      readonly otherwise: readonly PlStatement[];
    }
  | {
      readonly kind: 'raise';
      readonly line: number;
      readonly level: RaiseLevel;
      /** What stands between the expressions that are put in: one more than these. */
      readonly pieces: readonly string[];
      readonly expressions: readonly string[];
    }
  /** A statement of SQL; PERFORM, whose rows nobody wants; EXECUTE, whose text is computed. */
  | { readonly kind: 'sql' | 'perform' | 'execute'; readonly line: number; readonly text: string }
  | { readonly kind: 'null' | 'return'; readonly line: number };
