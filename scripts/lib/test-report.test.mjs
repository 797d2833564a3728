import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readReport } from './test-report.mjs';

function reportOf(content, exitCode = 0) {
  const folder = mkdtempSync(join(tmpdir(), 'livermore-report-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'report.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readReport(file, exitCode);
}

const test = (status, fullName = status) => ({ status, fullName });
const suite = (status, ...assertionResults) => ({ name: 'some.test.ts', status, assertionResults });

describe('the verdict of a test run', () => {
  it('counts what passed, failed and was skipped, and names what was skipped', () => {
    const testResults = [
      suite('passed', test('passed'), test('passed'), test('pending', 'needs recordings')),
      suite('failed', test('failed'), test('todo', 'later')),
    ];
    const { passed, failed, skipped } = reportOf({ testResults }, 1);
    expect({ passed, failed, skipped }).toEqual({
      passed: 2,
      failed: 1,
      skipped: ['needs recordings', 'later'],
    });
  });

  it('counts a file that did not load as a failure, by name', () => {
    const { failed, problems } = reportOf(
      { testResults: [suite('passed', test('passed')), suite('failed')] },
      1,
    );
    expect(failed).toBe(1);
    expect(problems).toEqual(['some.test.ts did not load or set up']);
  });

  it('is a failure when the run broke outside any test', () => {
    expect(reportOf({ testResults: [suite('passed', test('passed'))] }, 1)).toMatchObject({
      passed: 1,
      failed: 1,
    });
  });

  it.each([
    ['nothing ran', { testResults: [] }, 0],
    ['everything was skipped', { testResults: [suite('passed', test('pending'))] }, 0],
    ['there is no report', 'not json', 0],
  ])('is a failure when %s', (_title, content, exitCode) => {
    expect(reportOf(content, exitCode).failed).toBe(1);
  });
});
