/** A text as one word of a shell, to be copied from the screen. @example shellWord('with blank') // "'with blank'" */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
