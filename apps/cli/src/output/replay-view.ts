import { isFaithful } from '@livermore/replay';
import type { Difference, ReplayReport, ReplaySettings, SeriesReport } from '@livermore/replay';
import { count, duration, instant, percent } from './format';
import { line, note, styled, table } from './print';

const right = 'right' as const;
/** How many examples of anything are shown. */
const SHOWN = 10;

/** What a replay found, for people: figures on stdout, examples on stderr. */
export function printReplay(report: ReplayReport): void {
  for (const text of replayLines(report)) line(text);
  for (const text of replayNotes(report)) note(text);
}

/** The figures. */
export function replayLines(report: ReplayReport): readonly string[] {
  const { venue, symbols, from, to, replayedMs, tookMs } = report;
  return [
    `${venue}: ${symbols.join(', ')} from ${instant(from)} to ${instant(to)} UTC (${duration(replayedMs)}, replayed in ${duration(tookMs)})`,
    settingsText(report.settings),
    '',
    candleTable(report.series),
    '',
    announcedTable(report),
    '',
    ...verdictLines(report),
  ];
}

/** What is worth a look, by example. */
export function replayNotes(report: ReplayReport): readonly string[] {
  return [...holeNotes(report), ...revisedNotes(report), ...mistakeNotes(report)];
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
  const titles = [
    'announced',
    'right at once',
    'share',
    'right later',
    'as another recording',
    'wrong at last',
    'never told',
  ];
  const columns = [{ title: 'tf' }, ...titles.map((title) => ({ title, align: right }))];
  const rows = announced.map((each) => [
    each.timeframe,
    countOrDot(each.announced),
    countOrDot(each.announcedRight),
    each.shareRight === undefined ? '·' : percent(each.shareRight),
    countOrDot(each.announcedWrongFirst),
    countOrDot(each.announcedOther),
    countOrDot(each.announcedWrongLast),
    countOrDot(
      series.filter((one) => one.timeframe === each.timeframe).reduce((sum, one) => sum + one.unannounced, 0),
    ),
  ]);
  return table(columns, rows);
}

function verdictLines(report: ReplayReport): readonly string[] {
  const { candles, warmup, requests, weight } = report;
  const verdict = isFaithful(report) ? styled('green', '✔ equal') : styled('red', '✖ not equal');
  const { compared, different, pending, missing, invented, falselyQuiet } = candles;
  const late = pending === 0 ? '' : ` (${count(pending)} as before a correction)`;
  const { unreadable, untoldOwner } = report.closes;
  const garbled =
    unreadable + untoldOwner === 0
      ? ''
      : `, ${count(unreadable)} unreadable, ${count(untoldOwner)} not told alike to all`;
  return [
    `${verdict}: ${count(compared)} closed candles compared, ${count(different)} different${late}, ${count(missing)} missing, ${count(invented)} invented, ${count(falselyQuiet)} falsely quiet`,
    `${count(candles.announced)} closes announced: ${count(candles.announcedRight)} right at once, ${count(candles.announcedWrongFirst)} put right later, ${count(candles.announcedWrongLast)} wrong at last; ${count(candles.unannounced)} never told${garbled}`,
    `warmup ${warmup.status}: ${count(warmup.requests)} requests, weight ${count(warmup.weight)} (one page per series: ${count(warmup.naiveRequests)}); in all ${count(requests)} requests, weight ${count(weight)}`,
  ];
}

function holeNotes({ holes }: ReplayReport): readonly string[] {
  return holes.map(({ symbol, timeframe, ranges }) => {
    const spans = ranges.slice(0, 5).map(({ from, to }) => `${instant(from)} to ${instant(to)}`);
    return `hole of the venue, ${symbol} ${timeframe}: ${spans.join('; ')}${ranges.length > 5 ? ' …' : ''}`;
  });
}

function revisedNotes({ revised }: ReplayReport): readonly string[] {
  if (revised.length === 0) return [];
  const examples = revised
    .slice(0, 3)
    .map(
      (bar) =>
        `  ${bar.symbol} ${bar.timeframe} ${instant(bar.openTime)}: volume ${bar.volume}, by its ${bar.parts} ${bar.partsVolume}`,
    );
  return [
    `${count(revised.length)} recorded candles are contradicted by another native recording (the venue revised one of the two), for example:`,
    ...examples,
  ];
}

function mistakeNotes({ differences, missing, falselyQuiet }: ReplayReport): readonly string[] {
  const listed = [...missing.map(namedAs('missing')), ...falselyQuiet.map(namedAs('falsely quiet'))];
  return [...differences.slice(0, SHOWN).map(differenceText), ...listed.slice(0, 2 * SHOWN)];
}

function namedAs(what: string): (each: ReplayReport['missing'][number]) => string {
  return ({ symbol, timeframe, openTimes }) => {
    const more = openTimes.length > 3 ? ` and ${openTimes.length - 3} more` : '';
    return `${what}: ${symbol} ${timeframe} ${openTimes.slice(0, 3).map(instant).join(', ')}${more}`;
  };
}

function differenceText({ series, openTime, fields, cached, truth }: Difference): string {
  const what = fields.map((field) => `${field} ${String(cached[field])} instead of ${String(truth[field])}`);
  return `different: ${series.symbol} ${series.timeframe} ${instant(openTime)} ${what.join(', ')} (${cached.source ?? ''})`;
}

function countOrDot(value: number): string {
  return value === 0 ? '·' : count(value);
}
