/** Keys of `zoo.cfg` that the simulator models, with the values of ZooKeeper's sample file. */
import { int } from '../../../src/config/index.ts'

export const zookeeperConfigTable = {
  tickTime: int(2000, 'milliseconds of a tick, in which the others are counted; sessions last 2 to 20 ticks', 1),
  initLimit: int(10, 'ticks a follower may take to connect to its leader and be brought up to date', 1),
  syncLimit: int(5, 'ticks a follower may be out of touch with its leader', 1),
} as const
