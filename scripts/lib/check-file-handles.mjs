import { readFileSync } from 'node:fs';

/**
 * Open files a process may need: a hundred modules are read at once when it starts, then there are sockets to a venue, to
 * Redis and from whoever reads the metrics; and a server that we start gets the same limit.
 */
export const NEEDED_FILE_HANDLES = 256;

/**
 * Says so when this process may open too few files; false then. Nothing is said where the limit cannot be read. Node has
 * raised the soft limit to the hard one by now.
 */
export function checkFileHandles(limit = fileHandleLimit()) {
  if (limit === undefined || limit >= NEEDED_FILE_HANDLES) return true;
  console.error(
    `Livermore needs ${NEEDED_FILE_HANDLES} open files or more; ${limit} are allowed here. ` +
      `Raise the limit (\`ulimit -n 1024\`, LimitNOFILE= in systemd, --ulimit nofile= in Docker) and try again.`,
  );
  return false;
}

/** How many files this process may have open; undefined where it cannot be read or has no end. */
export function fileHandleLimit() {
  try {
    const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return numberOf(soft);
  } catch {
    // Not Linux: Node itself may know.
    return numberOf(process.report?.getReport().userLimits?.open_files?.soft);
  }
}

function numberOf(value) {
  const number = Number(value);
  return value === undefined || value === '' || !Number.isInteger(number) ? undefined : number;
}
