import { MICROS_PER_MS, closeAsOf } from '@livermore/schemas';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import candleMember from '../commands/candle-member.lua';
import candleTold from '../commands/candle-told.lua';
import { writeByTruth } from '../commands';
import { LuaCommand } from '../commands/lua-command';
import writeByTruthSource from '../commands/writeByTruth-6.lua';
import { createRedis } from '../redis';
import { EXAMPLE_OPEN_TIME } from '../testing';
import { valuesOf } from '../testing/search/cached-bar';
import type { CachedBar } from '../testing/search/cached-bar';
import { Memo, explore } from '../testing/search/explore';
import type { Edge, Promised } from '../testing/search/explore';
import { ALPHABET, TOLD, agreeingOn } from '../testing/search/steps';
import type { Step, Told } from '../testing/search/steps';
import { CandleCacheStrategy } from './candle-cache';
import type { Finality } from './candle-cache';

/** The real step, run on every sequence of things that can happen to one bar. */

const YOUNG_US = closeAsOf('1m', EXAMPLE_OPEN_TIME) + 600_000 * MICROS_PER_MS;
/** As long as these two are known to lag, ms. */
const BINANCE: Finality = { fromMs: 30_000, apartMs: 30_000 };
const COINBASE: Finality = { fromMs: 120_000, apartMs: 60_000 };
const RIGHT = valuesOf(TOLD.right);

/** Whether nothing wrong was brought yet but at most one reading, the one of this step included. */
function isOneReadingWrong({ before: { lies }, step }: Edge): boolean {
  if (lies === 'many') return false;
  if (lies === 'none') return !step.isLie || step.isReading;
  return lies.isReading && (!step.isLie || step === lies);
}

/** Whether the doubt of the bar says what this reading says, and was read long enough before it. */
function isSecondReading({ candle, doubted, rank }: CachedBar, step: Step): boolean {
  if (candle === undefined || doubted === undefined || step.told === undefined) return false;
  const isSlow = rank === 4 || TOLD[step.told].volume < candle.volume;
  const apartUs = (step.candle?.sequenceNum ?? 0) - (doubted.sequenceNum ?? 0);
  return valuesOf(doubted) === valuesOf(TOLD[step.told]) && apartUs >= (isSlow ? 600_000_000 : 30_000_000);
}

const asOfOf = (candle: CachedBar['candle']): number => candle?.sequenceNum ?? 0;

/** A doubt that is gone, although nothing as new decided: neither what the step brought nor a bar that it left as it was. */
function losesDoubt({ before: { bar }, step, done: { after, removed } }: Edge): boolean {
  if (bar.doubted === undefined || removed || after.values === valuesOf(bar.doubted)) return false;
  const agreedAt = after.values === bar.values ? asOfOf(bar.candle) : 0;
  return Math.max(asOfOf(after.doubted), step.candle?.sequenceNum ?? 0, agreedAt) < asOfOf(bar.doubted);
}

/** A reading that gave way to what is older, and is not doubted although no newer reading agrees with that. */
function losesReading({ before: { bar }, done: { after, removed } }: Edge): boolean {
  const isRead = bar.rank === 2 && bar.candle?.source === 'rest';
  if (!isRead || removed || after.values === bar.values) return false;
  const isAgreed = bar.doubted !== undefined && valuesOf(bar.doubted) === after.values;
  const agreedAt = Math.max(asOfOf(after.candle), isAgreed ? asOfOf(bar.doubted) : 0);
  return Math.max(agreedAt, asOfOf(after.doubted)) < asOfOf(bar.candle);
}

/** A bar that may still be wrong and that nobody would read again soon. */
function isForgotten({ candle, doubt, look, rank, isClosed }: CachedBar): boolean {
  if (look !== undefined || candle === undefined || !isClosed) return false;
  if (doubt !== undefined) return true;
  if (candle.source === 'no-trades' || candle.source === 'derived') return false;
  return rank === 1 || (rank === 2 && (candle.sequenceNum ?? 0) <= YOUNG_US);
}

