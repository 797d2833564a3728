import { readFileSync } from 'node:fs';
import { runnerImport } from 'vite';
import { z } from 'zod';
import { inRoot } from './root.mjs';

const SOURCE = inRoot('packages', 'simulator', 'src', 'faults', 'fault.ts');
/** A comment that heads a group of faults, or one fault: its comment, if any, and its kind. */
const ENTRY =
  /^ {2}\/\/ (?<group>.+)$|(?:\/\*\*(?<comment>(?:(?!\*\/)[^])*)\*\/\s*)?z\.strictObject\(\{\s*kind: z\.literal\('(?<kind>[^']+)'\)/gm;

/**
 * Every fault a script can order, as Markdown: the kinds and fields as the schema has them, the meanings as its
 * comments say. Throws when a fault has no comment.
 */
export async function faultTable() {
  const { module } = await runnerImport(SOURCE, { logLevel: 'error', configFile: false });
  const faults = z.toJSONSchema(module.FaultSchema, { io: 'input' }).oneOf;
  const fieldsOf = new Map(faults.map((fault) => [fault.properties.kind.const, fieldsInWords(fault)]));
  const lines = [];
  for (const { groups } of readFileSync(SOURCE, 'utf8').matchAll(ENTRY)) {
    if (groups.group !== undefined) lines.push(...headOf(groups.group));
    else lines.push(rowOf(groups, fieldsOf));
  }
  if (fieldsOf.size > 0) throw new Error(`not found in ${SOURCE}: ${[...fieldsOf.keys()].join(', ')}`);
  return lines.join('\n').trim();
}

function headOf(group) {
  return [
    '',
    `**${group[0].toUpperCase()}${group.slice(1)}**`,
    '',
    '| kind | fields | what happens |',
    '|---|---|---|',
  ];
}

/** The row of a fault; takes its fields out of the map, so that what is left over was not found. */
function rowOf({ kind, comment }, fieldsOf) {
  const fields = fieldsOf.get(kind);
  fieldsOf.delete(kind);
  if (fields === undefined) throw new Error(`the schema has no fault ${kind}`);
  if (comment === undefined) throw new Error(`the fault ${kind} has no comment: the table says what it says`);
  const meaning = comment.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim();
  return `| \`${kind}\` | ${fields} | ${meaning.replaceAll('|', String.raw`\|`)} |`;
}

function fieldsInWords({ properties, required = [] }) {
  return Object.entries(properties)
    .filter(([name]) => name !== 'kind')
    .map(
      ([name, field]) => `\`${name}\` ${typeInWords(field)}${valueInWords(field, required.includes(name))}`,
    )
    .join('; ');
}

function typeInWords({ type, minimum, maximum, exclusiveMinimum, enum: words, items }) {
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(', ');
  if (type === 'array') return typeInWords(items).replace('number', 'list of numbers');
  if (type === 'boolean') return 'true or false';
  if (type === 'string') return 'text';
  const number = type === 'integer' ? 'whole number' : 'number';
  const isBounded = minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (isBounded) return `${number} ${minimum}–${maximum}`;
  if (exclusiveMinimum !== undefined) return `${number} above ${exclusiveMinimum}`;
  return minimum !== undefined && minimum >= 0 ? `${number}, ${minimum} or more` : number;
}

function valueInWords(field, isRequired) {
  if (field.default !== undefined) return ` (${String(field.default)})`;
  return isRequired ? ', needed' : '';
}
