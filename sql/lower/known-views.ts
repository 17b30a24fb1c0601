/**
 * Views that are lowered and simplified once, for all statements that read them: those whose definition means the same in
 * every statement. Lowering puts the outcome where the view stands.
 */
import type { HirRelation } from '../hir.ts';
import type { MirRelation } from '../mir.ts';
import { boundIn } from '../mir/bindings.ts';

/** What a view has become. */
export interface KnownView {
  readonly relation: MirRelation;
  /** The bindings that are made in it. */
  readonly bindings: readonly number[];
}

export class KnownViews {
  /** Undefined: not asked for yet; null: it depends on the session. */
  readonly #views = new Map<HirRelation, KnownView | null | undefined>();
  /** Bindings of known views are apart from those of statements. */
  #nextBinding = 1000;

  /** This relation is a view's. */
  add(view: HirRelation): void {
    this.#views.set(view, undefined);
  }

  /** What `view` has become; null if it is not one of these views, or must be lowered in its statement. */
  find(
    view: HirRelation,
    lower: (firstBinding: number) => { readonly relation: MirRelation; readonly nextBinding: number } | null,
  ): KnownView | null {
    const known = this.#views.get(view);
    if (known !== undefined || !this.#views.has(view)) return known ?? null;
    const lowered = lower(this.#nextBinding);
    const found = lowered && { relation: lowered.relation, bindings: boundIn(lowered.relation) };
    if (lowered) this.#nextBinding = Math.max(this.#nextBinding, lowered.nextBinding);
    this.#views.set(view, found);
    return found;
  }
}
