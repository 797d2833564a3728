import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Recording } from '../recording';
import { NotReplayableError } from './errors';
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
      `volume,"low",open,high,close,open_time,trades\r\n0.000000000000000001,"0.50",1.0,2,5e-1,${FROM},9\r\n`,
      'a.csv',
      MINUTE,
    );
    expect(rows).toEqual([
      {
        openTime: FROM,
        open: '1.0',
        high: '2',
        low: '0.50',
        close: '5e-1',
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
    ['of a price of zero', [row(0, '1,2,0,1,7.5')], /^a\.csv:2: low "0" is no price$/],
    ['beyond float64', [row(0, '1,1e400,1,1,7.5')], /^a\.csv:2: high "1e400" is no price$/],
    ['of a volume beyond float64', [row(0, '1,1,1,1,1e400')], /^a\.csv:2: volume "1e400" is beyond float64$/],
    ['upside down', [row(0, '1,0.5,0.2,0.3,7.5')], /^a\.csv:2: high "0.5" is below open, low or close$/],
    ['of a low above', [row(0, '2,2,1.5,1,7.5')], /^a\.csv:2: low "1.5" is above open or close$/],
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

  it('must hold what is asked for', async () => {
    writeFileSync(join(folder, 'AUSDT-1m.csv'), text(row(0), row(1)));
    writeFileSync(join(folder, 'BUSDT-1m.csv'), text(row(0), row(1)));
    await expect(Recording.read(folder, ['BUSDT', 'ausdt'])).rejects.toThrow(
      /^ausdt is not recorded in ".*" \(did you mean AUSDT\?\); it holds AUSDT, BUSDT$/,
    );
    expect((await Recording.read(folder, ['BUSDT'])).symbols).toEqual(['BUSDT']);
  });

  it('names a file that cannot be read, or is not compressed as its name says', async () => {
    mkdirSync(join(folder, 'AUSDT-1m.csv'));
    await expect(readFolder(folder)).rejects.toThrow(/AUSDT-1m\.csv: cannot be read: EISDIR/);
    writeFileSync(join(folder, 'A-USD-1m.csv.gz'), text(row(0)));
    await expect(readFolder(folder)).rejects.toThrow(/A-USD-1m\.csv\.gz: cannot be read: incorrect header/);
    await expect(readFolder(folder)).rejects.toThrow(NotReplayableError);
  });

  it('must be there', async () => {
    await expect(readFolder(join(folder, 'none'))).rejects.toThrow(/cannot read the folder/);
  });
});
