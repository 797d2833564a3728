import { stripVTControlCharacters } from 'node:util';

/**
 * What a terminal obeys, or a reader does not see: control characters, C1 ones included, line and paragraph separators,
 * marks and overrides of direction, joiners, fillers, halves of a surrogate pair.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const HIDDEN_BUT_LINES = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * A text of others as it may be shown: without escape sequences and hidden characters; a tab is a blank, lines stay.
 * @example withoutHidden('a\u001B[2Jb\u202E') // 'ab'
 */
export function withoutHidden(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\t', ' ').replaceAll(HIDDEN_BUT_LINES, '');
}

/** JSON on one line that means the same, in which every hidden character is escaped: `JSON.stringify` leaves many as they are. */
export function escapeHidden(json: string): string {
  return json.replaceAll(HIDDEN, (found) =>
    Array.from({ length: found.length }, (_, at) => unicodeEscape(found.charCodeAt(at))).join(''),
  );
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
