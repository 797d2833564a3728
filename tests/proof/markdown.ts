import type { ProofRow } from './row';
import { table } from './table';
import type { Cell } from './table';

export interface ProofDocument {
  readonly command: string;
  /** Where the candles come from, a sentence each. */
  readonly origins: readonly string[];
  readonly rows: readonly ProofRow[];
}

const COLUMNS = [
  'venue',
  'fault',
  'how it was caused',
  'compared',
  'equal',
  'different',
  'missing',
  'invented',
  'revised',
  'holes',
  'quiet',
  'falsely quiet',
  'right at first',
  'wrong at last',
  'requests',
  '429',
  '418',
  'connections',
  'closes told',
  'verdict',
] as const;
/** Columns of words; the others are of numbers. */
const TEXTS = new Set(['venue', 'fault', 'how it was caused', 'verdict']);

const LEGEND = `**compared**: closed bars that the venue has and the cache has, over all six timeframes and every symbol: in a
replay all that is cached, with processes from 60 bars before the start on, the least that is left where a node is started more than once. **different**, **missing**, **invented**: must be 0. **revised**: equal to
another native recording of the bar, with which the first disagrees, and never to what the venue itself corrected; must be 0. **holes**: bars the venue never had
(an outage), which the cache does not have either and coverage reports as absent at the venue. **quiet**: bars without trades on a venue that serves none for
them, stored flat on proof. **falsely quiet**: said to be without trades although there were some; must be 0. **right at first**:
the share of the bars told on the close channel whose first announcement had the values the venue ends with (it
lacks what the venue itself corrects later); **wrong at last**: bars of which the last thing said is not what they are; must be 0, but where
Redis was emptied, and with it what had been told. **429**, **418**: answers with which the venue told us to slow down or banned us; any that
the fault itself did not bring fails the row. **closes told**: closes heard on the Redis channel, corrections included;
a row also fails when a bar that closed while the exchange was live was never told (with processes: where Redis was never hurt and no
node was killed), and in a replay when a line of its script never acted: then nothing was tried. The venue's views of one tape (REST, stream, snapshot, listing) differ moderately in every row
but those that say that they do not.`;

/** The matrix as a page of the documentation. */
export function documentOf({ command, origins, rows }: ProofDocument): string {
  const failed = rows.filter((row) => row.problems.length > 0);
  return [
    '# Faults survived',
    '',
    `Written by \`${command}\`; do not edit. ${rows.length - failed.length} of ${rows.length} rows hold.`,
    '',
    ...origins.map((origin) => `- ${origin}`),
    '',
    LEGEND,
    '',
    ...section('On the replayed clock', REPLAY_INTRODUCTION, rowsOf(rows, 'replay')),
    ...section('With real processes', PROCESS_INTRODUCTION, rowsOf(rows, 'process')),
    ...failures(failed),
  ].join('\n');
}

const REPLAY_INTRODUCTION = `The production path (adapter, book, writer, warmup, repair) lives through 80 minutes before
a midnight and an hour after it, against the simulated venue and a real Redis, on one clock; midnight closes a bar of every
timeframe. Afterwards every closed bar in Redis is compared with what the venue serves. Times are counted from the start.`;

const PROCESS_INTRODUCTION = `Nodes in processes of their own, the simulated venue on real sockets and a real Redis, in a time
that all of them share and that goes 20 times faster than the real one, around a midnight. Candles are those of the seeded market.`;

function rowsOf(rows: readonly ProofRow[], group: ProofRow['group']): readonly ProofRow[] {
  return rows.filter((row) => row.group === group);
}

function section(title: string, introduction: string, rows: readonly ProofRow[]): readonly string[] {
  if (rows.length === 0) return [];
  return [`## ${title}`, '', introduction, '', ...table(COLUMNS, rows.map(cellsOf), TEXTS), ''];
}

function cellsOf(row: ProofRow): readonly Cell[] {
  const { compared, equal, different, missing, invented, revised, holes, quiet, falselyQuiet } = row.candles;
  const { announced, announcedRight, announcedWrongLast } = row.candles;
  const numbers = [compared, equal, different, missing, invented, revised, holes, quiet, falselyQuiet];
  const told = announced === 0 ? ['–', '–'] : [percent(announcedRight / announced), announcedWrongLast];
  const refusals = [row.statuses['429'] ?? 0, row.statuses['418'] ?? 0];
  return [
    row.venue,
    row.title,
    row.cause === '' ? '–' : row.cause,
    ...numbers,
    ...told,
    row.requests,
    ...refusals,
    row.connections,
    row.announced,
    row.problems.length === 0 ? 'holds' : '**fails**',
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function failures(failed: readonly ProofRow[]): readonly string[] {
  if (failed.length === 0) return [];
  return [
    '## What fails',
    '',
    ...failed.map((row) => `- ${row.venue}, ${row.title} (\`${row.id}\`): ${row.problems.join('; ')}`),
    '',
  ];
}
