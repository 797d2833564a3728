// Packages that check this one from its sources do not include its folder: the reference brings the declaration along.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./lua.d.ts" />
import candleMember from './candle-member.lua';
import candleTold from './candle-told.lua';
import coverSeriesSource from './coverSeries-1.lua';
import postponeLooksSource from './postponeLooks-1.lua';
import retractSource from './retract-6.lua';
import setAsideSource from './setAside-2.lua';
import writeByTruthSource from './writeByTruth-6.lua';
import writeCandlesSource from './writeCandlesIfNewer-1.lua';
import writeTickerSource from './writeTickerIfNewer-1.lua';
import { LuaCommand } from './lua-command';

const withMembers = (source: string) => `${candleMember}\n${source}`;
const withTelling = (source: string) => withMembers(`${candleTold}\n${source}`);

/** The atomic steps. Each file's header is its contract; the number in its name says how many keys it takes. */
export const writeCandlesIfNewer = new LuaCommand('writeCandlesIfNewer', withMembers(writeCandlesSource));
export const writeByTruth = new LuaCommand('writeByTruth', withTelling(writeByTruthSource));
export const retract = new LuaCommand('retract', withTelling(retractSource));
export const setAside = new LuaCommand('setAside', setAsideSource);
export const coverSeries = new LuaCommand('coverSeries', withMembers(coverSeriesSource));
export const writeTickerIfNewer = new LuaCommand('writeTickerIfNewer', writeTickerSource);
export const postponeLooks = new LuaCommand('postponeLooks', postponeLooksSource);
