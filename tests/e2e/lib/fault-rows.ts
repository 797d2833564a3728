import { afterAll, describe, expect, it } from 'vitest';
import { prepareData } from '../../proof/data';
import type { ProofVenue } from '../../proof/data';
import { REPLAY_FAULTS } from '../../proof/replay-faults';
import { runReplayFault } from '../../proof/replay-row';
import { usePrivateRedis } from './private-redis';

/** Tests rows of the matrix (`npm run proof` runs all) on seeded candles: each must end with a whole cache. */
export function testFaults(venue: ProofVenue, rows: readonly string[]): void {
  const redisUrl = usePrivateRedis();
  const data = prepareData(venue, undefined);
  const faults = REPLAY_FAULTS.filter(({ id }) => rows.includes(id));

  describe(`BASE-04: on ${venue} nothing closed is lost for good, and nothing wrong is kept`, () => {
    afterAll(() => data.remove());

    it('in rows of the matrix that all exist', () => {
      expect(faults.map(({ id }) => id).toSorted()).toEqual([...rows].toSorted());
    });

    it.each(faults.map((fault) => [`${fault.id}: ${fault.title}`, fault] as const))(
      'BASE-04: %s',
      async (_title, fault) => {
        const row = await runReplayFault(fault, data, { redisUrl: redisUrl() });
        const { problems, differences, missing } = row;
        expect({ problems, differences, missing }).toEqual({ problems: [], differences: [], missing: [] });
        expect(row.candles.compared).toBeGreaterThan(500);
      },
    );
  });
}
