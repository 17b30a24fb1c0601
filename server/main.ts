#!/usr/bin/env node
/** The `tidewire` command. */
import { run } from './cli.ts';
import { startSystem } from './start-system.ts';

process.exit(await run(process.argv.slice(2), startSystem));
