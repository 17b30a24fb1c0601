/**
 * The server of `npm run bench -- planning`: the program in this process, without its sockets. Its arguments are the folder of
 * the build and the statements' file as JSON; at each message it plans all of them, and says what they took.
 */
import { readFileSync } from 'node:fs';
import { Session as Inspector } from 'node:inspector/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as logging from '../../server/log.ts';
import type { Client } from '../../server/session/client.ts';
import type * as locks from '../../server/session/advisory-locks.ts';
import type * as live from '../../server/session/sessions.ts';
import type * as sessions from '../../server/session/session.ts';
import type * as systems from '../../server/start-system.ts';

/** What a round is to be. */
export interface Round {
  readonly profiled: boolean;
}

/** What a round took. */
export interface Planned {
  /** Microseconds of CPU, of each statement in turn; null: it is refused. */
  readonly microseconds: readonly (number | null)[];
  /** Of a profiled round: samples by stage. */
  readonly samples: Readonly<Record<string, number>>;
}

/** The stage that a file's functions are, and what they call: the outermost of these on the stack counts. */
const STAGES: readonly (readonly [stage: string, path: string])[] = [
  ['parse', '/sql/parse/'],
  ['bind', '/sql/bind/'],
  ['lower', '/sql/lower/'],
  ['optimize', '/sql/optimize/'],
  ['physical', '/sql/physical/'],
  ['engine', '/build/engine/'],
];

/** What is not the program's work. */
const IDLE = ['(root)', '(idle)', '(program)'];

const [folder = '', file = ''] = process.argv.slice(2);
const statements = JSON.parse(readFileSync(file, 'utf8')) as string[];
const load = (path: string): Promise<unknown> => import(pathToFileURL(join(folder, path)).href);
const { startSystem } = (await load('server/start-system.js')) as typeof systems;
const { Session } = (await load('server/session/session.js')) as typeof sessions;
const { AdvisoryLocks } = (await load('server/session/advisory-locks.js')) as typeof locks;
const { Sessions } = (await load('server/session/sessions.js')) as typeof live;
const { createLog } = (await load('server/log.js')) as typeof logging;

const system = await startSystem({
  workers: 1,
  log: createLog({ format: 'pretty', level: 'error' }),
  panic: (message) => {
    throw new Error(message);
  },
});
/** Nothing is sent to it while statements are planned. */
const client = { notice: () => undefined, parameter: () => undefined } as unknown as Client;
const session = new Session(
  { ...system, advisoryLocks: new AdvisoryLocks(), sessions: new Sessions() },
  client,
  'tidewire',
  'tidewire',
);

let texts = 0;

function planAll(): (number | null)[] {
  return statements.map((sql) => {
    // A text that nobody has sent: no tree, template or plan of another is of use.
    const text = `${sql}\n-- ${++texts}`;
    const before = process.cpuUsage();
    try {
      session.parse('', text, []);
    } catch {
      return null;
    }
    const { user, system: kernel } = process.cpuUsage(before);
    return user + kernel;
  });
}

async function round({ profiled }: Round): Promise<Planned> {
  if (!profiled) return { microseconds: planAll(), samples: {} };
  const inspector = new Inspector();
  inspector.connect();
  await inspector.post('Profiler.enable');
  await inspector.post('Profiler.setSamplingInterval', { interval: 200 });
  await inspector.post('Profiler.start');
  const microseconds = planAll();
  const { profile } = await inspector.post('Profiler.stop');
  inspector.disconnect();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const samples: Record<string, number> = {};
  const count = (id: number, around: string | null): void => {
    const { callFrame, hitCount = 0, children = [] } = nodes.get(id)!;
    const own = STAGES.find(([, path]) => callFrame.url.includes(path))?.[0] ?? null;
    const stage = callFrame.functionName === '(garbage collector)' ? 'garbage' : (around ?? own);
    if (!IDLE.includes(callFrame.functionName)) {
      samples[stage ?? 'rest'] = (samples[stage ?? 'rest'] ?? 0) + hitCount;
    }
    for (const child of children) count(child, stage);
  };
  count(profile.nodes[0]!.id, null);
  return { microseconds, samples };
}

process.on('message', (message: Round) => {
  void round(message).then((planned) => process.send!(planned));
});
process.on('disconnect', () => process.exit());
process.send!('ready');
