import { z } from 'zod';

/** What a client sends. One channel a message; unknown keys are tolerated. */
const ClientMessageSchema = z.object({
  type: z.enum(['subscribe', 'unsubscribe']),
  channel: z.string(),
  product_ids: z.array(z.string()).optional(),
  jwt: z.string().optional(),
});
export type ClientMessage = z.infer<typeof ClientMessageSchema>;

/** Reads a client's frame; undefined where it is no control message. */
export function readClientMessage(text: string): ClientMessage | undefined {
  try {
    return ClientMessageSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
