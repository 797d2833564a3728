import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const TSC = join(ROOT, 'node_modules/.bin/tsc');

describe('FND-04: types', () => {
  it.each(['packages/cache', 'packages/exchange-core'])(
    'FND-04: tsc --noEmit -p %s/tsconfig.json passes without anything built',
    (folder) => {
      const args = ['--noEmit', '-p', `${folder}/tsconfig.json`];
      const { status, stdout } = spawnSync(TSC, args, { cwd: ROOT, encoding: 'utf8' });
      expect(stdout).toBe('');
      expect(status).toBe(0);
    },
  );

  it('FND-04: the cache re-exports its keys, literally', () => {
    const index = readFileSync(join(ROOT, 'packages/cache/src/index.ts'), 'utf8');
    expect(index).toMatch(/^export \* from '\.\/keys';$/m);
  });
});
