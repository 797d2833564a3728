import { describe, expect, it } from 'vitest';
import { parseFaultScript } from './fault-script';
import { FaultScriptError } from './fault-times';

const read = (text: string) => () => parseFaultScript(text, { file: 'f.json', venue: 'binance' });
const line = (fields: string) => `[{"at":0,"fault":{"kind":"cut"}},${fields}]`;

describe('a file of faults', () => {
  it('is read as it is written', () => {
    const script = [
      { at: '1.5s', for: '5m', fault: { kind: 'rest-slow', byMs: 5 } },
      { at: '2026-11-20T12:00:00Z', fault: { kind: 'cut', midFrame: true } },
    ];
    expect(read(JSON.stringify(script))()).toEqual(script);
  });

  it.each([
    [
      'a fault that does not exist',
      '{"at":0,"fault":{"kind":"cutt"}}',
      '1.fault.kind: there is no such fault',
    ],
    ['a fault without a kind', '{"at":0,"fault":{}}', '1.fault.kind: there is no such fault'],
    [
      'a field the fault does not have',
      '{"at":0,"fault":{"kind":"cut","midframe":true}}',
      '1.fault.midframe: there is no such field',
    ],
    [
      'a field a line does not have',
      '{"at":0,"fro":"5m","fault":{"kind":"cut"}}',
      '1.fro: there is no such field',
    ],
    ['a start that cannot be read', '{"at":"soon","fault":{"kind":"cut"}}', '1.at: "soon" is no duration'],
    [
      'a day that does not exist',
      '{"at":"2026-99-01T00:00Z","fault":{"kind":"cut"}}',
      '1.at: "2026-99-01T00:00Z" is no ISO instant',
    ],
    ['a start before the start', '{"at":-5,"fault":{"kind":"cut"}}', '1.at: '],
    ['a start that is a list', '{"at":[],"fault":{"kind":"cut"}}', '1.at: '],
    ['no start', '{"fault":{"kind":"cut"}}', '1.at: '],
    [
      'a length that cannot be read',
      '{"at":0,"for":"x","fault":{"kind":"rest-hang"}}',
      '1.for: "x" is no duration',
    ],
    ['a length of nothing', '{"at":0,"for":"0s","fault":{"kind":"rest-hang"}}', '1.for: '],
    ['a value of the wrong type', '{"at":0,"fault":{"kind":"rest-slow","byMs":"5"}}', '1.fault.byMs: '],
    [
      'a fault that does nothing there',
      '{"at":0,"fault":{"kind":"sequence-gap"}}',
      'line 1: sequence-gap does nothing at binance',
    ],
  ])('with %s is refused by file, line and field', (_name, fields, message) => {
    expect(read(line(fields))).toThrow(`f.json: ${message}`);
  });

  it.each([
    ['not JSON', '{nope', 'f.json: is not JSON: '],
    ['empty', '', 'f.json: is not JSON: '],
    ['one fault and no list', '{"at":0,"fault":{"kind":"cut"}}', 'f.json: a list of faults was expected'],
  ])('that is %s is refused by name', (_name, text, message) => {
    expect(read(text)).toThrow(message);
    expect(read(text)).toThrow(FaultScriptError);
  });
});
