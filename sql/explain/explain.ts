/**
 * EXPLAIN of each stage, as text or JSON.
 */
import type { CatalogReader } from '../catalog.ts';
import type { HirRelation } from '../hir.ts';
import type { MirRelation } from '../mir.ts';
import type { PhysicalPlan } from '../physical/physical.ts';
import { printHir } from './hir.ts';
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

/** The text of one stage. */
export function explainStage(stages: Stages, stage: ExplainStage, format: ExplainFormat): string {
  if (format === 'json') {
    const trees = {
      raw: stages.hir,
      decorrelated: stages.lowered,
      optimized: stages.optimized,
      physical: stages.physical.plan,
    };
    return JSON.stringify(trees[stage], null, 2);
  }
  switch (stage) {
    case 'raw':
      return printHir(stages.hir, stages.catalog);
    case 'decorrelated':
      return printMir(stages.lowered, stages.catalog);
    case 'optimized':
      return printMir(stages.optimized, stages.catalog);
    case 'physical':
      return printPlan(stages.physical, stages.catalog);
  }
}
