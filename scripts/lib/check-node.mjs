/** Oldest Node this runs on, and the oldest that its makers still mend. */
const NEEDED = [20, 19];
const SUPPORTED_MAJOR = 22;

/** Says what is wrong with this Node, if anything (only what is fatal, if quiet); false when it will not do. */
export function checkNode({ quiet = false } = {}) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
    console.error(
      `Livermore needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}. ` +
        'Install a current one from https://nodejs.org (or with `nvm install 24`) and try again.',
    );
    return false;
  }
  if (major < SUPPORTED_MAJOR && !quiet) {
    console.error(
      `Note: Node ${major} no longer gets security fixes; Livermore runs on it, Node 24 is better.`,
    );
  }
  return true;
}
