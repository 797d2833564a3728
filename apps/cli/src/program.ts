import { Command, Option } from '@commander-js/extra-typings';
import { QUALITY_KEPT_DAYS } from '@livermore/cache';
import { DEFAULT_CANDLE_TARGET, MAX_CANDLE_TARGET } from '@livermore/exchange-core';
import { HARDCODED_CONFIG } from '@livermore/schemas';
import { SIMULATED_VENUES } from '@livermore/simulator';
import { LOG_LEVELS } from '@livermore/utils';
import {
  exchangeName,
  isoInstant,
  keptBars,
  keptCandles,
  list,
  port,
  replaySpeed,
  since,
  symbolList,
  timeframe,
  timeframeList,
  url,
  venueName,
  wholeNumber,
} from './arguments';
import { candles } from './commands/candles';
import { corrections } from './commands/corrections';
import { coverage } from './commands/coverage';
import { doctor } from './commands/doctor';
import { node } from './commands/node';
import { quality } from './commands/quality';
import { redisUrl } from './commands/redis-url';
import { replay } from './commands/replay';
import { simulate } from './commands/simulate';
import { symbols } from './commands/symbols';
import { up } from './commands/up';
import { warmup } from './commands/warmup';
import { readConfig } from './config';
import { EXIT_CODES } from './exit-codes';
import { printable } from './output/print';
import { withoutSecrets } from './secrets';

const DEFAULT_METRICS_PORT = 9464;
const DEFAULT_SEED = 7;
const DEFAULT_QUALITY_DAYS = 7;
const PORT_TEXT = 'loopback port (0: any free one)';

const redisOption = () =>
  new Option(
    '--redis <url>',
    'Redis to use (default: REDIS_URL, else the one of the data directory)',
  ).argParser(url('redis', 'rediss', 'unix'));
const dataDirOption = () =>
  new Option('--data-dir <dir>', 'where everything is kept (default: $XDG_STATE_HOME/livermore)');
const jsonOption = () => new Option('--json', 'JSON on stdout, one value a line; logs stay on stderr');
const symbolsOption = () =>
  new Option(
    '--symbols <list>',
    'symbols separated by commas, "all", or "top:N" by activity (default: top:25; all in the sandbox)',
  ).argParser(symbolList);
const keptSymbolsOption = (byDefault: string) =>
  new Option(
    '--symbols <list>',
    `only these, separated by commas, or "top:N" of those that are kept live (default: ${byDefault})`,
  ).argParser(symbolList);
const onlySymbolsOption = () =>
  new Option('--symbols <list>', 'only these, separated by commas (default: all)').argParser(list);
const timeframesOption = () =>
  new Option('--timeframes <list>', 'timeframes separated by commas (default: 1m,5m,15m,1h,4h,1d)').argParser(
    timeframeList,
  );
const restUrlOption = () =>
  new Option('--rest-url <url>', "REST address instead of the venue's own").argParser(url('http', 'https'));
const wsUrlOption = () =>
  new Option('--ws-url <url>', "WebSocket address instead of the venue's own").argParser(url('ws', 'wss'));
const logLevelOption = () => new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS);
const logFileOption = () => new Option('--log-file <file>', 'log into a file instead of stderr');
const metricsPortOption = () =>
  new Option('--metrics-port <port>', `${PORT_TEXT} of /metrics and /health`)
    .argParser(port)
    .default(DEFAULT_METRICS_PORT);
const seedOption = () =>
  new Option('--seed <n>', 'seed of the simulated market').argParser(wholeNumber(0)).default(DEFAULT_SEED);

const FOOTER = `
Exit codes: ${Object.entries(EXIT_CODES)
  .map(([name, code]) => `${code} ${name}`)
  .join(', ')}.

Examples:
  livermore up                                   a simulated exchange, from nothing
  livermore up --exchange binance_us             the real one
  livermore warmup coinbase --symbols BTC-USD,ETH-USD --plan
  livermore candles sandbox BTCUSDT 1m --limit 5`;

/** The whole command line. Commands set the process's exit code; errors are thrown to the caller. */
export function createProgram(): Command {
  const program = new Command('livermore')
    .description('Complete, correct crypto candles in Redis the moment they close.')
    .version('0.1.0')
    .showHelpAfterError('(livermore --help tells more)')
    // A mistyped URL is repeated by the parser: not with its password.
    .configureOutput({ outputError: (text, write) => write(printable(withoutSecrets(text))) })
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .addHelpText('after', FOOTER)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage));
  addUp(program);
  addWarmup(program);
  addLooks(program);
  addTruth(program);
  addMachine(program);
  addSimulator(program);
  addNode(program);
  return program;
}

