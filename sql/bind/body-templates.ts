/**
 * Bodies of PostgreSQL's functions, bound once for the types of their arguments: where they are called, the arguments take
 * their places. What a body means is the same in every statement; what depends on the session is in its text.
 */
import type { HirScalar } from '../hir.ts';
import { liftScalar, mapReferences } from '../hir/traverse.ts';
import { recordFields } from '../types/record.ts';
import { columnType, relabel } from './scalar.ts';

/** A relation as a query names it. */
export interface RelationName {
  readonly schema: string | null;
  readonly name: string;
}

export interface BodyTemplate {
  /** Argument `i` is a column of number `-1 - i`, but for literals, which are in their places. */
  readonly scalar: HirScalar;
  /** Each statement that has the body asks for these itself, and so depends on them. */
  readonly relations: readonly RelationName[];
}

const MOST_TEMPLATES = 2000;
/** Longer literals hardly come again. */
const LONGEST_LITERAL = 64;

/** Of one catalog. */
export class BodyTemplates {
  /** By body and arguments; null: it cannot be taken out of its place. */
  readonly #templates = new Map<string, Map<string, BodyTemplate | null>>();
  #count = 0;

  get(body: string, args: string): BodyTemplate | null | undefined {
    return this.#templates.get(body)?.get(args);
  }

  set(body: string, args: string, template: BodyTemplate | null): void {
    if (this.#count >= MOST_TEMPLATES) {
      this.#templates.clear();
      this.#count = 0;
    }
    this.#count += 1;
    const known = this.#templates.get(body);
    if (known === undefined) this.#templates.set(body, new Map([[args, template]]));
    else known.set(args, template);
  }
}

/** What binding a body sees of these arguments; null: it may see more. */
export function argumentsKey(args: readonly HirScalar[]): string | null {
  let key = '';
  for (const argument of args) {
    const { name, typmod, nullable } = columnType(argument);
    if (argument.kind === 'literal') {
      if (argument.text !== null && argument.text.length > LONGEST_LITERAL) return null;
      key += `${name} ${typmod} ${JSON.stringify(argument.text)};`;
    } else {
      // Conditions go together with others, records are taken apart, and what has no type yet gets one.
      if (name === 'bool' || name === 'unknown' || recordFields(name) !== null) return null;
      key += `${name} ${typmod} ${nullable};`;
    }
  }
  return key;
}

/** What stands for the arguments in a template. */
export function placeholders(args: readonly HirScalar[]): HirScalar[] {
  return args.map((argument, i) =>
    argument.kind === 'literal' ? argument : { kind: 'column', index: -1 - i, type: columnType(argument) },
  );
}

/** The body with these arguments. */
export function instantiate({ scalar }: BodyTemplate, args: readonly HirScalar[]): HirScalar {
  return mapReferences(scalar, (column) => {
    if (column.index >= 0) return column;
    const argument = args[-1 - column.index]!;
    const { name, typmod } = column.type;
    const lifted = liftScalar(argument, column.level ?? 0);
    return relabel(lifted, { name, typmod });
  });
}
