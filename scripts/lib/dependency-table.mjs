import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './root.mjs';

const BEGIN = '<!-- dependencies: written by `npm run graph` -->';
const END = '<!-- dependencies end -->';

/** The table of layers as Markdown: highest first, so that an arrow only ever points down the page. */
export function dependencyTable() {
  const layers = Object.entries(JSON.parse(readFileSync(inRoot('tools', 'tidy', 'layers.json'), 'utf8')));
  const rows = layers
    .toSorted(([a, one], [b, other]) => other.level - one.level || a.localeCompare(b))
    .map(([name, { level, purpose, mayImport }]) => {
      const folder = folderOf(name);
      const below = mayImport.length === 0 ? '–' : mayImport.map((each) => `\`${each}\``).join(' ');
      return `| ${level} | [\`${name}\`](${folder}) | ${purpose} | ${below} |`;
    });
  return ['| level | package | purpose | may import |', '|--:|---|---|---|', ...rows].join('\n');
}

function folderOf(name) {
  return ['packages', 'apps'].map((room) => `${room}/${name}`).find((path) => exists(inRoot(path))) ?? name;
}

function exists(path) {
  try {
    return statSync(join(path, 'src')).isDirectory() && readdirSync(path).length > 0;
  } catch {
    return false;
  }
}

/** A page with the text between its markers replaced by the table. Throws when it has no markers. */
export function withTable(page, table) {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`ARCHITECTURE.md has lost its markers: ${BEGIN} … ${END}`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${table}\n\n${page.slice(to)}`;
}
