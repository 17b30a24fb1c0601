/**
 * The raw relations of `tw_internal`: collections that the catalog writes with each DDL commit. pg_catalog and
 * information_schema are views over them (views.ts). Each says its columns and the rows of an object once; adding
 * and dropping an object are these rows with multiplicity 1 and -1.
 */
import { columns } from './columns.ts';
import { comments } from './comments.ts';
import {
  connections,
  secrets,
  sinkStatus,
  sinks,
  sourceErrors,
  sourcePartitions,
  sourceStatus,
  sources,
} from './connectors.ts';
import { constraints } from './constraints.ts';
import { dependencies, extensions } from './dependencies.ts';
import { functions } from './functions.ts';
import { indexes } from './indexes.ts';
import type { RawTable } from './raw-table.ts';
import { relations } from './relations.ts';
import { roles, schemas } from './schemas.ts';
import { sequences } from './sequences.ts';
import { casts, operators, settings } from './static.ts';
import { enumLabels, types } from './types.ts';

/** In the order of their object ids; new ones go to the end. */
export const RAW_TABLES: readonly RawTable[] = [
  schemas,
  relations,
  columns,
  indexes,
  sources,
  sinks,
  roles,
  dependencies,
  types,
  sourceErrors,
  sourceStatus,
  sourcePartitions,
  sinkStatus,
  secrets,
  connections,
  constraints,
  sequences,
  functions,
  operators,
  casts,
  settings,
  enumLabels,
  comments,
  extensions,
];
