import { count, table } from '../table';
import type { Cell } from '../table';
import { SYMBOLS_PER_RUN } from './plan';
import type { RunRecord } from './record';
import { problemsOf, sumsOf, totalsOf } from './sums';
import type { VenueSum } from './sums';

/** With none wrong among n, less than 3 in n are, at 95 %. */
const RULE_OF_THREE = 3;
/** Times within which bars were settled, seconds: of those that the exchange's own histogram knows. */
const SHOWN_SECONDS = ['1', '10', '30', '60', '120', '300', '600', '1800', '3600', '+Inf'] as const;
const WRONG_SHOWN = 50;

/** Columns of words; the others are of numbers. */
const TEXTS = new Set(['venue', 'timeframe']);

type Cells = readonly Cell[];

/** The runs as a page of the documentation. */
export function barsPage(runs: readonly RunRecord[], wanted: number): string {
  const venues = sumsOf(runs);
  return [
    '# Bars compared',
    '',
    `Written by \`npm run proof -- --bars ${wanted}\`; do not edit.`,
    '',
    introduction(),
    '',
    boundText(runs, wanted),
    '',
    '## Bars',
    '',
    ...table(
      BAR_COLUMNS,
      [
        ...venues.map((sum) => barCells(sum.venue, sum.runs, sum.candles)),
        barCells('all', runs.length, totalsOf(runs.map(({ candles }) => candles))),
      ],
      TEXTS,
    ),
    '',
    BAR_LEGEND,
    '',
    `Of the holes ${count(runs.reduce((sum, run) => sum + run.undecided, 0))} were not decided when their run ended: nothing later had traded, so that nothing could be proven.`,
    '',
    '## Right when first announced',
    '',
    ...table(ANNOUNCED_COLUMNS, venues.flatMap(announcedRows), TEXTS),
    '',
    '## How long a bar was provisional',
    '',
    'Share of the bars that closed while the exchange was live which were settled within so long of their close, as the',
    'exchange itself measured it (`livermore_settled_after_seconds`). One that is corrected counts again when the correction is settled.',
    '',
    ...table(
      ['venue', 'timeframe', ...SHOWN_SECONDS.map((each) => (each === '+Inf' ? 'settled' : `${each} s`))],
      venues.flatMap(settledRows),
      TEXTS,
    ),
    '',
    ...wrongOf(runs),
  ].join('\n');
}

function introduction(): string {
  return `Each run is one seed at one venue: a seeded market (${SYMBOLS_PER_RUN.binance} symbols on Binance, ${SYMBOLS_PER_RUN.coinbase} on Coinbase, from the busiest
to ones that trade a few times a day), warmed up and then lived through for an hour and a half, every third one over a midnight, by the
production path with its own settings, audit included. The venue's REST, stream, snapshot and listing disagree all the time, and it
corrects closed bars up to ten minutes after their close. At the end every closed bar in Redis is compared with the tape: what was lived,
and everything that the warmup brought.
No two runs have a venue and a seed in common, and within one each bar is counted once: all are distinct. Corrections end
forty minutes before a run does: the audit reads each series at most every ten minutes within 2 % of the venue's allowance, which
600 series on Binance and 96 on Coinbase just fit, and a correction is believed on two readings ten minutes apart. After its end a run
goes on for half an hour: the stream tells a longer bar that closes at the end without the corrections of its minutes.`;
}

/** What was shown so far, and no more than that. */
function boundText(runs: readonly RunRecord[], wanted: number): string {
  const { compared, lived, ...found } = totalsOf(runs.map(({ candles }) => candles));
  const wrong = found.different + found.falselyQuiet + found.invented;
  const reached = `${count(compared)} of ${count(wanted)} bars compared in ${count(runs.length)} runs, ${count(lived)} of them lived live.`;
  if (wrong > 0) return `${reached} **${count(wrong)} are different, invented or falsely quiet.**`;
  return `${reached} 0 are different, invented or falsely quiet. Were bars independent of each other, that would bound the share of wrong
ones, at 95 %: ${bound(compared)}; of the lived ones alone ${bound(lived)}. They are not quite: the bars of a symbol share its trades.`;
}

function bound(n: number): string {
  return n === 0 ? 'nothing' : `less than 3 in ${count(n)} (${perMillion(n)} in a million)`;
}

function perMillion(bars: number): string {
  return ((RULE_OF_THREE / bars) * 1e6).toFixed(2);
}

const BAR_COLUMNS = [
  'venue',
  'runs',
  'compared',
  'lived',
  'warmed',
  'different',
  'missing',
  'invented',
  'falsely quiet',
  'quiet',
  'holes',
  'announced',
  'right at first',
  'quiet for a time',
  'wrong at last',
  'never told',
];

const BAR_LEGEND = `**lived**: closed while the exchange was live; **warmed**: fetched as history. **quiet**: said to be without trades, which
is right, on a venue that serves no row for them; not among those compared. **falsely quiet**: said to be without trades
where there were some. **holes**: times of which the venue has no bar and neither has the cache: absent, or not decided yet. **quiet for a time**: said at any time to be
without trades, and had some. **wrong at last**: the last thing said on the close channel is not what the bar is. **never told**: closed
while the exchange was live and was never announced.`;

function barCells(venue: string, runs: number, candles: RunRecord['candles']): Cells {
  const { compared, lived, different, missing, invented, falselyQuiet, quiet, holes, unannounced } = candles;
  const { announced, announcedRight, announcedFalselyQuiet, announcedWrongLast } = candles;
  return [
    venue,
    runs,
    compared,
    lived,
    compared - lived,
    different,
    missing,
    invented,
    falselyQuiet,
    quiet,
    holes,
    announced,
    share(announcedRight, announced),
    announcedFalselyQuiet,
    announcedWrongLast,
    unannounced,
  ];
}

const ANNOUNCED_COLUMNS = [
  'venue',
  'timeframe',
  'announced',
  'right at first',
  'share',
  'right later',
  'wrong at last',
];

function announcedRows({ venue, announced }: VenueSum): readonly Cells[] {
  return announced.map((each) => [
    venue,
    each.timeframe,
    each.announced,
    each.announcedRight,
    share(each.announcedRight, each.announced),
    each.announcedWrongFirst,
    each.announcedWrongLast,
  ]);
}

function settledRows({ venue, settled }: VenueSum): readonly Cells[] {
  return settled.map(({ timeframe, within }) => {
    const by = new Map(within.map(({ seconds, bars }) => [seconds, bars]));
    const all = by.get('+Inf') ?? 0;
    const shares = SHOWN_SECONDS.slice(0, -1).map((seconds) => share(by.get(seconds) ?? 0, all));
    return [venue, timeframe, ...shares, all];
  });
}

function wrongOf(runs: readonly RunRecord[]): readonly string[] {
  const failed = runs.filter((run) => problemsOf(run).length > 0);
  if (failed.length === 0) return [];
  return [
    '## What is wrong',
    '',
    ...failed.flatMap((run) => [
      `- ${run.venue}, seed ${run.seed}: ${problemsOf(run).join('; ')}`,
      ...run.wrong.slice(0, WRONG_SHOWN).map((each) => `  - ${each}`),
    ]),
    '',
  ];
}

function share(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((part / whole) * 100).toFixed(2)} %`;
}