const PROMISES: readonly Promised[] = [
  {
    name: 'a closed bar never opens again',
    isBrokenBy: ({ before: { bar }, done }) => bar.isClosed && !done.after.isClosed && !done.removed,
  },
  {
    name: 'no reader finds nothing where a bar was',
    isBrokenBy: ({ before: { bar }, done }) =>
      bar.member !== undefined && done.after.member === undefined && !done.removed,
  },
  {
    name: 'a class never falls',
    isBrokenBy: ({ before: { bar }, done }) => done.after.rank < bar.rank && !done.removed,
  },
  {
    name: 'one wrong reading changes no bar of class 3 or 4',
    isBrokenBy: ({ before: { bar, lies }, step, done }) =>
      step.isReading &&
      step.isLie &&
      (lies === 'none' || lies === step) &&
      bar.rank >= 3 &&
      done.after.values !== bar.values,
  },
  {
    name: 'a reading replaces a bar of class 3 or 4 only after an equal one, apart',
    isBrokenBy: ({ before: { bar }, step, done }) =>
      step.isReading && bar.rank >= 3 && done.after.values !== bar.values && !isSecondReading(bar, step),
  },
  {
    name: 'after one wrong reading, what comes later does not finish its work',
    isBrokenBy: (edge) =>
      isOneReadingWrong(edge) &&
      edge.before.bar.rank >= 3 &&
      edge.before.bar.values === RIGHT &&
      edge.done.after.values !== RIGHT,
  },
  {
    name: 'the same is never told twice in a row',
    isBrokenBy: ({ before, done }) =>
      done.outcome?.news !== undefined && done.after.values === before.lastTold,
  },
  {
    name: 'what is told is closed and was written',
    isBrokenBy: ({ done }) =>
      done.outcome?.news !== undefined && !(done.outcome.written && done.after.isClosed),
  },
  {
    name: 'what was told and changed is told',
    isBrokenBy: ({ before, done }) =>
      before.lastTold === before.bar.values &&
      before.bar.isClosed &&
      !done.removed &&
      done.after.values !== before.bar.values &&
      done.outcome?.news !== 'correction',
  },
  {
    name: 'a repeat after a lost reply changes nothing and tells nothing',
    isBrokenBy: ({ done, repeated }) =>
      repeated.after.key !== done.after.key || repeated.outcome?.news !== undefined || repeated.removed,
  },
  {
    name: 'what rests on little is read again',
    isBrokenBy: ({ done }) => isForgotten(done.after),
  },
  {
    name: 'a doubt newer than every agreeing reading is never lost',
    isBrokenBy: losesDoubt,
  },
  {
    name: 'a reading newer than the final that puts it aside is a doubt',
    isBrokenBy: losesReading,
  },
];

/** Bars that two agreeing readings do not bring to what they say, or leave unsettled. */
async function unmovedBy(memo: Memo, bars: readonly CachedBar[], told: Told): Promise<readonly CachedBar[]> {
  const [first, second] = agreeingOn(told);
  await memo.learn(bars.map((bar) => [bar, first]));
  const between = bars.map((bar) => memo.get(bar, first).after);
  await memo.learn(between.map((bar) => [bar, second]));
  return between
    .map((bar) => memo.get(bar, second).after)
    .filter(
      ({ values, rank, doubt }) => values !== valuesOf(TOLD[told]) || rank !== 4 || doubt !== undefined,
    );
}

/** Runs the step with one rule replaced, until the test ends. */
function withMutant(rule: string, instead: string): void {
  const source = `${candleMember}\n${candleTold}\n${writeByTruthSource}`;
  if (source.split(rule).length !== 2) throw new Error(`not exactly one place reads: ${rule}`);
  const mutant = new LuaCommand(
    'mutant',
    source.replace(rule, () => instead),
  );
  const spy = vi
    .spyOn(writeByTruth, 'run')
    .mockImplementation((client, keys, args) => mutant.run(client, keys, args));
  onTestFinished(() => spy.mockRestore());
}

