/** One bad element in a payload that is otherwise valid: for what decoders must leave out without losing the rest. */

/** Where the elements of a payload lie, and which of their fields nobody can do without. */
export interface ElementCase {
  readonly name: string;
  /** A body or frame with at least two elements, of bars or symbols that do not depend on each other. */
  readonly text: string;
  /** Keys and indexes that lead to the array of elements; none where the payload is the array. */
  readonly at: readonly (string | number)[];
  /** Fields that hold a decimal above zero, as text. */
  readonly decimals: readonly (string | number)[];
  /** Fields that hold a text, an integer or a boolean and are none of the decimals. */
  readonly others: readonly (string | number)[];
  /** Texts that a decimal of this venue may be although they say nothing. */
  readonly silent?: readonly string[];
}

/** A payload with one bad element, and the same payload without that element. */
export interface Corruption {
  readonly what: string;
  readonly bad: string;
  readonly without: string;
}

const DEEP: unknown = JSON.parse('['.repeat(2_000) + ']'.repeat(2_000));

/** No venue sends an element of this kind. */
const WHOLE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e300,
  '',
  'NaN',
  '[]',
  [],
  {},
  [null],
  [[]],
  [{}],
  { error: 'no data' },
  { constructor: 1 },
  DEEP,
];

/** No decimal above zero; `undefined` is a missing field. */
const NO_DECIMAL: readonly unknown[] = [
  undefined,
  null,
  true,
  '',
  ' 1',
  '-1',
  '+1',
  '-1.5e-05',
  '1e400',
  '0x10',
  '.5',
  '5.',
  '1,000.5',
  'NaN',
  'Infinity',
  '9'.repeat(400),
  [],
  {},
  ['1'],
  DEEP,
];

/** Neither a name nor a count nor an answer to a question. */
const NO_VALUE: readonly unknown[] = [undefined, [], {}, [null], -1.5, DEEP];

/** Every element of the case, each in every way damaged. */
export function* corruptionsOf(item: ElementCase): Generator<Corruption> {
  const payload: unknown = JSON.parse(item.text);
  const elements = elementsOf(payload, item.at);
  for (const [index, element] of elements.entries()) {
    const without = JSON.stringify(replaced(payload, item.at, elements.toSpliced(index, 1)));
    for (const { what, bad } of damagesOf(element, item)) {
      const damaged = JSON.stringify(replaced(payload, item.at, elements.with(index, bad)));
      yield { what: `${item.name}, element ${index}: ${what}`, bad: damaged, without };
    }
  }
}

function* damagesOf(element: unknown, item: ElementCase) {
  for (const bad of WHOLE) yield { what: shown(bad), bad };
  const decimals = NO_DECIMAL.filter((bad) => !(item.silent ?? []).some((silent) => silent === bad));
  for (const field of item.decimals)
    for (const bad of decimals) yield { what: `${field} ${shown(bad)}`, bad: withField(element, field, bad) };
  for (const field of item.others)
    for (const bad of NO_VALUE) yield { what: `${field} ${shown(bad)}`, bad: withField(element, field, bad) };
}

function shown(value: unknown): string {
  return value === DEEP ? 'deeply nested' : (JSON.stringify(value) ?? 'missing').slice(0, 30);
}

function elementsOf(payload: unknown, at: ElementCase['at']): readonly unknown[] {
  const found = at.reduce<unknown>((value, key) => fieldOf(value, key), payload);
  if (Array.isArray(found) && found.length > 1) return found;
  throw new Error(`there are not two elements at ${at.join('.')}`);
}

function replaced(payload: unknown, at: ElementCase['at'], elements: unknown): unknown {
  const [key, ...rest] = at;
  return key === undefined
    ? elements
    : withField(payload, key, replaced(fieldOf(payload, key), rest, elements));
}

function fieldOf(value: unknown, key: string | number): unknown {
  return new Map(entriesOf(value)).get(String(key));
}

/** The value with another field; without it where `field` is undefined. An array keeps its length less that. */
function withField(value: unknown, key: string | number, field: unknown): unknown {
  const entries = entriesOf(value)
    .map(([name, old]) => [name, name === String(key) ? field : old] as const)
    .filter(([, kept]) => kept !== undefined);
  return Array.isArray(value) ? entries.map(([, kept]) => kept) : Object.fromEntries(entries);
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
