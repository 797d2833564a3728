import { describe, expect, it } from 'vitest';
import type { Finding, TextFile } from './repository';
import {
  clockIsAnArgument,
  environmentIsConfig,
  jsonIsParsed,
  loopsEnd,
  noReadThenWrite,
} from './rules/behaviour';
import {
  importsFollowTheTable,
  lowestStandAlone,
  manifestsAreExact,
  noCycles,
  nodesNeedRedisOnly,
} from './rules/dependencies';
import { luaHasContracts } from './rules/lua';
import { requirementsAreProven, testTitles } from './rules/requirements';
import { filesAreShort, functionsAreShort } from './rules/sizes';
import {
  commentsAreTimeless,
  keysAreSpelledOnce,
  tickersHaveNoUser,
  venuesStayAtHome,
} from './rules/spelling';

type Rule = (files: readonly TextFile[]) => readonly Finding[];
type Snippets = Readonly<Record<string, string>>;

const filesOf = (snippets: Snippets): readonly TextFile[] =>
  Object.entries(snippets).map(([path, text]) => ({ path, text }));

/** Places a rule complains about, as `path:line`. */
const placesOf = (rule: Rule, snippets: Snippets): readonly string[] =>
  rule(filesOf(snippets)).map(({ path, line }) => `${path}:${line}`);

const CORE = 'packages/exchange-core/src/a.ts';
const SCHEMAS = 'packages/schemas/src/a.ts';
const NODE = 'apps/node/src/a.ts';
const manifest = (dependencies: Readonly<Record<string, string>>) =>
  JSON.stringify({ dependencies }, null, 1);

interface Case {
  readonly rule: Rule;
  readonly bad: readonly string[];
  readonly good: readonly string[];
  readonly path?: string;
}

