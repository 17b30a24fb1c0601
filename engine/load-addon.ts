import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import type { NativeAddon } from './addon.ts';
import { EngineError } from './error.ts';

let loaded: NativeAddon | null = null;

/** The native library, which is looked for once. Throws with a hint when it was not built. */
export const loadAddon = (): NativeAddon => (loaded ??= load());

function load(): NativeAddon {
  const path = new URL('./tidewire.node', import.meta.url);
  const built = existsSync(path) ? path : new URL('../../engine/tidewire.node', import.meta.url);
  if (!existsSync(built)) {
    throw new EngineError({
      sqlstate: '58P01',
      message: `the native engine ${path.pathname} is not there`,
      hint: 'Build it with npm run build.',
    });
  }
  return createRequire(import.meta.url)(built.pathname) as NativeAddon;
}
