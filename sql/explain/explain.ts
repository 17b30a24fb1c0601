/**
 * EXPLAIN of each stage, as text or JSON.
 */
import type { CatalogReader, ObjectId } from '../catalog.ts';
import type { HirRelation } from '../hir.ts';
import type { MirRelation } from '../mir.ts';
import type { PhysicalPlan } from '../physical/physical.ts';
import { arrangementUses } from './arrangements.ts';
import { printHir } from './hir.ts';
import { indexHints } from './hints.ts';
import { printMir } from './mir.ts';
import { printPlan } from './plan.ts';
import { indent } from './text.ts';

/** RAW, DECORRELATED, OPTIMIZED, PHYSICAL. */
export type ExplainStage = 'raw' | 'decorrelated' | 'optimized' | 'physical';
export type ExplainFormat = 'text' | 'json';

/** The stages of one plan after binding. */
export interface PlannedStages {
  readonly lowered: MirRelation;
  readonly optimized: MirRelation;
  readonly physical: PhysicalPlan;
  readonly catalog: CatalogReader;
  /** The views that are read in the place of their bodies. */
  readonly unnamed: ReadonlySet<ObjectId>;
}

/** All stages of one compilation. */
export interface Stages extends PlannedStages {
  readonly hir: HirRelation;
  /** The query of a write's RETURNING. */
  readonly returning: PlannedStages | null;
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
  const { hir, lowered, optimized, physical, catalog, unnamed } = stages;
  if (format === 'json') {
    const plan = arrangements
      ? {
          plan: physical.plan,
          arrangements: arrangementUses(physical, catalog, unnamed),
          hints: indexHints(physical, catalog),
        }
      : physical.plan;
    const trees = { raw: hir, decorrelated: lowered, optimized, physical: plan };
    return JSON.stringify(trees[stage], withoutNotes, 2);
  }
  if (stage === 'raw') return printHir(hir, catalog);
  const text = planText(stages, stage, arrangements);
  const { returning } = stages;
  return returning === null
    ? text
    : [text, 'returning:', ...indent(planText(returning, stage, arrangements).split('\n'))].join('\n');
}

/** Trees without what rules keep out of them. */
function withoutNotes(field: string, value: unknown): unknown {
  return field === 'notes' ? undefined : value;
}

function planText(
  { lowered, optimized, physical, catalog, unnamed }: PlannedStages,
  stage: Exclude<ExplainStage, 'raw'>,
  arrangements: boolean,
): string {
  switch (stage) {
    case 'decorrelated':
      return printMir(lowered, catalog);
    case 'optimized':
      return printMir(optimized, catalog, unnamed);
    case 'physical':
      return printPlan(physical, catalog, unnamed, arrangements);
  }
}
