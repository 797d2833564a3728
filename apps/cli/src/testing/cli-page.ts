import { EXIT_CODES } from '../exit-codes';
import { createProgram } from '../program';

const HELP_WIDTH = 100;

const EXIT_CODE_MEANINGS: Readonly<Record<keyof typeof EXIT_CODES, string>> = {
  ok: 'Done. `up` and `simulate` also end with it when they were asked to stop.',
  failure: 'Something unexpected went wrong; the last line on stderr says what.',
  usage:
    'The command line: an unknown flag, exchange, symbol or timeframe, a URL, port or folder that is not usable.',
  incomplete: 'It ran, and candles are missing (`coverage`, `warmup`) or different (`replay`).',
  venue: 'The venue refused: banned, blocked here, rate-limited beyond patience, or it does not answer.',
  redis: 'Redis cannot be used: too old, read-only, full, or out of reach.',
  held: 'Another process works on the data directory; the line says which.',
  interrupted: 'Interrupted before it was done: a second Ctrl-C, or a warmup that was stopped.',
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
  candles: `$ livermore candles sandbox BTCUSDT 1m --limit 3
open time (UTC)          open      high       low     close  volume  state    source  true at (UTC)
2026-11-20 12:12:00   78908.8  78923.59  78892.47  78910.95  0.3551  closed   stream  2026-11-20 12:13:00
2026-11-20 12:13:00  78910.96  78923.59  78892.47   78901.4  0.4284  closed   stream  2026-11-20 12:14:00
2026-11-20 12:14:00  78901.41  78923.59  78898.36  78916.69  0.0914  forming  stream  2026-11-20 12:14:12`,
  coverage: `$ livermore coverage sandbox --symbols BTCUSDT --timeframes 1m,1d
symbol   tf   present  no trades  missing  newest (UTC)         state
BTCUSDT  1m   100/100                      2026-11-20 12:13:00  complete
BTCUSDT  1d   100/100                      2026-11-19 00:00:00  complete
2 of 2 series complete over their last 100 bars`,
  simulate: `$ livermore simulate --venue coinbase --port 8778
{"event":"simulator_ready","venue":"coinbase","rest":"http://127.0.0.1:8778","ws":"ws://127.0.0.1:8778"}
coinbase, simulated: 34 symbols, invented prices. Ctrl-C stops it.`,
  replay: `$ livermore replay --venue binance --data DIR --from 2025-05-20T00:00:00Z --to 2025-05-20T12:00:00Z
deriving as the venue's protocol says, audited, with tickers, updates at the venue's own pace
symbol   tf   compared  equal  different  missing  revised  no trades  falsely quiet  holes  invented  against
BTCUSDT  1m        720    720          ·        ·        ·          ·              ·      ·         ·  native recording
BTCUSDT  5m        144    144          ·        ·        ·          ·              ·      ·         ·  native recording
tf   announced  right at once   share  right later  wrong at last  never told
1m         720            720  100.0%            ·              ·           ·
5m         144            144  100.0%            ·              ·           ·
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
JSON value a line on stdout, logs on stderr (for \`up\` in \`livermore.log\` of its data directory). A mistake is told on stderr with
what would be right. Passwords in URLs are never shown, logged, or passed on in arguments.

Where candles are: \`--redis\`, else \`REDIS_URL\`, else the Redis that \`livermore up\` runs on the data directory, else one
that is started on it for as long as the command takes. The data directory is \`--data-dir\`, else \`LIVERMORE_DATA_DIR\`, else
\`$XDG_STATE_HOME/livermore\`. \`LIVERMORE_LOG_LEVEL\` is \`debug\`, \`info\`, \`warn\`, \`error\` or \`silent\`.

\`up\` keeps running what it started: a node or a simulator that ends by itself is started again after 1, 2, 4 … seconds, up to
a minute; one that says it was called wrongly is not. However \`up\` ends, its children end with it.

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
