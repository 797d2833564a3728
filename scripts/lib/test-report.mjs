import { readFileSync } from 'node:fs';

/**
 * Counts a vitest JSON report. What the report cannot say as a failed test still counts as one failure with a
 * sentence: a file that did not load, a run that broke outside any test, a run in which nothing ran.
 */
export function readReport(file, exitCode) {
  /** @type {{ passed: number, failed: number, skipped: string[], problems: string[] }} */
  const counts = { passed: 0, failed: 0, skipped: [], problems: [] };
  const report = parse(file);
  for (const suite of report?.testResults ?? []) countSuite(suite, counts);
  if (report === null) fail(counts, 'the test run ended before it could write its report');
  else if (counts.passed + counts.failed === 0) fail(counts, 'no test ran at all');
  else if (exitCode !== 0 && counts.failed === 0)
    fail(counts, 'the test run: an error outside any test, see above');
  return counts;
}

function countSuite(suite, counts) {
  const tests = suite.assertionResults ?? [];
  for (const test of tests) {
    if (test.status === 'passed') counts.passed += 1;
    else if (test.status === 'failed') counts.failed += 1;
    else counts.skipped.push(test.fullName);
  }
  const isExplained = tests.some((test) => test.status === 'failed');
  if (suite.status === 'failed' && !isExplained) fail(counts, `${suite.name} did not load or set up`);
}

function fail(counts, problem) {
  counts.failed += 1;
  counts.problems.push(problem);
}

function parse(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
