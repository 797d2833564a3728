import { shippedModules, isModule } from '../repository';
import type { Finding, TextFile } from '../repository';
import { at, commentsOf, lineAt, literalText, nodesOf } from '../syntax';
import * as ts from 'typescript';

const VENUE = /binance|coinbase|kraken|bybit|okx/i;
/**
 * Where a venue may be named: its folder, its adapter, the registries (the simulator's among them), the simulator's
 * twin of it, the seed rows that say what it lists, and the examples of the command line's help.
 */
const VENUE_ROOMS =
  /\/protocol\/(?:binance|coinbase)\/|\/adapter\/(?:binance|coinbase)-adapter\.ts$|registry\.ts$|^packages\/simulator\/src\/(?:create-simulator|simulator|market\/universe)\.ts$|\/(?:binance|coinbase)\/|\/seeds?\.ts$|^apps\/cli\/src\/program\.ts$|\/exchange-adapter-factory\.ts$/;

/** The beginning of a key or channel, up to where its first part goes. Names of events (`ticker:update`) are none. */
const KEY = /^channel:|^(?:candles|ticker|exchange|indicator|logs):(?:\$\{|\d|$)/;
const KEYS_FILE = 'packages/cache/src/keys.ts';

/** I3: no venue is named in the code outside its own rooms. Comments may quote where a fact was observed. */
export function venuesStayAtHome(files: readonly TextFile[]): readonly Finding[] {
  return shippedModules(files)
    .filter(({ path }) => !VENUE_ROOMS.test(path))
    .flatMap((file) =>
      nodesOf(file)
        .filter((node) => VENUE.test(ownText(node)) && !isReExport(node))
        .map((node) => at(file, node, `names a venue: ${ownText(node)}`)),
    );
}

function ownText(node: ts.Node): string {
  return ts.isIdentifier(node) || ts.isPrivateIdentifier(node) ? node.text : (literalText(node) ?? '');
}

/** `export … from './adapter/…'` of an index is how a venue's file is reached at all. */
function isReExport(node: ts.Node): boolean {
  return ts.isExportDeclaration(node.parent) || ts.isExportSpecifier(node.parent);
}

/** I4: Redis keys and channels are spelled in one file. */
export function keysAreSpelledOnce(files: readonly TextFile[]): readonly Finding[] {
  return shippedModules(files)
    .filter(({ path }) => path !== KEYS_FILE)
    .flatMap((file) =>
      nodesOf(file)
        .filter((node) => KEY.test(literalText(node) ?? ''))
        .map((node) => at(file, node, `spells a Redis key: ${node.getText()}; ${KEYS_FILE} has its builder`)),
    );
}

/** TICK-01: no ticker key or channel has a user in it, in the code or in its tests. */
export function tickersHaveNoUser(files: readonly TextFile[]): readonly Finding[] {
  return files
    .filter(({ path }) => isModule(path) && !path.startsWith('tools/'))
    .flatMap((file) =>
      nodesOf(file)
        .filter(
          (node) => /\bticker:.*\$\{[^}]*user/i.test(literalText(node) ?? '') || isUserTickerBuilder(node),
        )
        .map((node) => at(file, node, 'a ticker key with a user in it')),
    );
}

function isUserTickerBuilder(node: ts.Node): boolean {
  return (
    ts.isFunctionDeclaration(node) &&
    /ticker\w*(?:Key|Channel)$/i.test(node.name?.text ?? '') &&
    node.parameters.some((parameter) => /user/i.test(parameter.name.getText()))
  );
}

const FORBIDDEN_IN_COMMENTS: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'an issue or ticket', pattern: /\b(?:issue|ticket|PR|pull request)s?\s+#?\d+|(?:^|\s)#\d+\b/i },
  { what: 'a phase of work', pattern: /\b(?:phase|milestone|sprint|floor)\s+\d+\b/i },
  { what: 'work left to do', pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/ },
  { what: 'a folder of this machine', pattern: /\/work\/|\/home\/\w|\/tmp\/\w/ },
  {
    what: 'a date of work',
    pattern: /\b(?:added|changed|fixed|written|updated|reviewed|moved)\b[^.]{0,30}\b20\d\d-\d\d/i,
  },
  { what: 'who works here', pattern: /\bthe (?:lead|brief|colleague|assistant)\b|\bhelper session/i },
];

/** Comments are about the code: no issues, tickets, phases, dates of work. */
export function commentsAreTimeless(files: readonly TextFile[]): readonly Finding[] {
  return files
    .filter(({ path }) => isModule(path) && !path.startsWith('tools/'))
    .flatMap((file) =>
      commentsOf(file).flatMap(({ text, position }) => {
        const prose = text.replaceAll(/https?:\/\/\S+/g, '');
        return FORBIDDEN_IN_COMMENTS.filter(({ pattern }) => pattern.test(prose)).map(({ what }) => ({
          path: file.path,
          line: lineAt(file, position),
          message: `a comment speaks of ${what}`,
        }));
      }),
    );
}
