import { createNodeTransport, createRestRuntime, protocolOf } from '@livermore/exchange-core';
import { listWithVolumes, mostActiveFirst } from '@livermore/instance';
import { silentLogger, systemClock } from '@livermore/utils';
import { answered, exchangeOf } from '../exchange-choice';
import { symbolLines } from '../output/symbol-view';
import { count } from '../output/format';
import { unlessInterrupted, untilInterrupted } from '../until-interrupted';
import { json, line, note } from '../output/print';

export interface SymbolsOptions {
  readonly restUrl?: string;
  readonly wsUrl?: string;
  /** Show those that do not trade as well. */
  readonly all?: boolean;
  readonly search?: string;
  readonly json?: boolean;
}

/** Lists what the venue lists, the most active first. @throws InterruptedError when it is asked to stop before the venue answers */
export async function symbols(name: string, options: SymbolsOptions): Promise<void> {
  const { listing, without } = await listed(name, options);
  const wanted = options.search?.toUpperCase();
  const shown = mostActiveFirst(
    listing.symbols
      .filter((each) => options.all === true || each.isTradable)
      .filter((each) => wanted === undefined || each.symbol.toUpperCase().includes(wanted)),
  );
  if (options.json === true) {
    json({ exchange: name, symbols: shown, weightLimit: listing.weightLimit });
    return;
  }
  for (const each of symbolLines(shown)) line(each);
  line(`${count(shown.length)} of ${count(listing.symbols.length)} symbols of ${name}`);
  if (without !== undefined) note(`The volumes of the last 24 hours could not be had: ${without}`);
}

async function listed(name: string, options: SymbolsOptions) {
  const exchange = exchangeOf(name, options);
  const protocol = protocolOf(name);
  const shared = { exchange, protocol, clock: systemClock };
  const rest = createRestRuntime({ ...shared, get: createNodeTransport().get, logger: silentLogger });
  let without: string | undefined;
  const onWithout = (reason: string) => {
    without = reason;
  };
  const listing = await unlessInterrupted(
    untilInterrupted(),
    (signal) =>
      answered(name, () => listWithVolumes({ ...shared, rest, onWithout }, { lane: 'repair', signal })),
    `before ${name} answered`,
  );
  return { listing, without };
}
