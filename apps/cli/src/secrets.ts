/** User and password of every URL in a text. */
const CREDENTIALS = /:\/\/[^\s/'"]*@/g;

/** A text as it may be shown and logged. @example withoutSecrets('redis://:pw@host') // 'redis://***@host' */
export function withoutSecrets(text: string): string {
  return text.replace(CREDENTIALS, '://***@');
}
