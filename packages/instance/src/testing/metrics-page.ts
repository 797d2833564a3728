import { METRICS } from '../metrics';

/** The text of docs/metrics.md, from the catalogue itself. */
export function metricsPage(): string {
  const rows = METRICS.map(
    ({ name, kind, labels, help }) =>
      `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(' ')} | ${help} |`,
  );
  return `# Metrics

A node serves these on \`http://127.0.0.1:9464/metrics\` (\`--metrics-port\`), in the text format of Prometheus. The
catalogue is closed: this page is written from \`packages/instance/src/metrics.ts\` by
\`npx vitest run -u packages/instance/src/metrics.test.ts\`, which fails without \`-u\` when they differ. Durations are in seconds. Beside these there are the process's own
(\`livermore_process_…\`, \`livermore_nodejs_…\`).

| name | kind | labels | what it says |
|---|---|---|---|
${rows.join('\n')}

Worth an alarm: \`livermore_holes{state="overdue"}\` above 0 for a minute, \`livermore_last_data_age_seconds\` above what
your symbols trade, \`livermore_contradictions_open\` above 0 for minutes, \`livermore_redis_trouble\` above 0, any
\`livermore_queue_overflows_total\`, any \`livermore_audit_compared_total{verdict="different"}\`, and statuses 418, 429 and
451 among \`livermore_rest_requests_total\`. \`/health\` on the same port judges the same facts: 200 when all is well,
else 503 with the checks that failed.

How right what was first said of a bar is, over any time: the rate of
\`livermore_first_values_total{verdict="right"}\` over that of all of it. By day, and kept in Redis:
\`livermore quality NAME\`.
`;
}
