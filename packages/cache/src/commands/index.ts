// Packages that check this one from its sources do not include its folder: the reference brings the declaration along.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./lua.d.ts" />
import coverSeriesSource from './coverSeries-1.lua';
import writeCandlesSource from './writeCandlesIfNewer-1.lua';
import writeTickerSource from './writeTickerIfNewer-1.lua';
import { LuaCommand } from './lua-command';

/** The atomic steps. Each file's header is its contract; each touches one key, so a cluster runs it in one slot. */
export const writeCandlesIfNewer = new LuaCommand('writeCandlesIfNewer', writeCandlesSource);
export const coverSeries = new LuaCommand('coverSeries', coverSeriesSource);
export const writeTickerIfNewer = new LuaCommand('writeTickerIfNewer', writeTickerSource);
