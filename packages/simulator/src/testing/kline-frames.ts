import { z } from 'zod';

const KlineSchema = z.object({
  e: z.literal('kline'),
  E: z.number(),
  s: z.string(),
  k: z.object({
    t: z.number(),
    T: z.number(),
    i: z.string(),
    f: z.number(),
    L: z.number(),
    o: z.string(),
    c: z.string(),
    h: z.string(),
    l: z.string(),
    v: z.string(),
    n: z.number(),
    x: z.boolean(),
    q: z.string(),
    V: z.string(),
    Q: z.string(),
    B: z.string(),
  }),
});
export type KlineFrame = z.infer<typeof KlineSchema>;

/** The kline events among frames, bare or wrapped. */
export function klinesIn(frames: readonly string[]): readonly KlineFrame[] {
  return frames.flatMap((frame) => {
    const value: unknown = JSON.parse(frame);
    const inner = z.object({ stream: z.string(), data: z.unknown() }).safeParse(value);
    const event = KlineSchema.safeParse(inner.success ? inner.data.data : value);
    return event.success ? [event.data] : [];
  });
}
