const POLL_MS = 500;

/**
 * npm runs a script through a shell, and a signal sent to npm ends that shell but not what runs in it. So when the
 * process that started us is gone, we behave as if the signal had reached us.
 */
export function stopWithParent() {
  const parent = process.ppid;
  const watching = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watching);
    process.kill(process.pid, 'SIGTERM');
  }, POLL_MS);
  watching.unref();
}
