/** User and password of every URL in a text: before its host, where a password may hold any sign, or among its options. */
const CREDENTIALS = /:\/\/(?!\/)[^\s'"]*@/g;
const OPTIONS = /([?&](?:username|password)=)[^&\s'"]*/gi;

/** A text as it may be shown and logged. @example withoutSecrets('redis://:pw@host') // 'redis://***@host' */
export function withoutSecrets(text: string): string {
  return text.replace(CREDENTIALS, '://***@').replace(OPTIONS, '$1***');
}
