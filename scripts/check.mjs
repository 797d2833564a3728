/**
 * What `npm test` runs once everything is installed: types, lint, format, every test. Each step is named with its
 * time; the last line of stdout is the verdict alone: `N passed, N failed[, N skipped]`. A static step counts as
 * one test. Arguments go to vitest (`npm run check -- packages/cache` runs those tests only).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot } from './lib/root.mjs';
import { run, tail } from './lib/run.mjs';
import { readReport } from './lib/test-report.mjs';

const tool = (name) => inRoot('node_modules', '.bin', name);

const STATIC_STEPS = [
  { name: 'types', command: tool('tsc'), args: ['--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint', command: tool('oxlint'), args: ['--type-aware', '--deny-warnings', '--format=unix'] },
  { name: 'format', command: tool('oxfmt'), args: ['--check', '.'] },
];

const total = { passed: 0, failed: 0, skipped: 0 };

for (const step of STATIC_STEPS) {
  const { code, output, seconds } = await run(step.command, step.args);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${step.name} (${seconds.toFixed(1)} s)`);
  if (code !== 0) console.log(tail(output, 60));
  total[code === 0 ? 'passed' : 'failed'] += 1;
}

const report = await runTests(process.argv.slice(2));
total.passed += report.passed;
total.failed += report.failed;
total.skipped += report.skipped.length;

if (report.skipped.length > 0) {
  console.log(`\nSKIPPED, so not proven by this run (${report.skipped.length}):`);
  for (const title of report.skipped) console.log(`  - ${title}`);
}
for (const problem of report.problems) console.log(`\nFAILED ${problem}`);

const skippedPart = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`\n${total.passed} passed, ${total.failed} failed${skippedPart}`);
process.exitCode = total.failed > 0 ? 1 : 0;

async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'livermore-check-'));
  const file = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { code, seconds } = await run(tool('vitest'), ['run', ...reporters, ...args], { show: true });
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} tests (${seconds.toFixed(1)} s)`);
    return readReport(file, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
