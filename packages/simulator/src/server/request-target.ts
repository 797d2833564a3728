import type { SimRequest } from './venue';

/** Scheme and authority of a target that names its host, as requests through a proxy do (RFC 9112, 3.2.2). */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/**
 * Path and query of a request line's target. Read by hand, since a client may send any text there, and a URL's parser
 * throws at some of them.
 * @example targetOf('//?a=1') // path '//', query a=1
 */
export function targetOf(target: string): Pick<SimRequest, 'path' | 'query'> {
  const [withoutFragment = ''] = target.replace(ORIGIN, '').split('#', 1);
  const at = withoutFragment.indexOf('?');
  const path = at < 0 ? withoutFragment : withoutFragment.slice(0, at);
  return {
    path: path === '' ? '/' : path,
    query: new URLSearchParams(at < 0 ? '' : withoutFragment.slice(at + 1)),
  };
}

/** The text with its percent escapes read; as it is where one of them is none. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
