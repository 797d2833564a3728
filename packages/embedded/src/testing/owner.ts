/** A process that owns a Redis until it is killed: `node owner.mjs <data directory>`. */
import { must, silentLogger, systemClock } from '@livermore/utils';
import { Redis } from 'ioredis';
import { acquireDataDir } from '../lock/data-dir-lock';
import { startRedis } from '../start-redis';

const path = must(process.argv[2], 'a data directory');
const dataDir = acquireDataDir(path, { clock: systemClock, command: 'an owner' });
const tools = { logger: silentLogger, clock: systemClock };
const redis = await startRedis({ ...tools, dataDir, env: process.env, port: 'any' });
const client = new Redis(redis.url.replace(/^unix:\/\//, ''));
await client.set('owner', 'was here');
process.stdout.write('ready\n');
