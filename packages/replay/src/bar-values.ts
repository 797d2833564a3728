/** What is compared of a bar. */
export const COMPARED_FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;
export type ComparedField = (typeof COMPARED_FIELDS)[number];

/** Prices and volume of a bar. */
export type BarValues = Readonly<Record<ComparedField, number>>;

/** Fields in which two bars differ, as float64 to the last bit. */
export function differingFields(one: BarValues, other: BarValues): readonly ComparedField[] {
  return COMPARED_FIELDS.filter((field) => one[field] !== other[field]);
}

/** The bar of a time in which nothing traded. */
export function flatAt(price: number): BarValues {
  return { open: price, high: price, low: price, close: price, volume: 0 };
}

/** Only what is compared. */
export function valuesOf({ open, high, low, close, volume }: BarValues): BarValues {
  return { open, high, low, close, volume };
}