describe('every sequence of what can happen to a bar', () => {
  let redis: Redis;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  const search = async (depth: number, finality: Finality = BINANCE) => {
    const memo = new Memo({ redis, cache: new CandleCacheStrategy(redis, { finality }) });
    const found = await explore(memo, ALPHABET, depth, PROMISES);
    const unmoved = [
      ...(await unmovedBy(memo, found.reached, 'right')),
      ...(await unmovedBy(memo, found.reached, 'revised')),
    ];
    return { ...found, unmoved };
  };

  it.each([
    { venue: 'Binance', finality: BINANCE },
    { venue: 'Coinbase', finality: COINBASE },
  ])(
    'A4, A7: every promise holds, and two agreeing readings end all alike, at $venue',
    { timeout: 300_000 },
    async (each) => {
      const found = await search(5, each.finality);
      console.info(
        `order of truth at ${each.venue}: ${found.sequences} sequences of up to 5 of ${ALPHABET.length} steps, ` +
          `${found.bars} different bars, ${found.runs} steps run on Redis`,
      );
      expect(Object.fromEntries(found.broken)).toEqual({});
      expect(found.unmoved).toEqual([]);
      expect(found.sequences).toBeGreaterThan(300_000);
    },
  );

  it.each([
    {
      mutant: 'by as-of alone',
      rule: 'local decided, has_doubt = judged(score, old, member, close_us)',
      instead: 'local decided, has_doubt = new_as_of > old_as_of and member or nil, false',
      breaks: 'one wrong reading changes no bar of class 3 or 4',
    },
    {
      mutant: 'settled by age',
      rule: 'local decided = doubted(score, old, member, class, close_us)',
      instead:
        'local decided = new_as_of > close_us + 600e6 and member or doubted(score, old, member, class, close_us)',
      breaks: 'one wrong reading changes no bar of class 3 or 4',
    },
    {
      mutant: 'any second reading decides',
      rule: 'if values(known) == values(member) then',
      instead: 'if true then',
      breaks: 'a reading replaces a bar of class 3 or 4 only after an equal one, apart',
    },
    {
      mutant: 'a second reading decides at once',
      rule: 'local wait = is_slow and math.max(SLOW_MS, apart) or apart',
      instead: 'local wait = 0',
      breaks: 'a reading replaces a bar of class 3 or 4 only after an equal one, apart',
    },
    {
      mutant: 'a forming state is judged like a closed one',
      rule: 'if not is_closed then return outcome end\n  local decided',
      instead: 'local decided',
      breaks: 'a closed bar never opens again',
    },
    {
      mutant: 'what only settles is told',
      rule: 'if not is_same then\n    log(score, old, decided)',
      instead: 'if true then\n    log(score, old, decided)',
      breaks: 'the same is never told twice in a row',
    },
    {
      mutant: 'a correction is silent',
      rule: 'outcome = outcome + news_of_change(score, decided)',
      instead: '',
      breaks: 'what was told and changed is told',
    },
    {
      mutant: 'a doubt taken back takes the look along',
      rule: 'look_soon(score, old, close)',
      instead: '',
      breaks: 'what rests on little is read again',
    },
    {
      mutant: 'past a doubt whenever it settles a bar',
      rule: 'if not stays and (class >= 3',
      instead: 'if (class >= 3',
      breaks: 'a doubt newer than every agreeing reading is never lost',
    },
    {
      mutant: 'past a reading whenever a final comes',
      rule: '(class == 2 or as_of(old) > agreed_at)',
      instead: 'class == 2',
      breaks: 'a reading newer than the final that puts it aside is a doubt',
    },
  ])('sees a step that goes $mutant', { timeout: 300_000 }, async ({ rule, instead, breaks }) => {
    withMutant(rule, instead);
    const { broken } = await search(3);
    expect([...broken.keys()]).toContain(breaks);
  });

  it('sees a step whose first doubt never gives way to another', async () => {
    withMutant(
      'if values(known) == values(member) then',
      'if values(known) ~= values(member) then return nil end\n    if true then',
    );
    expect((await search(3)).unmoved).not.toEqual([]);
  });
});