/** For rules about one module: each bad snippet gives a finding, no good one does. */
const CASES: Readonly<Record<string, Case>> = {
  I1: {
    rule: lowestStandAlone,
    path: SCHEMAS,
    bad: [
      "import { must } from '@livermore/utils';",
      "import { readFileSync } from 'node:fs';",
      "import fs from 'fs';",
      'export const bytes = Buffer.alloc(1);',
      "export * from '@livermore/cache';",
    ],
    good: [
      "import { z } from 'zod';",
      "import { a } from './b';",
      'export const at = (processed: number) => processed;',
    ],
  },
  I2: {
    rule: importsFollowTheTable,
    bad: [
      "import { x } from '@livermore/instance';",
      "import type { X } from '@livermore/simulator';",
      "import { x } from '@livermore/cache/src/keys';",
      "import { x } from '@livermore/cache/testing';",
      "import { x } from '../../cache/src/keys';",
      "export * from '@livermore/cli';",
      "const x = await import('@livermore/embedded');",
    ],
    good: [
      "import { x } from '@livermore/cache';",
      "import { x } from '@livermore/exchange-core';",
      "import { x } from './rest/page-plan';",
    ],
  },
  I3: {
    rule: venuesStayAtHome,
    bad: [
      "if (exchange === 'binance_us') retry();",
      'const coinbaseLimit = 10;',
      'const url = `https://api.binance.${tld}/x`;',
      "import { binanceProtocol } from './protocol/binance';",
    ],
    good: [
      '// Measured on Binance: the closing frame came up to 1.8 s late.\nexport const graceMs = 2_000;',
      "export { BinanceAdapter } from './adapter/binance-adapter';",
    ],
  },
  I4: {
    rule: keysAreSpelledOnce,
    bad: [
      'const key = `candles:${exchangeId}:${symbol}:1m`;',
      "redis.publish('channel:ticker:2:BTCUSDT', text);",
      "const key = 'exchange:' + id + ':status';",
      "const key = 'ticker:2:BTCUSDT';",
    ],
    good: ["emit({ type: 'ticker:update' });", "emit('candle:close');", 'const text = `candles: ${count}`;'],
  },
  I5: {
    rule: noReadThenWrite,
    bad: [
      'async function bump(redis: R) { const n = await redis.get(k); await redis.set(k, n + 1); }',
      'class S { async m() { const a = await this.#redis.zscore(k, m); await this.#redis.zadd(k, 1, m); } }',
    ],
    good: [
      'async function read(redis: R) { return redis.get(k); }',
      'async function put(redis: R) { await redis.set(k, v); await redis.expire(k, 1); }',
      'function f(map: M) { const v = map.get(k); map.set(k, v); }',
    ],
  },
  I6: {
    rule: clockIsAnArgument,
    bad: [
      'const now = Date.now();',
      'const now = new Date();',
      'setTimeout(f, 10);',
      'globalThis.setInterval(f, 10);',
      'const luck = Math.random();',
      'const clock = { now: Date.now };',
      "import { setTimeout } from 'node:timers/promises';",
      'const t = performance.now();',
    ],
    good: [
      'const at = new Date(openTime).toISOString();',
      'clock.setTimer(f, 10);',
      'socket.setTimeout(10);',
      'clearTimeout(timer);',
      'type Timer = ReturnType<typeof x.setTimeout>;',
    ],
  },
  I7: {
    rule: environmentIsConfig,
    path: NODE,
    bad: ["const url = process.env['REDIS_URL'];", 'const { env } = process;', 'start(process.env);'],
    good: ['const url = env.redisUrl;', 'process.exitCode = 1;'],
  },
  I8: {
    rule: jsonIsParsed,
    bad: [
      'const frame = JSON.parse(text) as Frame;',
      'const frame = JSON.parse(text);',
      'const frame: Frame = JSON.parse(text);',
      'const close = JSON.parse(text).k.c;',
      'function read(text: string): Frame { return JSON.parse(text); }',
      'let frame: Frame; frame = JSON.parse(text);',
    ],
    good: [
      'const frame: unknown = JSON.parse(text);',
      'const frame = FrameSchema.parse(JSON.parse(text));',
      'function read(text: string): unknown { return JSON.parse(text); }',
      'let frame: unknown; try { frame = JSON.parse(text); } catch { /* not JSON */ }',
      'const read = (text: string): unknown => JSON.parse(text);',
    ],
  },
  I11: {
    rule: loopsEnd,
    bad: ['for (;;) { await step(); }', 'while (true) { items.forEach(() => { return; }); }'],
    good: [
      'function f() { for (;;) { if (done()) return; } }',
      'while (true) { if (done()) break; }',
      'for (const a of b) c(a);',
    ],
  },
  I13: {
    rule: nodesNeedRedisOnly,
    bad: [
      "import { Pool } from 'pg';",
      "import { createDatabase } from '@livermore/database';",
      "import { initTRPC } from '@trpc/server';",
    ],
    good: ["import { Redis } from 'ioredis';", "import { createServer } from 'node:http';"],
  },
  'TICK-01': {
    rule: tickersHaveNoUser,
    bad: [
      'const key = `ticker:${userId}:${exchangeId}:${symbol}`;',
      'const channel = `channel:ticker:${user.id}:2:BTCUSDT`;',
      'export function tickerKey(userId: number, symbol: string) { return symbol; }',
    ],
    good: [
      'const key = `ticker:${exchangeId}:${symbol}`;',
      'export function tickerKey(exchangeId: number, symbol: string) { return symbol; }',
    ],
  },
  'function length': {
    rule: functionsAreShort,
    bad: [
      `function long() {${'\n  step();'.repeat(70)}\n}`,
      `const f = () => {${'\n  step();'.repeat(70)}\n};`,
    ],
    good: [`function short() {${'\n  step();'.repeat(60)}\n}`],
  },
  'file length': {
    rule: filesAreShort,
    bad: ['step();\n'.repeat(401)],
    good: [
      'step();\n'.repeat(400),
      `export const TABLE = {${'\n  a: 1,'.repeat(500)}\n};`,
      `export interface Wide {${'\n  readonly a: string;'.repeat(500)}\n}`,
    ],
  },
  comments: {
    rule: commentsAreTimeless,
    bad: [
      '// See issue #12.\nf();',
      '/** Fixes ticket 7. */\nf();',
      '// TODO: more\nf();',
      'f(); // phase 2 replaces this',
      '/** Changed on 2025-03-01 to be faster. */\nf();',
      '// from /work/shared\nf();',
    ],
    good: [
      '// Binance dropped this stream on 2026-08-05 for all hosts.\nf();',
      '// https://github.com/redis/ioredis/issues/1234 explains the wrapping.\nf();',
      "const text = 'issue 12';",
      '/** A private field such as `#12` is not one. */\nconst a = 1;',
    ],
  },
};

