// The control plane of every preset in trouble: controllers, sessions, topics and reassignments, and where they come to
// rest. What an older release breaks is named by its anomaly.
import { controlPlaneCounterNames, controlPlaneRun } from '../../dist/sim/fuzz/control-plane/index.js'
import { namedSoak } from './named-soak.js'

/** So many seeds have seen everything. */
const MANY = 10_000
/** Rare in a short slice. */
const rare = [
  'staleBrokerEpochs',
  'topicDeletionsHalted',
  'isrWritesRefused',
  'deposedControllersRefused',
  'fencedWrites',
]

export const soak = namedSoak({ counterNames: controlPlaneCounterNames, rare, many: MANY, run: controlPlaneRun })
