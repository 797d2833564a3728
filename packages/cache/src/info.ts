/** The fields of an answer to INFO. @example recordOf('# Server\r\nredis_version:7.0.15\r\n') */
export function recordOf(info: string): ReadonlyMap<string, string> {
  const fields = info.split(/\r?\n/).filter((line) => line.includes(':') && !line.startsWith('#'));
  return new Map(
    fields.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const),
  );
}
