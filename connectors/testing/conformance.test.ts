/** The connectors that are built, through the suites that every connector runs. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Option } from '../../sql/ast/options.ts';
import type { SinkConnector, SourceConnector } from '../contract.ts';
import { fileSink } from '../file/sink.ts';
import { fileSource } from '../file/source.ts';
import { counterSource, nexmarkSource } from '../generator/source.ts';
import { sinkConformance } from './sink-conformance.ts';
import { sourceConformance } from './source-conformance.ts';

function option(name: string, value: string): Option {
  return { name, value: { kind: 'string', value }, location: 0, valueLocation: 0 };
}

/** Lines over several reads of a file. */
const LINES = Array.from({ length: 12_000 }, (_, index) => `${index} ${'-'.repeat(80)}`);

for (const follow of [true, false]) {
  sourceConformance({
    name: follow ? 'FILE, followed' : 'FILE, read once',
    connector: fileSource as unknown as SourceConnector,
    refused: [
      { options: [], sqlstate: '22023' },
      { options: [option('path', 'x'), option('paht', 'y')], sqlstate: '22023' },
      { options: [option('path', 'x'), option('path', 'y')], sqlstate: '42601' },
      { options: [option('path', 'x'), option('poll_interval', '1 ms')], sqlstate: '22023' },
    ],
    altered: { on_delete: 'keep', poll_interval: 10 },
    secrets: [],
    async create() {
      const folder = await mkdtemp(join(tmpdir(), 'tidewire-files-'));
      const file = join(folder, 'a.log');
      await writeFile(file, `${LINES.slice(0, 8000).join('\n')}\n`);
      await writeFile(join(folder, 'b.log'), `${LINES.slice(8000).join('\n')}\n`);
      const path = join(folder, '*.log');
      const common = {
        options: { path, follow, on_delete: 'retract', poll_interval: 10, compression: 'auto' },
        close: () => rm(folder, { recursive: true, force: true }),
      };
      if (!follow) return { upstream: common, rows: LINES };
      const append = (records: readonly string[]): Promise<void> =>
        appendFile(file, `${records.join('\n')}\n`);
      return { upstream: { ...common, append }, rows: LINES };
    },
  });
}

for (const [name, connector, seed] of [
  ['GENERATOR COUNTER', counterSource, {}],
  ['GENERATOR NEXMARK', nexmarkSource, { seed: 1 }],
] as const) {
  sourceConformance({
    name,
    connector: connector as unknown as SourceConnector,
    refused: [
      { options: [option('rat', '1')], sqlstate: '22023' },
      { options: [option('rate', '0')], sqlstate: '22023' },
      { options: [option('events', 'many')], sqlstate: '22023' },
    ],
    altered: { rate: 1_000_000 },
    secrets: [],
    async create() {
      const rows = Array.from({ length: 45_000 }, (_, index) => `event ${index}`);
      return { upstream: { options: { events: 45_000, ...seed }, close: async () => undefined }, rows };
    },
  });
}

sinkConformance({
  name: 'FILE',
  connector: fileSink as unknown as SinkConnector,
  fences: false,
  refused: [
    { options: [], sqlstate: '22023' },
    { options: [option('path', 'x'), option('paht', 'y')], sqlstate: '22023' },
    { options: [option('path', 'x'), option('overwrite', 'perhaps')], sqlstate: '22023' },
  ],
  altered: {},
  secrets: [],
  encode: (records) => Buffer.from(records.map((record) => `${record}\n`).join('')),
  async create() {
    const folder = await mkdtemp(join(tmpdir(), 'tidewire-files-'));
    const path = join(folder, 'out.log');
    return {
      options: { path, overwrite: false },
      async read() {
        // What lies behind the size that is recorded is not there yet.
        const progress = await readFile(`${path}.progress`, 'utf8').catch(() => '{"size":0}');
        const { size } = JSON.parse(progress) as { size: number };
        const bytes = size === 0 ? Buffer.alloc(0) : await readFile(path);
        return bytes.subarray(0, size).toString().split('\n').slice(0, -1);
      },
      close: () => rm(folder, { recursive: true, force: true }),
    };
  },
});
