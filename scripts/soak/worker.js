// A thread of a soak: runs the seeds it is handed, and answers with plain outcomes.
import { parentPort, workerData } from 'node:worker_threads'

const REPEAT_EVERY = 10
const { soak } = await import(workerData.module)

parentPort.on('message', (seeds) => {
  parentPort.postMessage(
    seeds.map((seed) => {
      const outcome = soak.run(seed)
      if (seed % REPEAT_EVERY !== 0) return { ...outcome, repeated: false }
      return { ...outcome, repeated: true, secondHash: soak.run(seed).traceHash }
    }),
  )
})
