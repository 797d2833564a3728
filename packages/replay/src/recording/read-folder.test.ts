import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFolder, readRows } from './read-folder';

const MINUTE = 60_000;
const FROM = 1_700_000_040_000;
const HEADER = 'open_time,open,high,low,close,volume';

function text(...rows: readonly string[]): string {
  return `${[HEADER, ...rows].join('\n')}\n`;
}

function row(at: number, values = '1,2,0.5,1.25,7.5'): string {
  return `${FROM + at * MINUTE},${values}`;
}

describe('rows of a recording', () => {
  it('are the text of the file, in whatever order its columns are', () => {
    const rows = readRows(
      `volume,"low",open,high,close,open_time,trades\r\n0.000000000000000001,"0.50",1.0,2,1e-3,${FROM},9\r\n`,
      'a.csv',
      MINUTE,
    );
    expect(rows).toEqual([
      {
        openTime: FROM,
        open: '1.0',
        high: '2',
        low: '0.50',
        close: '1e-3',
        volume: '0.000000000000000001',
      },
    ]);
  });

  it.each([
    ['twice', [row(0), row(1), row(1)], /^a\.csv:4: open_time \d+ is there twice$/],
    ['unsorted', [row(1), row(0)], /^a\.csv:3: open_time \d+ is not after the row before$/],
    ['off the grid', [row(0), row(0.5)], /^a\.csv:3: open_time \d+ is off the grid/],
    ['in microseconds', [row(0), `${FROM}000,1,1,1,1,1`], /^a\.csv:3: open_time "\d+" is not in ms$/],
    ['no decimal', [row(0, '1,2,0.5,x,7.5')], /^a\.csv:2: close "x" is no decimal$/],
    ['negative', [row(0, '1,2,0.5,1,-7.5')], /^a\.csv:2: volume "-7.5" is no decimal$/],
    ['short', [row(0, '1,2')], /^a\.csv:2: low "" is no decimal$/],
  ])('that are %s are refused with file and line', (_name, rows, message) => {
    expect(() => readRows(text(...rows), 'a.csv', MINUTE)).toThrow(message);
  });

  it('need their columns', () => {
    expect(() => readRows('open_time,open\n', 'a.csv', MINUTE)).toThrow('a.csv:1: there is no column "high"');
  });
});

describe('a folder of recordings', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'read-folder-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is read file by file, compressed or not, without the last row of each', async () => {
    writeFileSync(join(folder, 'A-USD-1m.csv.gz'), gzipSync(text(row(0), row(1), row(3))));
    writeFileSync(join(folder, 'AUSDT-1m-b.csv'), text(row(0), row(1)));
    const read = await readFolder(folder);
    expect(read.map(({ bars, ...rest }) => ({ ...rest, times: [...bars.keys()] }))).toEqual([
      {
        symbol: 'A-USD',
        interval: '1m',
        stepMs: MINUTE,
        source: '',
        from: FROM,
        to: FROM + 2 * MINUTE,
        times: [FROM, FROM + MINUTE],
      },
      {
        symbol: 'AUSDT',
        interval: '1m',
        stepMs: MINUTE,
        source: 'b',
        from: FROM,
        to: FROM + MINUTE,
        times: [FROM],
      },
    ]);
  });

  it('may hold what is none of it: other files, longer intervals, a single open candle, other symbols', async () => {
    for (const name of ['notes.csv', 'AUSDT-1w.csv', 'AUSDT-1Mo.csv']) writeFileSync(join(folder, name), 'x');
    writeFileSync(join(folder, 'AUSDT-1m.csv'), text(row(0)));
    writeFileSync(join(folder, 'BUSDT-1m.csv'), text(row(0), row(1)));
    expect(await readFolder(folder, ['AUSDT'])).toEqual([]);
  });

  it('must be there', async () => {
    await expect(readFolder(join(folder, 'none'))).rejects.toThrow(/cannot read the folder/);
  });
});
