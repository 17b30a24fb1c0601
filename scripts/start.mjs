// `npm start`: installs, builds and starts Tidewire on a data directory beside the clone's files.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildEngine, buildServer, installPackages, root, step } from './setup.mjs';

installPackages();
buildEngine();
buildServer();
step('starting');
const args = process.argv.slice(2);
if (!args.some((arg) => arg === '--data' || arg.startsWith('--data=')))
  args.push('--data', join(root, 'tidewire-data'));
const command = ['--no-memory-reducer', join(root, 'build/server/main.js'), 'serve'];
const server = spawn(process.execPath, [...command, ...args], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));
server.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
