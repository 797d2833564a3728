import { testFaults } from './lib/fault-rows';

testFaults('coinbase', [
  'none',
  'cut',
  'frames-dropped-half',
  'sequence-gap',
  'ack-silent',
  'rest-401',
  'rest-garbage',
  'rows-missing',
  'outage',
  'skew-minus',
]);
