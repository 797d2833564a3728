import { EXIT_CODES } from '../exit-codes';
import { createProgram } from '../program';

const HELP_WIDTH = 100;

const EXIT_CODE_MEANINGS: Readonly<Record<keyof typeof EXIT_CODES, string>> = {
  ok: 'Done. `up` and `node`, once live, and `simulate` also end with it when they were asked to stop.',
  failure: 'Something unexpected went wrong; the last line on stderr says what.',
  usage:
    'The command line: an unknown flag, exchange, symbol or timeframe, a URL, port or folder that is not usable.',
  incomplete: 'It ran, and candles are missing (`coverage`, `warmup`) or different (`replay`).',
  venue: 'The venue refused: banned, blocked here, rate-limited beyond patience, or it does not answer.',
  redis:
    'Redis cannot be used: too old, read-only, full, in cluster mode, not letting us in, or out of reach; or none of ours runs (`redis-url`).',
  held: 'Another process works on the data directory; the line says which.',
  interrupted:
    'Ctrl-C before it was done: before anything was live, or a warmup that was stopped; a second Ctrl-C.',
  terminated: 'The same by SIGTERM.',
};

/** What a command looks like in use: captured, with the simulated exchange. */
const EXAMPLES: Readonly<Record<string, string>> = {
  up: `$ livermore up
✔ redis 7.0.15 at redis://127.0.0.1:6390, data in ~/.local/state/livermore
✔ Exchange sandbox: simulated, its prices are invented (http://127.0.0.1:8101)
  216 of 216 series need candles. Plan: 108 requests (one page per series would be 216), weight 216, about 2.4s.
✔ Warm: 216 series in 2.6s.
✔ Live. Ctrl-C stops cleanly.
  candles  redis://127.0.0.1:6390
  address  npx livermore redis-url   (with its password, for your programs)
  metrics  http://127.0.0.1:9464/metrics
  health   http://127.0.0.1:9464/health
  log      ~/.local/state/livermore/livermore.log
  look     npx livermore candles sandbox SYMBOL 1m
           npx livermore coverage sandbox
12:13:00  1m ×36  BTCUSDT 78910.95 ·  all written 0.03 s after the close`,
  warmup: `$ livermore warmup binance --symbols all --rest-url http://127.0.0.1:8777 --ws-url ws://127.0.0.1:8777
216 of 216 series need candles. Plan: 108 requests (one page per series would be 216), weight 216, about 2.4s.
✔ Warm: 216 series in 2.5s.
  108 requests of 108 planned, weight 216; 54,216 candles fetched, 10,800 derived, in 2.5s`,
  candles: `$ livermore candles binance ATOMUSDT 1m --limit 7
open time (UTC)       open   high    low  close    volume  state        source  standing  true at (UTC)
2026-11-21 18:49:00  2.576  2.576  2.574  2.574  804.0376  settled      rest    settled   2026-11-21 18:52:48  corrected
2026-11-21 18:50:00  2.574  2.574  2.574  2.574   8271.86  settled      rest    settled   2026-11-21 18:52:07
2026-11-21 18:51:00  2.575  2.575  2.574  2.574    7971.1  settled      rest    settled   2026-11-21 18:52:07
2026-11-21 18:52:00  2.575  2.575  2.575  2.575    9393.8  provisional  stream            2026-11-21 18:53:00
2026-11-21 18:53:00  2.574  2.574  2.574  2.574   7115.31  provisional  stream            2026-11-21 18:54:00
2026-11-21 18:54:00  2.575  2.575  2.574  2.574   28046.3  provisional  stream            2026-11-21 18:55:00
2026-11-21 18:55:00  2.574  2.574  2.574  2.574         0  forming      stream            2026-11-21 18:55:02`,
  coverage: `$ livermore coverage binance --symbols ATOMUSDT --timeframes 1m,1d
symbol    tf  present  no trades  missing  provisional  settled  final  waiting  newest (UTC)         verified through     state
ATOMUSDT  1m  100/100         18                     3       97                  2026-11-21 18:54:00  2026-11-21 18:41:00  complete
ATOMUSDT  1d  100/100                                       100                  2026-11-20 00:00:00  2026-11-20 00:00:00  complete
2 of 2 series complete over their last 100 bars
2 compared with the venue's own; bars waiting to be read again: 0, in doubt: 0`,
  corrections: `$ livermore corrections binance
changed (UTC)        symbol    tf  bar (UTC)            as of, after its close  source         cause  old → new
2026-11-21 18:52:48  ATOMUSDT  1m  2026-11-21 18:49:00  16ms → 2m 48s           stream → rest  look   volume 714.7 → 804.0376
2026-11-21 18:54:13  KNCUSDT   1m  2026-11-21 18:49:00  16ms → 4m 14s           stream → rest  look   volume 0 → 0.0001
2026-11-21 18:54:18  BANDUSDT  1m  2026-11-21 18:49:00  16ms → 4m 19s           stream → rest  look   volume 0 → 0.0001
2026-11-21 18:54:23  ETHBTC    1m  2026-11-21 18:49:00  16ms → 4m 24s           stream → rest  look   volume 30.64 → 34.4701
2026-11-21 18:54:33  SUSHIBTC  1m  2026-11-21 18:49:00  16ms → 4m 34s           stream → rest  look   volume 0 → 0.0001
changes of closed bars since 2026-10-22 18:54:56 (UTC): 5`,
  quality: `$ livermore quality sandbox --days 1
day (UTC)   tf   expected  within 5 s  compared   equal  different  so differ              corrected  settled  right first
2026-11-21  1m        216         216    18,242  18,242          0  less than 3 in 18,242          0       98           98
2026-11-21  5m         72          72     3,636   3,636          0  less than 3 in 3,636           0       36           36
2026-11-21  15m        36          36     3,096   3,096          0  less than 3 in 3,096           0       36           36
2026-11-21  1h          0           0       756     756          0  less than 3 in 756             0        0            0
2026-11-21  4h          0           0       180     180          0  less than 3 in 180             0        0            0
all         all       324         324    25,910  25,910          0  less than 3 in 25,910          0      170          170
comparisons with the venue's own: 25,910, different: 0, so less than 3 in 25,910 differ (95 % confidence); 324 of 324 were there within 5 s of their close; 170 of 170 that are settled were right when first said`,
  'redis-url': `$ REDIS_URL=$(npx livermore redis-url) node examples/read-candles.mjs 90 BTCUSDT 1m 2
2026-11-21T19:23:00Z  78448.39  78629.63  78423.58  78599.8  0.2254  settled  rest
2026-11-21T19:24:00Z  78599.8  78620.42  78554.15  78583.63  0.245  forming  stream`,
  simulate: `$ livermore simulate --venue coinbase --port 8778
{"event":"simulator_ready","venue":"coinbase","rest":"http://127.0.0.1:8778","ws":"ws://127.0.0.1:8778"}
coinbase, simulated: 34 symbols, invented prices. Ctrl-C stops it.`,
  replay: `$ livermore replay --venue binance --data DIR --from 2025-05-20T00:00:00Z --to 2025-05-20T12:00:00Z
deriving as the venue's protocol says, audited, with tickers, updates at the venue's own pace
symbol   tf   compared  equal  different  missing  revised  no trades  falsely quiet  holes  invented  against
BTCUSDT  1m        720    720          ·        ·        ·          ·              ·      ·         ·  native recording
BTCUSDT  5m        144    144          ·        ·        ·          ·              ·      ·         ·  native recording
tf   announced  right at once   share  right later  as another recording  wrong at last  never told
1m         720            720  100.0%            ·                     ·              ·           ·
5m         144            144  100.0%            ·                     ·              ·           ·
✔ equal: 927 closed candles compared, 0 different, 0 missing, 0 invented, 0 falsely quiet`,
};

