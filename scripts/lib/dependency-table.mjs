import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './root.mjs';

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