/** Bad snippets are at fault in their first line, but a file that is too long, which is in its last. */
const lineOfFault = (snippet: string) => (snippet.startsWith('step();\n') ? 401 : 1);

describe.each(Object.entries(CASES))('%s', (_, { rule, bad, good, path = CORE }) => {
  it.each(bad)('finds fault with: %s', (snippet) => {
    expect(placesOf(rule, { [path]: snippet })).toContain(`${path}:${lineOfFault(snippet)}`);
  });

  it.each(good)('finds no fault with: %s', (snippet) => {
    expect(placesOf(rule, { [path]: snippet })).toEqual([]);
  });
});

describe('where rules do not apply', () => {
  const clocky = 'const now = Date.now();';

  it('names the line', () => {
    expect(placesOf(clockIsAnArgument, { [CORE]: `const a = 1;\n\n${clocky}` })).toEqual([`${CORE}:3`]);
  });

  it.each(['packages/utils/src/clock.ts', 'packages/cache/src/a.test.ts', 'packages/cache/src/testing/a.ts'])(
    'I6 leaves %s alone',
    (path) => {
      expect(placesOf(clockIsAnArgument, { [path]: clocky })).toEqual([]);
    },
  );

  it.each([
    'packages/exchange-core/src/protocol/binance/limits.ts',
    'packages/exchange-core/src/adapter/binance-adapter.ts',
    'packages/exchange-core/src/protocol/registry.ts',
    'packages/simulator/src/binance/rest.ts',
  ])('I3 leaves %s alone', (path) => {
    expect(placesOf(venuesStayAtHome, { [path]: "const name = 'binance';" })).toEqual([]);
  });

  it('I4 leaves keys.ts alone, I7 the configuration of an app', () => {
    const keys = { 'packages/cache/src/keys.ts': 'const key = `candles:${id}`;' };
    expect(placesOf(keysAreSpelledOnce, keys)).toEqual([]);
    expect(placesOf(environmentIsConfig, { 'apps/cli/src/config.ts': 'read(process.env);' })).toEqual([]);
    expect(
      placesOf(environmentIsConfig, { 'packages/cache/src/config.ts': 'read(process.env);' }),
    ).toHaveLength(1);
  });

  it('I2 lets tests use what is for tests, and tells of a package the table does not know', () => {
    const snippet = "import { x } from '@livermore/cache/testing';";
    expect(placesOf(importsFollowTheTable, { 'packages/exchange-core/src/a.test.ts': snippet })).toEqual([]);
    expect(placesOf(importsFollowTheTable, { 'packages/new/src/a.ts': '' })).toEqual([
      'packages/new/src/a.ts:1',
    ]);
  });
});

