/**
 * EXPLAIN of each stage, as text or JSON.
 */
import type { CatalogReader } from '../catalog.ts';
import type { HirRelation } from '../hir.ts';
import type { MirRelation } from '../mir.ts';
import type { PhysicalPlan } from '../physical/physical.ts';
import { arrangementUses } from './arrangements.ts';
import { printHir } from './hir.ts';
import { indexHints } from './hints.ts';
import { printMir } from './mir.ts';
import { printPlan } from './plan.ts';

/** RAW, DECORRELATED, OPTIMIZED, PHYSICAL. */
export type ExplainStage = 'raw' | 'decorrelated' | 'optimized' | 'physical';
export type ExplainFormat = 'text' | 'json';

/** All stages of one compilation. */
export interface Stages {
  readonly hir: HirRelation;
  readonly lowered: MirRelation;
  readonly optimized: MirRelation;
  readonly physical: PhysicalPlan;
  readonly catalog: CatalogReader;
}

/** What is printed of a stage besides its tree. */
export interface ExplainOptions {
  /** Of the physical plan: what each operator reuses and makes. */
  readonly arrangements?: boolean;
}

/** The text of one stage. */
export function explainStage(
  stages: Stages,
  stage: ExplainStage,
  format: ExplainFormat,
  { arrangements = false }: ExplainOptions = {},
): string {
  const { hir, lowered, optimized, physical, catalog } = stages;
  if (format === 'json') {
    const plan = arrangements
      ? {
          plan: physical.plan,
          arrangements: arrangementUses(physical, catalog),
          hints: indexHints(physical, catalog),
        }
      : physical.plan;
    const trees = { raw: hir, decorrelated: lowered, optimized, physical: plan };
    return JSON.stringify(trees[stage], null, 2);
  }
  switch (stage) {
    case 'raw':
      return printHir(hir, catalog);
    case 'decorrelated':
      return printMir(lowered, catalog);
    case 'optimized':
      return printMir(optimized, catalog);
    case 'physical':
      return printPlan(physical, catalog, arrangements);
  }
}
