import { createNodeTransport, createRestRuntime, protocolOf } from '@livermore/exchange-core';
import { silentLogger, systemClock } from '@livermore/utils';
import { answered, exchangeOf } from '../exchange-choice';
import { count } from '../output/format';
import { unlessInterrupted, untilInterrupted } from '../until-interrupted';
import { json, line, styled, table } from '../output/print';

export interface SymbolsOptions {
  readonly restUrl?: string;
  readonly wsUrl?: string;
  /** Show those that do not trade as well. */
  readonly all?: boolean;
  readonly search?: string;
  readonly json?: boolean;
}

/** Lists what the venue lists. @throws InterruptedError when it is asked to stop before the venue answers */
export async function symbols(name: string, options: SymbolsOptions): Promise<void> {
  const exchange = exchangeOf(name, options);
  const transport = createNodeTransport();
  const { source } = createRestRuntime({
    exchange,
    protocol: protocolOf(name),
    get: transport.get,
    clock: systemClock,
    logger: silentLogger,
  });
  const listing = await unlessInterrupted(
    untilInterrupted(),
    (signal) => answered(name, () => source.fetchListing({ lane: 'repair', signal })),
    `before ${name} answered`,
  );
  const wanted = options.search?.toUpperCase();
  const listed = listing.symbols
    .filter((each) => options.all === true || each.isTradable)
    .filter((each) => wanted === undefined || each.symbol.toUpperCase().includes(wanted))
    .toSorted(
      (a, b) => (b.quoteVolume24h ?? 0) - (a.quoteVolume24h ?? 0) || a.symbol.localeCompare(b.symbol),
    );
  if (options.json === true) {
    json({ exchange: name, symbols: listed, weightLimit: listing.weightLimit });
    return;
  }
  const columns = [
    { title: 'symbol' },
    { title: 'base' },
    { title: 'quote' },
    { title: '24 h volume', align: 'right' as const },
    { title: '' },
  ];
  line(
    table(
      columns,
      listed.map((each) => [
        each.symbol,
        each.base,
        each.quote,
        each.quoteVolume24h === undefined ? '' : count(Math.round(each.quoteVolume24h)),
        each.isTradable
          ? each.streamedAs === undefined
            ? ''
            : `streamed as ${each.streamedAs}`
          : styled('yellow', 'not trading'),
      ]),
    ),
  );
  line(`${count(listed.length)} of ${count(listing.symbols.length)} symbols of ${name}`);
}
