import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROCESS_FAULTS } from '../proof/process/faults';
import { runProcessFault } from '../proof/process/run';
import type { ProofRow } from '../proof/row';

const PROOF = join(import.meta.dirname, '..', '..', 'scripts', 'proof.mjs');

/** Rows of the matrix (`npm run proof` runs all), lived through at the same time: they mostly wait. */
const ROWS = ['kill-warmup', 'kill-streaming', 'sigstop', 'redis-restarted', 'redis-full-at-start'] as const;

/** Long enough for a build of the node's program, too. */
const TIMEOUT_MS = 180_000;

describe('WARM-04 BASE-04: real processes, killed, stopped and cut off from their Redis', () => {
  const rows = new Map<string, ProofRow>();

  beforeAll(async () => {
    const faults = PROCESS_FAULTS.filter(({ id }) => ROWS.some((row) => row === id));
    const run = (fault: (typeof faults)[number]) =>
      runProcessFault(fault, {
        venue: 'binance',
        nodeCommand: [process.execPath, PROOF, '--as-node'],
        env: process.env,
      });
    // Built once before, and not by each of them.
    spawnSync(process.execPath, [PROOF, '--help']);
    for (const row of await Promise.all(faults.map(run))) rows.set(row.id, row);
  }, TIMEOUT_MS);

  it.each(ROWS)('WARM-04 BASE-04: %s ends with everything the venue has, and nothing else', (id) => {
    const row = rows.get(id);
    expect({ problems: row?.problems, differences: row?.differences, missing: row?.missing }).toEqual({
      problems: [],
      differences: [],
      missing: [],
    });
    expect(row?.candles.compared).toBeGreaterThan(1000);
  });
});