function addUp(program: Command): void {
  program
    .command('up')
    .description(
      'start everything on this machine: stores, a simulated exchange unless another is asked for, a node',
    )
    .addOption(new Option('--exchange <name>', 'exchange to run').argParser(exchangeName).default('sandbox'))
    .addOption(symbolsOption())
    .addOption(dataDirOption())
    .addOption(redisOption())
    .addOption(restUrlOption())
    .addOption(wsUrlOption())
    .addOption(metricsPortOption())
    .addOption(seedOption())
    .addOption(jsonOption())
    .action((options) => up(options, readConfig()));
}

function addWarmup(program: Command): void {
  program
    .command('warmup')
    .description(
      'make the cache of an exchange deep, fresh and without holes: plan, or plan and execute; exit code 3 when some series stayed incomplete',
    )
    .argument('<exchange>', 'name of the exchange', exchangeName)
    .addOption(symbolsOption())
    .addOption(timeframesOption())
    .addOption(
      new Option('--target <bars>', `candles of each series, ${MAX_CANDLE_TARGET} at most`)
        .argParser(keptBars)
        .default(DEFAULT_CANDLE_TARGET),
    )
    .addOption(new Option('--plan', 'show the plan and its cost, fetch nothing'))
    .addOption(new Option('--no-derive', 'fetch every timeframe natively, derive none'))
    .addOption(restUrlOption())
    .addOption(wsUrlOption())
    .addOption(redisOption())
    .addOption(dataDirOption())
    .addOption(logLevelOption())
    .addOption(logFileOption())
    .addOption(jsonOption())
    .action(async (exchange, options) => {
      process.exitCode = await warmup(exchange, options, readConfig());
    });
}