/** The text of docs/cli.md: what `--help` says of every command, and an example of its use. */
export function cliPage(): string {
  const program = createProgram();
  const commands = program.commands.filter((command) => command.name() !== 'help');
  const sections = commands.map((command) => {
    command.configureOutput({ getOutHelpWidth: () => HELP_WIDTH });
    const example = EXAMPLES[command.name()];
    const shown = example === undefined ? '' : `\n${fenced(example)}\n`;
    return `## ${command.name()}\n\n${fenced(command.helpInformation().trimEnd())}\n${shown}`;
  });
  return `${INTRODUCTION}\n${exitCodes()}\n\n${sections.join('\n')}`;
}

const INTRODUCTION = `# The command line

\`npx livermore COMMAND\` in a checkout; it builds what changed and runs. This page is written from the program by
\`npx vitest run -u apps/cli/src/cli-page.test.ts\`, which fails without \`-u\` when they differ.

People get tables, colours and progress; \`NO_COLOR\`, a pipe or a file get plain text. Programs give \`--json\`: one
JSON value a line on stdout, logs on stderr (for \`up\` in its data directory: \`livermore.log\` is the node's, \`livermore-up.log\`
its own). A log file is kept to 20 MB, and the two before it beside it as \`.1\` and \`.2\`. A mistake is told on stderr with
what would be right. What venues, files and Redis say is shown without escape sequences, control characters and marks that are not seen,
and escaped in JSON and logs. Passwords in URLs are never shown, logged, or passed on in arguments; only \`redis-url\` prints one. What
you write after \`--redis\` everyone on the machine can see while the command runs: a URL with a password belongs in \`REDIS_URL\`.

Where candles are: \`--redis\`, else \`REDIS_URL\`, else the Redis that \`livermore up\` runs on the data directory, else one
that is started on it for as long as the command takes. The data directory is \`--data-dir\`, else \`LIVERMORE_DATA_DIR\`, else
\`$XDG_STATE_HOME/livermore\`. \`LIVERMORE_LOG_LEVEL\` is \`debug\`, \`info\`, \`warn\`, \`error\` or \`silent\`.

\`up\` keeps running what it started: a node or a simulator that ends by itself is started again after 1, 2, 4 … seconds, up to
a minute; one that says it was called wrongly is not. However \`up\` ends, its children end with it.

\`/metrics\` and \`/health\` are for programs on this machine: they answer to \`localhost\`, \`127.0.0.1\` and \`[::1]\` with their port, and
refuse what a page of another origin sends.

## Exit codes
`;

function exitCodes(): string {
  const rows = Object.entries(EXIT_CODE_MEANINGS).map(
    ([name, meaning]) => `| ${codeOf(name)} | ${name} | ${meaning} |`,
  );
  return ['| code | name | meaning |', '|--:|---|---|', ...rows].join('\n');
}

function codeOf(name: string): number {
  return Object.entries(EXIT_CODES).find(([each]) => each === name)?.[1] ?? EXIT_CODES.failure;
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}
