import type { Clock } from '@livermore/utils';
import type { HttpGet, HttpRequest, HttpResponse } from '../transport';

/**
 * One GET that ends within `timeoutMs` on the given clock: by its answer, by the caller's signal, or by failing.
 * Rejects as `get` does.
 */
export async function getWithin(
  get: HttpGet,
  request: HttpRequest,
  options: { readonly signal: AbortSignal; readonly clock: Clock; readonly timeoutMs: number },
): Promise<HttpResponse> {
  const { signal, clock, timeoutMs } = options;
  // Not AbortSignal.any: on Node 20 it holds on to every signal derived from a long-lived one.
  const abort = new AbortController();
  const onAbort = () => abort.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const cancel = clock.setTimer(() => abort.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await get(request, abort.signal);
  } finally {
    cancel();
    signal.removeEventListener('abort', onAbort);
  }
}
