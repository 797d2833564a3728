import * as fc from 'fast-check';

/** Damage to JSON texts, as a network, a proxy or a changed venue would do it: for fuzzing decoders. */

/** Values that have fooled parsers: wrong types, wrong spellings of numbers, impossible magnitudes. */
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  Number.MAX_SAFE_INTEGER,
  '',
  ' 1',
  '-1',
  '0',
  '0.0',
  '1e5',
  '0x10',
  '.5',
  '5.',
  'NaN',
  'Infinity',
  '1,000.5',
  '9'.repeat(400),
  '9'.repeat(300),
  `0.${'0'.repeat(300)}1`,
  `0.${'0'.repeat(400)}1`,
  '1795168801',
  '2026-02-30T00:00:00Z',
  'kline',
  '3m',
  [],
  {},
  [null],
  { __proto__: null, constructor: 1 },
];

type Damage = (json: unknown, pick: (below: number) => number) => unknown;

/** A JSON text after one to three damages to one of `texts`. */
export function damaged(texts: readonly string[]): fc.Arbitrary<string> {
  return fc
    .record({
      text: fc.constantFrom(...texts),
      picks: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
      times: fc.integer({ min: 1, max: 3 }),
      cut: fc.option(fc.nat({ max: 4_000 }), { nil: undefined, freq: 6 }),
    })
    .map(({ text, picks, times, cut }) => {
      let at = 0;
      const pick = (below: number): number => (picks[at++ % picks.length] ?? 0) % Math.max(1, below);
      let json: unknown = JSON.parse(text);
      for (let done = 0; done < times; done++) json = (DAMAGES[pick(DAMAGES.length)] ?? replace)(json, pick);
      const whole = JSON.stringify(json) ?? 'null';
      return cut === undefined ? whole : flip(whole, cut, pick);
    });
}

/** Cuts the text off, or changes one character of it. */
function flip(text: string, cut: number, pick: (below: number) => number): string {
  const at = cut % Math.max(1, text.length);
  if (pick(2) === 0) return text.slice(0, at);
  return text.slice(0, at) + String.fromCharCode(32 + pick(95)) + text.slice(at + 1);
}

const replace: Damage = (json, pick) => {
  const value = ODD_VALUES[pick(ODD_VALUES.length)];
  return atLeaf(json, pick, () => value);
};

/** A number or text that is nearly the documented one: a digit more, a sign, another type. */
const distort: Damage = (json, pick) =>
  atLeaf(json, pick, (value) => {
    const way = pick(5);
    if (typeof value === 'number') return [value + 1, -value, value * 1000, String(value), value / 7][way];
    if (typeof value === 'string') {
      return [`${value}0`, `-${value}`, `${value} `, Number(value), value.toLowerCase()][way];
    }
    return value;
  });

const remove: Damage = (json, pick) =>
  inContainer(json, pick, (entries, at) => entries.filter((_, index) => index !== at));

const repeat: Damage = (json, pick) =>
  inContainer(json, pick, (entries, at) => [...entries, ...entries.slice(at, at + 1)]);

/** Exchanges the values of two neighbours, keys staying where they are. */
const exchange: Damage = (json, pick) =>
  inContainer(json, pick, (entries, at) => {
    const next = (at + 1) % entries.length;
    return entries.map(([key, value], index) => {
      const from = index === at ? next : index === next ? at : index;
      return [key, entries[from]?.[1] ?? value] as const;
    });
  });

const DAMAGES: readonly Damage[] = [replace, replace, distort, distort, remove, repeat, exchange];

type Entry = readonly [key: string, value: unknown];

/** Walks down at random and rewrites the value it ends at. */
function atLeaf(
  json: unknown,
  pick: (below: number) => number,
  change: (value: unknown) => unknown,
): unknown {
  const entries = entriesOf(json);
  if (entries === undefined || entries.length === 0 || pick(12) === 0) return change(json);
  const at = pick(entries.length);
  return rebuild(
    json,
    entries.map(([key, value], index) => [key, index === at ? atLeaf(value, pick, change) : value]),
  );
}

/** Walks down at random and rewrites the entries of the container it ends at. */
function inContainer(
  json: unknown,
  pick: (below: number) => number,
  change: (entries: readonly Entry[], at: number) => readonly Entry[],
): unknown {
  const entries = entriesOf(json);
  if (entries === undefined || entries.length === 0) return json;
  const at = pick(entries.length);
  const inner = entriesOf(entries[at]?.[1]);
  if (inner === undefined || pick(3) === 0) return rebuild(json, change(entries, at));
  return rebuild(
    json,
    entries.map(([key, value], index) => [key, index === at ? inContainer(value, pick, change) : value]),
  );
}

function entriesOf(json: unknown): readonly Entry[] | undefined {
  return typeof json === 'object' && json !== null ? Object.entries(json) : undefined;
}

function rebuild(like: unknown, entries: readonly Entry[]): unknown {
  return Array.isArray(like) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}
