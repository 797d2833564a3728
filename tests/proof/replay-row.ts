import { isFaithful, replay } from '@livermore/replay';
import type { ReplayReport } from '@livermore/replay';
import { disagreeing } from '@livermore/simulator';
import type { FaultScript } from '@livermore/simulator';
import type { Logger } from '@livermore/utils';
import type { ProofData } from './data';
import { idleLines, neverActed } from './acted';
import { HealthLog, mendsText } from './health-log';
import { AFTER_MIDNIGHT_MS, BEFORE_MIDNIGHT_MS } from './replay-faults';
import type { ReplayFault } from './replay-faults';
import type { ProofRow } from './row';
import { unexplainedHoles } from './unexplained-holes';
import { watchHealth } from './watch-health';

export interface RunOptions {
  readonly redisUrl: string;
  readonly logger?: Logger;
  /** All of the recording when absent. */
  readonly symbols?: readonly string[];
}

/** Lives through one fault on a replayed clock and judges what is in Redis afterwards. */
export async function runReplayFault(
  fault: ReplayFault,
  data: ProofData,
  options: RunOptions,
): Promise<ProofRow & { readonly report: ReplayReport }> {
  const script = fault.script(data);
  const views = viewsOf(fault, data);
  const health = new HealthLog(TOLERATED_MS);
  const report = await replay({
    watch: watchHealth(health),
    venue: data.venue,
    data: data.folder,
    from: data.midnight - (fault.aroundMs ?? BEFORE_MIDNIGHT_MS),
    to: data.midnight + (fault.aroundMs ?? AFTER_MIDNIGHT_MS),
    speed: 'max',
    faults: [...views, ...script],
    ...options,
  });
  const { requests, connections, closes, candles, statuses } = report;
  const unexplained = await unexplainedHoles(report, options.redisUrl);
  const problems = [
    ...problemsOf(report, fault),
    ...idleOf(data.venue, { views, script }, report),
    ...(unexplained === 0 ? [] : [`${unexplained} holes that coverage does not explain`]),
    ...healthProblems(fault, script, health),
  ];
  return {
    group: 'replay',
    venue: data.venue,
    id: fault.id,
    title: fault.title,
    cause: causeOf(script),
    candles,
    statuses,
    requests,
    connections,
    announced: closes.announced,
    problems,
    notes: [
      ...(health.failed.length === 0 ? [] : [`failed checks: ${health.failed.join(' ')}`]),
      ...[mendsText(health.mends)].filter((text) => text !== ''),
    ],
    differences: report.differences,
    missing: report.missing,
    report,
  };
}

/** Two looks, and what a round of the exchange takes, ms of the replayed time. */
const TOLERATED_MS = 30_000;
/** Bars that close later than this are corrected no more: what is said of them could not settle before the end. */
const CORRECTS_FOR = '105m';

/** Health that said too little, and where nothing was wrong, too much. */
function healthProblems(
  { isTruthful }: ReplayFault,
  script: FaultScript,
  health: HealthLog,
): readonly string[] {
  const { lies, complaints } = health;
  const isFaultFree = isTruthful === true && script.length === 0;
  return [
    ...(lies.length === 0
      ? []
      : [`${lies.length} bars missing while health said that all was well: ${lies.slice(0, 3).join(', ')}`]),
    ...(isFaultFree && complaints.length > 0
      ? [`health complained without a fault: ${complaints.join('; ')}`]
      : []),
  ];
}

/** The venue's views of one tape differ in every row but the ones that show what happens when they do not. */
function viewsOf({ isTruthful }: ReplayFault, { venue }: ProofData): FaultScript {
  return isTruthful === true ? [] : disagreeing(venue, { correctsFor: CORRECTS_FOR });
}

/** What a row is about and never acted: any line of its own, or where it has none, a kind of the views that differ. */
function idleOf(
  venue: ProofData['venue'],
  { views, script }: { readonly views: FaultScript; readonly script: FaultScript },
  { faultsApplied, faultLines }: Pick<ReplayReport, 'faultsApplied' | 'faultLines'>,
): readonly string[] {
  if (script.length > 0)
    return idleLines(venue, script, new Set(faultLines.map((line) => line - views.length)));
  return neverActed(venue, views, faultsApplied).map((kind) => `${kind} never acted`);
}

/** What a fault may not leave behind. */
function problemsOf(report: ReplayReport, fault: ReplayFault): readonly string[] {
  const { candles, statuses, venue } = report;
  const problems: string[] = [];
  if (report.warmup.status !== 'complete') problems.push(`the warmup ended ${report.warmup.status}`);
  if (!isFaithful(report)) problems.push('the cache is not what the venue serves');
  if (candles.falselyQuiet > 0)
    problems.push(`${candles.falselyQuiet} bars said to be without trades that had some`);
  if (fault.isInCompany === true && candles.announcedFalselyQuiet > 0)
    problems.push(
      `${candles.announcedFalselyQuiet} bars announced for a time as without trades that had some`,
    );
  if (candles.announcedWrongLast > 0)
    problems.push(`${candles.announcedWrongLast} bars of which the last thing said is wrong`);
  if (venue !== 'coinbase' && candles.quiet > 0)
    problems.push(`${candles.quiet} bars said to be quiet that are none`);
  if (candles.unannounced > 0) problems.push(`${candles.unannounced} closes nobody was told of`);
  if (candles.revised > 0) problems.push(`${candles.revised} bars as only another native recording has them`);
  for (const status of [418, 429]) {
    const times = statuses[String(status)] ?? 0;
    if (times > 0 && fault.allows?.includes(status) !== true) problems.push(`${times} answers ${status}`);
  }
  return problems;
}

/** A script in a few words. @example '75m +10m frames-dropped' */
function causeOf(script: ReturnType<ReplayFault['script']>): string {
  return script
    .map(({ at, for: lasts, fault: { kind, ...rest } }) => {
      const fields = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
      const when = lasts === undefined ? timeText(at) : `${timeText(at)} +${timeText(lasts)}`;
      return [when, kind, ...fields].join(' ');
    })
    .join('; ');
}

function timeText(time: number | string): string {
  return typeof time === 'string' ? time : `${time / 1000}s`;
}