describe('I2: manifests', () => {
  const path = 'packages/cache/package.json';
  const source =
    "import { Redis } from 'ioredis';\nimport { z } from 'zod/v4';\nimport { join } from 'node:path';";

  it('are right when they declare exactly what is imported', () => {
    const files = { [path]: manifest({ ioredis: '1', zod: '1' }), 'packages/cache/src/a.ts': source };
    expect(placesOf(manifestsAreExact, files)).toEqual([]);
  });

  it('must declare what is imported', () => {
    const files = { [path]: manifest({ zod: '1' }), 'packages/cache/src/a.ts': source };
    expect(placesOf(manifestsAreExact, files)).toEqual(['packages/cache/src/a.ts:1']);
  });

  it('must not declare what nothing imports', () => {
    const files = {
      [path]: manifest({ ioredis: '1', ws: '1', zod: '1' }),
      'packages/cache/src/a.ts': source,
    };
    expect(placesOf(manifestsAreExact, files)).toEqual([`${path}:4`]);
  });

  it('a test may use what the root declares for tests; shipped code may not', () => {
    const runner = "import { it } from 'vitest';";
    const files = { [path]: manifest({}), 'packages/cache/src/a.test.ts': runner };
    expect(placesOf(manifestsAreExact, files)).toEqual([]);
    expect(
      placesOf(manifestsAreExact, { [path]: manifest({}), 'packages/cache/src/a.ts': runner }),
    ).toHaveLength(1);
  });
});

describe('I12: cycles', () => {
  const loop = {
    'packages/cache/src/a.ts': "import { b } from './b';",
    'packages/cache/src/b.ts': "export * from './deep';",
    'packages/cache/src/deep/index.ts': "import { a } from '../a';",
  };

  it('are found through re-exports and folders', () => {
    expect(noCycles(filesOf(loop)).map(({ message }) => message)).toEqual([
      'closes a cycle: packages/cache/src/a.ts → packages/cache/src/b.ts → packages/cache/src/deep/index.ts → packages/cache/src/a.ts',
    ]);
  });

  it('of types alone are none: they are gone after compilation', () => {
    const types = { ...loop, 'packages/cache/src/deep/index.ts': "import type { A } from '../a';" };
    expect(noCycles(filesOf(types))).toEqual([]);
  });

  it('are not made by two ways to one file', () => {
    const diamond = {
      'packages/cache/src/a.ts': "import './b';\nimport './c';",
      'packages/cache/src/b.ts': "import './d';",
      'packages/cache/src/c.ts': "import './d';",
      'packages/cache/src/d.ts': '',
    };
    expect(noCycles(filesOf(diamond))).toEqual([]);
  });
});

describe('Lua contracts', () => {
  const header = '--[[\n Does.\n\n KEYS[1]  it\n ARGV[1]  how\n\n Returns 1.\n]]\n';

  it.each([
    [header, 0],
    [`-- short\n${header}`, 3],
    [header.replace('Returns', 'Gives'), 1],
    [header.replace('ARGV', 'argv'), 1],
    ['return 1', 3],
  ])('%j lacks %d parts', (text, lacking) => {
    expect(luaHasContracts([{ path: 'packages/cache/src/commands/x-1.lua', text }])).toHaveLength(lacking);
  });
});

describe('requirements', () => {
  const files = filesOf({
    'packages/cache/src/a.test.ts':
      "describe('FND-01: keys', () => { it.each([1])('FND-02: %d', f); });\n// WARM-01",
    'packages/cache/src/a.ts': "it('WARM-02', f);",
  });

  it('are read from titles of tests only', () => {
    expect(testTitles(files)).toEqual(['FND-01: keys', 'FND-02: %d']);
  });

  it.each([
    { required: ['FND-01', 'FND-02'], toCome: [], faults: 0 },
    { required: ['FND-01', 'WARM-01'], toCome: [], faults: 1 },
    { required: ['FND-01', 'WARM-01'], toCome: ['WARM-01'], faults: 0 },
    { required: ['FND-01'], toCome: ['FND-01'], faults: 1 },
    { required: ['FND-01'], toCome: ['FND-99'], faults: 1 },
    { required: ['FND-0'], toCome: [], faults: 1 },
  ])('required $required, to come $toCome: $faults faults', ({ required, toCome, faults }) => {
    expect(requirementsAreProven(files, required, toCome)).toHaveLength(faults);
  });
});