function addLooks(program: Command): void {
  program
    .command('candles')
    .description('print the newest cached candles of a series')
    .argument('<exchange>', 'name of the exchange', exchangeName)
    .argument('<symbol>', "symbol in the venue's own spelling")
    .argument('<timeframe>', '1m, 5m, 15m, 1h, 4h or 1d', timeframe)
    .addOption(
      new Option('--limit <n>', `how many, ${HARDCODED_CONFIG.cache.maxCandlesPerSeries} at most`)
        .argParser(keptCandles)
        .default(20),
    )
    .addOption(redisOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((exchange, symbol, tf, options) =>
      candles({ exchange, symbol, timeframe: tf }, options, readConfig()),
    );
  program
    .command('coverage')
    .description('print what each series holds of what it should hold; exit code 3 when candles are missing')
    .argument('<exchange>', 'name of the exchange', exchangeName)
    .addOption(keptSymbolsOption('all of them'))
    .addOption(timeframesOption())
    .addOption(
      new Option('--bars <n>', `how far back to look, ${MAX_CANDLE_TARGET} bars at most`)
        .argParser(keptBars)
        .default(DEFAULT_CANDLE_TARGET),
    )
    .addOption(new Option('--at <iso>', 'judge as of this instant instead of now').argParser(isoInstant))
    .addOption(redisOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action(async (exchange, options) => {
      process.exitCode = await coverage(exchange, options, readConfig());
    });
}

/** How sure, and how right, the candles are. */
function addTruth(program: Command): void {
  program
    .command('corrections')
    .description('print every closed candle that changed in the last 30 days: what it said before and since')
    .argument('<exchange>', 'name of the exchange', exchangeName)
    .addOption(
      new Option(
        '--since <when>',
        'changes from here on: an ISO instant, or 90m, 2h, 7d ago (default: all that are kept)',
      ).argParser(since),
    )
    .addOption(keptSymbolsOption('all changes'))
    .addOption(
      new Option('--timeframes <list>', 'only these, separated by commas (default: all)').argParser(
        timeframeList,
      ),
    )
    .addOption(redisOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((exchange, options) => corrections(exchange, options, readConfig()));
  program
    .command('quality')
    .description(
      "print how many candles were there in time, how many equal the venue's own, and how many were right at first",
    )
    .argument('<exchange>', 'name of the exchange', exchangeName)
    .addOption(
      new Option('--days <n>', 'UTC days, today included')
        .argParser(wholeNumber(1, QUALITY_KEPT_DAYS))
        .default(DEFAULT_QUALITY_DAYS),
    )
    .addOption(redisOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action((exchange, options) => quality(exchange, options, readConfig()));
}

function addMachine(program: Command): void {
  program
    .command('redis-url')
    .description(
      'print the address of the Redis that runs on the data directory, with its password, for your programs',
    )
    .addOption(new Option('--writer', 'of the user who may write, too, instead of the reader'))
    .addOption(dataDirOption())
    .action((options) => redisUrl(options, readConfig()));
  program
    .command('symbols')
    .description('list what the venue lists')
    .argument('<exchange>', 'name of the exchange', exchangeName)
    .addOption(new Option('--search <text>', 'only symbols that contain this'))
    .addOption(new Option('--all', 'also those that do not trade'))
    .addOption(restUrlOption())
    .addOption(wsUrlOption())
    .addOption(jsonOption())
    .action((exchange, options) => symbols(exchange, options));
  program
    .command('doctor')
    .description('say what was found on this machine and what would be used')
    .addOption(dataDirOption())
    .addOption(redisOption())
    .addOption(metricsPortOption())
    .addOption(jsonOption())
    .action(async (options) => {
      process.exitCode = await doctor(options, readConfig());
    });
}

const venueOption = () =>
  new Option('--venue <name>', `venue to simulate: ${SIMULATED_VENUES.join(', ')}`)
    .argParser(venueName)
    .makeOptionMandatory();

function addSimulator(program: Command): void {
  program
    .command('simulate')
    .description('serve a simulated venue on loopback; the first line on stdout says where')
    .addOption(venueOption())
    .addOption(new Option('--port <n>', PORT_TEXT).argParser(port).default(0))
    .addOption(
      new Option(
        '--data <dir>',
        'recorded candles <SYMBOL>-<timeframe>.csv[.gz], moved to now by whole weeks',
      ),
    )
    .addOption(onlySymbolsOption())
    .addOption(seedOption())
    .addOption(new Option('--faults <file>', 'JSON script of faults: docs/simulator.md'))
    .addOption(
      new Option('--us-profile <when>', 'Binance.US before or after its upgrade').choices([
        'pre',
        'post',
      ] as const),
    )
    .action((options) => simulate(options));
  program
    .command('replay')
    .description(
      'live through recorded candles with the production path and compare every closed candle in Redis',
    )
    .addOption(venueOption())
    .addOption(
      new Option('--data <dir>', 'recorded candles <SYMBOL>-<timeframe>.csv[.gz]').makeOptionMandatory(),
    )
    .addOption(
      new Option('--from <iso>', 'where to warm up (default: a third into the recording)').argParser(
        isoInstant,
      ),
    )
    .addOption(
      new Option('--to <iso>', 'where to end (default: the end of the recording)').argParser(isoInstant),
    )
    .addOption(new Option('--speed <x>', 'times real time, or "max"').argParser(replaySpeed).default('max'))
    .addOption(onlySymbolsOption())
    .addOption(new Option('--faults <file>', 'JSON script of faults: docs/simulator.md'))
    .addOption(new Option('--no-derive', 'fetch every timeframe natively, derive none'))
    .addOption(new Option('--no-audit', 'do not compare cached candles with native ones in the spare budget'))
    .addOption(new Option('--no-tickers', 'keep no tickers'))
    .addOption(
      new Option(
        '--update-every <ms>',
        "least distance of two updates of a stream (default: the venue's own)",
      ).argParser(wholeNumber(1)),
    )
    .addOption(seedOption())
    .addOption(
      new Option('--redis <url>', 'Redis to replay into (default: a private one, thrown away)').argParser(
        url('redis', 'rediss', 'unix'),
      ),
    )
    .addOption(logLevelOption())
    .addOption(logFileOption())
    .addOption(jsonOption())
    .action(async (options) => {
      process.exitCode = await replay(options, readConfig());
    });
}

function addNode(program: Command): void {
  program
    .command('node')
    .description('run one exchange on a Redis: what `up` starts for you')
    .argument('<exchange>', 'name of the exchange', exchangeName)
    .addOption(
      new Option('--redis <url>', 'Redis to use (default: REDIS_URL)').argParser(
        url('redis', 'rediss', 'unix'),
      ),
    )
    .addOption(symbolsOption())
    .addOption(timeframesOption())
    .addOption(
      new Option('--target <bars>', `candles of each series, ${MAX_CANDLE_TARGET} at most`)
        .argParser(keptBars)
        .default(DEFAULT_CANDLE_TARGET),
    )
    .addOption(new Option('--no-derive', 'fetch every timeframe natively, derive none'))
    .addOption(
      new Option(
        '--end-if-blocked',
        'end with 4 if the venue refuses this location at the first request, and do not ask again',
      ),
    )
    .addOption(new Option('--no-audit', 'do not compare cached candles with native ones in the spare budget'))
    .addOption(restUrlOption())
    .addOption(wsUrlOption())
    .addOption(metricsPortOption())
    .addOption(logLevelOption())
    .addOption(logFileOption())
    .action((exchange, options) => node(exchange, options, readConfig()));
}
