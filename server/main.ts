#!/usr/bin/env -S node --no-memory-reducer
/**
 * The `tidewire` command. Node's flag: without it V8 collects a heap that has grown three times over when little is allocated, to
 * give some megabytes back, and each time clients wait for 20 to 40 ms. It can only be given where Node is started.
 */
import { run } from './cli.ts';
import { startSystem } from './start-system.ts';

process.exit(await run(process.argv.slice(2), startSystem));
