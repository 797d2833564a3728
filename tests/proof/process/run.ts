import { messageOf } from '@livermore/utils';
import type { ProofRow } from '../row';
import { mendsText } from '../health-log';
import type { ProcessFault } from './faults';
import { Stage } from './stage';
import type { StageOptions } from './stage';

/** Lets one fault happen to real processes and judges what is in Redis afterwards. */
export async function runProcessFault(fault: ProcessFault, options: StageOptions): Promise<ProofRow> {
  const stage = await Stage.open({ ...options, ...fault.stage });
  try {
    const unmet = fault.needsServer === true && !stage.redis.isServer;
    const failure = unmet ? 'not run: needs a Redis server program' : await failureOf(fault, stage);
    const { candles, differences, missing } = await stage.judge();
    const untold = untoldOf(candles);
    const saidWrongly = saidWronglyOf(candles);
    const told = toldProblems(stage);
    const { log } = stage.simulator;
    const statuses = Object.fromEntries([...log.statuses].map(([status, times]) => [String(status), times]));
    return {
      group: 'process',
      venue: options.venue,
      id: fault.id,
      title: fault.title,
      cause: fault.cause,
      candles,
      statuses,
      requests: log.requests,
      connections: log.connections,
      announced: stage.announcements.counts.announced,
      problems: [
        ...(failure === undefined ? [] : [failure]),
        ...wrongOf(candles),
        ...(stage.redis.wasEmptied ? [] : saidWrongly),
        ...(stage.tellsAll ? untold : []),
        ...told,
        ...list('bars missing while health said that all was well', stage.health.lies),
        ...[418, 429]
          .filter((status) => log.statuses.has(status) && fault.allows?.includes(status) !== true)
          .map((status) => `answers ${status}`),
      ],
      // Nobody knows what was told of a bar where that was deleted too, so other values of it are no correction.
      notes: [
        `${stage.told.count} in the log`,
        `failed checks: ${stage.health.failed.join(' ') || 'none'}`,
        ...[mendsText(stage.health.mends)].filter((text) => text !== ''),
        ...(stage.tellsAll ? [] : untold),
        ...(stage.redis.wasEmptied ? saidWrongly : []),
      ],
      differences,
      missing,
    };
  } finally {
    await stage.close();
  }
}

async function failureOf(fault: ProcessFault, stage: Stage): Promise<string | undefined> {
  try {
    await fault.run(stage);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function wrongOf(candles: ProofRow['candles']): readonly string[] {
  const { compared, missing, different, invented, falselyQuiet, announced } = candles;
  const isWhole = compared > 0 && missing + different + invented + falselyQuiet === 0;
  return [
    ...(isWhole ? [] : ['the cache is not what the venue serves']),
    ...(announced > 0 ? [] : ['no close was heard of']),
  ];
}

/** What the log of closes owes: everything, once, in order. */
function toldProblems(stage: Stage): readonly string[] {
  const { twice, disordered } = stage.told.faults();
  return [
    ...list('closes that the log never told', stage.unsaid()),
    ...list('closes told twice as live', twice),
    ...list('closes told as live behind a later one', disordered),
  ];
}

function list(what: string, bars: readonly string[]): readonly string[] {
  return bars.length === 0 ? [] : [`${bars.length} ${what}: ${bars.slice(0, 3).join(', ')}`];
}

function saidWronglyOf({ announcedWrongLast: bars }: ProofRow['candles']): readonly string[] {
  return bars === 0 ? [] : [`${bars} bars of which the last thing said is wrong`];
}

function untoldOf({ unannounced }: ProofRow['candles']): readonly string[] {
  return unannounced === 0 ? [] : [`${unannounced} closes nobody was told of`];
}
