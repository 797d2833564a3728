import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LAYERS, inWords, isModule, isTest, packageOf, readCheckout, shippedModules } from './repository';
import requirements from './requirements.json';
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
  tablePointsDown,
} from './rules/dependencies';
import { luaHasContracts } from './rules/lua';
import { requirementsAreProven } from './rules/requirements';
import { filesAreShort, functionsAreShort } from './rules/sizes';
import {
  commentsAreTimeless,
  keysAreSpelledOnce,
  tickersHaveNoUser,
  venuesStayAtHome,
} from './rules/spelling';

const ROOT = join(import.meta.dirname, '../..');
const files = readCheckout();

/** Pages that name files of the repository. */
const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...['docs', 'docs/decisions', 'docs/specs'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

/** What the rules must have seen at the least: a rule that looks at nothing finds nothing. */
const LEAST_MODULES = 150;
const LEAST_TESTS = 60;

describe('tidy sees the checkout', () => {
  it('reads every package of the table, and enough modules, tests and Lua', () => {
    const owners = new Set(shippedModules(files).map(({ path }) => packageOf(path)));
    expect(owners).toEqual(new Set(Object.keys(LAYERS)));
    expect(shippedModules(files).length).toBeGreaterThan(LEAST_MODULES);
    expect(files.filter(({ path }) => isModule(path) && isTest(path)).length).toBeGreaterThan(LEAST_TESTS);
    expect(files.filter(({ path }) => path.endsWith('.lua')).length).toBeGreaterThanOrEqual(3);
  });
});

describe('the invariants hold', () => {
  it.each([
    ['I1: schemas and utils stand alone; schemas runs in a browser', lowestStandAlone],
    ['I2: imports follow the table of layers', importsFollowTheTable],
    ['I2: the table of layers points down', tablePointsDown],
    ['I2: every manifest declares what its package imports, and nothing else', manifestsAreExact],
    ['I3: venues are named in their own rooms only', venuesStayAtHome],
    ['I4: Redis keys are spelled in keys.ts only', keysAreSpelledOnce],
    ['I5: nothing reads Redis and then writes what it decided', noReadThenWrite],
    ['I6: the clock and chance are arguments', clockIsAnArgument],
    ['I7: the environment is read by the configuration of an app only', environmentIsConfig],
    ['I8: what JSON.parse gives is parsed by a schema', jsonIsParsed],
    ['I11: endless loops have a way out', loopsEnd],
    ['I12: there is no import cycle', noCycles],
    ['I13: a node needs neither a database nor the control plane', nodesNeedRedisOnly],
    ['TICK-01: no ticker key has a user in it', tickersHaveNoUser],
    ['every Lua command begins with its contract', luaHasContracts],
    ['no function is longer than 70 lines', functionsAreShort],
    ['no file is longer than 400 lines, tables and types excepted', filesAreShort],
    ['comments speak of no issue, phase, machine or date of work', commentsAreTimeless],
  ])('%s', (_, rule) => {
    expect(inWords(rule(files))).toBe('');
  });

  it('every requirement has a test with its id in the title', () => {
    const { required, toCome } = requirements;
    expect(inWords(requirementsAreProven(files, required, toCome))).toBe('');
  });

  it.each(PAGES)('every file %s names is there', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const named = [...text.matchAll(/`((?:packages|apps|tools|scripts|docs|tests|examples)\/[\w./-]+)`/g)];
    const lost = named.map(([, path]) => path ?? '').filter((path) => !existsSync(join(ROOT, path)));
    expect(lost).toEqual([]);
  });

  it.each(PAGES)('every page %s links to is there', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const linked = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)];
    const lost = linked
      .map(([, path]) => path ?? '')
      .filter((path) => !existsSync(join(ROOT, page, '..', path)));
    expect(lost).toEqual([]);
  });

  it('every decision has a number of its own and a line in the index', () => {
    const pages = PAGES.filter((page) => /^docs\/decisions\/\d/.test(page)).map((page) => basename(page));
    const index = readFileSync(join(ROOT, 'docs/decisions/README.md'), 'utf8');
    expect(pages.filter((page) => !index.includes(`(${page})`))).toEqual([]);
    expect(new Set(pages.map((page) => page.slice(0, 4))).size).toBe(pages.length);
  });

  it('pages show the table of layers and the faults as they are', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/graph.mjs', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });
});
