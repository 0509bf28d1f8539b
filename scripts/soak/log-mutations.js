// Files of logs harmed by chance, one to three mutations a seed, given to what is behind every `trial log` command, output
// included. Nothing may fail, take memory that the file has not got, or read without end; damage must be seen.
import { dumpObject } from '../../dist/cli/log/dump-json.js'
import { dumpLine } from '../../dist/cli/log/dump-text.js'
import { LookupStory } from '../../dist/cli/log/lookup-text.js'
import { decodeOffsets } from '../../dist/cli/log/offsets-decoder.js'
import { mutationCounterNames, mutationRun, rareMutationCounters } from '../../dist/sim/fuzz/log-mutations/index.js'
import { plainPainter } from '../../dist/sim/view/index.js'

/** So many seeds have seen everything. */
const MANY = 10_000
const same = (path) => path

const audience = {
  dump(item) {
    dumpLine(item, same, (record) => record)
    JSON.stringify(dumpObject(item, same, decodeOffsets))
  },
  offset: (lookup) => new LookupStory(plainPainter).offset(lookup),
  time: (lookup) => new LookupStory(plainPainter).time(lookup),
}

export const soak = {
  // Two mutations a seed on average: 50,000.
  defaultSeeds: [1, 25_000],
  counterNames: mutationCounterNames,
  requiredCounters: (runs) =>
    mutationCounterNames.filter((name) => runs >= MANY || !rareMutationCounters.includes(name)),
  run(seed, watch) {
    return mutationRun(seed, watch, audience)
  },
}
