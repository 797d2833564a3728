import { isFaithful } from '@livermore/replay';
import type { Difference, ReplayReport, ReplaySettings, SeriesReport } from '@livermore/replay';
import { count, duration, instant, percent } from './format';
import { line, note, styled, table } from './print';

const right = 'right' as const;
/** How many examples of anything are shown. */
const SHOWN = 10;

/** What a replay found, for people. */
export function printReplay(report: ReplayReport): void {
  const { venue, symbols, from, to, replayedMs, tookMs } = report;
  line(
    `${venue}: ${symbols.join(', ')} from ${instant(from)} to ${instant(to)} UTC (${duration(replayedMs)}, replayed in ${duration(tookMs)})`,
  );
  line(settingsText(report.settings));
  line();
  line(candleTable(report.series));
  line();
  line(announcedTable(report));
  line();
  printVerdict(report);
  printHoles(report);
  printRevised(report);
  printMistakes(report);
}

/** Under which settings of production, and of the venue's manners. @example 'production as it is: …' */
function settingsText({ derive, audit, tickers, updateEveryMs }: ReplaySettings): string {
  const deriving =
    derive === 'default' ? "deriving as the venue's protocol says" : derive ? 'deriving' : 'nothing derived';
  const updates =
    updateEveryMs === 'venue'
      ? "updates at the venue's own pace"
      : `updates at most every ${duration(updateEveryMs)}`;
  return `${deriving}, ${audit ? 'audited' : 'not audited'}, ${tickers ? 'with tickers' : 'without tickers'}, ${updates}`;
}

function candleTable(series: readonly SeriesReport[]): string {
  const titles = [
    'compared',
    'equal',
    'different',
    'missing',
    'revised',
    'no trades',
    'falsely quiet',
    'holes',
    'invented',
  ];
  const columns = [
    { title: 'symbol' },
    { title: 'tf' },
    ...titles.map((title) => ({ title, align: right })),
    { title: 'against' },
  ];
  const rows = series.map((each) => {
    const { compared, equal, different, missing, revised, quiet, falselyQuiet, holes, invented } = each;
    const numbers = [compared, equal, different, missing, revised, quiet, falselyQuiet, holes, invented];
    return [each.symbol, each.timeframe, ...numbers.map(countOrDot), againstText(each)];
  });
  return table(columns, rows);
}

function againstText({ native, compared }: SeriesReport): string {
  if (native === 0) return 'not native: sums of what was recorded';
  return native === compared ? 'native recording' : 'both';
}

function announcedTable({ announced, series }: ReplayReport): string {
  const titles = ['announced', 'right at once', 'share', 'right later', 'wrong at last', 'never told'];
  const columns = [{ title: 'tf' }, ...titles.map((title) => ({ title, align: right }))];
  const rows = announced.map((each) => [
    each.timeframe,
    countOrDot(each.announced),
    countOrDot(each.announcedRight),
    each.shareRight === undefined ? '·' : percent(each.shareRight),
    countOrDot(each.announcedWrongFirst),
    countOrDot(each.announcedWrongLast),
    countOrDot(
      series.filter((one) => one.timeframe === each.timeframe).reduce((sum, one) => sum + one.unannounced, 0),
    ),
  ]);
  return table(columns, rows);
}

function printVerdict(report: ReplayReport): void {
  const { candles, warmup, requests, weight } = report;
  const verdict = isFaithful(report) ? styled('green', '✔ equal') : styled('red', '✖ not equal');
  const { compared, different, pending, missing, invented, falselyQuiet } = candles;
  const late = pending === 0 ? '' : ` (${count(pending)} as before a correction)`;
  line(
    `${verdict}: ${count(compared)} closed candles compared, ${count(different)} different${late}, ${count(missing)} missing, ${count(invented)} invented, ${count(falselyQuiet)} falsely quiet`,
  );
  line(
    `${count(candles.announced)} closes announced: ${count(candles.announcedRight)} right at once, ${count(candles.announcedWrongFirst)} put right later, ${count(candles.announcedWrongLast)} wrong at last; ${count(candles.unannounced)} never told`,
  );
  line(
    `warmup ${warmup.status}: ${count(warmup.requests)} requests, weight ${count(warmup.weight)} (one page per series: ${count(warmup.naiveRequests)}); in all ${count(requests)} requests, weight ${count(weight)}`,
  );
}

function printHoles({ holes }: ReplayReport): void {
  for (const { symbol, timeframe, ranges } of holes) {
    const spans = ranges.map(({ from, to }) => `${instant(from)} to ${instant(to)}`);
    note(
      `hole of the venue, ${symbol} ${timeframe}: ${spans.slice(0, 5).join('; ')}${spans.length > 5 ? ' …' : ''}`,
    );
  }
}

function printRevised({ revised }: ReplayReport): void {
  if (revised.length === 0) return;
  note(
    `${count(revised.length)} recorded candles are contradicted by another native recording (the venue revised one of the two), for example:`,
  );
  for (const bar of revised.slice(0, 3)) {
    note(
      `  ${bar.symbol} ${bar.timeframe} ${instant(bar.openTime)}: volume ${bar.volume}, by its ${bar.parts} ${bar.partsVolume}`,
    );
  }
}

function printMistakes({ differences, missing, falselyQuiet }: ReplayReport): void {
  for (const each of differences.slice(0, SHOWN)) note(differenceText(each));
  for (const [what, list] of [
    ['missing', missing],
    ['falsely quiet', falselyQuiet],
  ] as const) {
    for (const { symbol, timeframe, openTimes } of list.slice(0, SHOWN)) {
      const more = openTimes.length > 3 ? ` and ${openTimes.length - 3} more` : '';
      note(`${what}: ${symbol} ${timeframe} ${openTimes.slice(0, 3).map(instant).join(', ')}${more}`);
    }
  }
}

function differenceText({ series, openTime, fields, cached, truth }: Difference): string {
  const what = fields.map((field) => `${field} ${String(cached[field])} instead of ${String(truth[field])}`);
  return `different: ${series.symbol} ${series.timeframe} ${instant(openTime)} ${what.join(', ')} (${cached.source ?? ''})`;
}

function countOrDot(value: number): string {
  return value === 0 ? '·' : count(value);
}
