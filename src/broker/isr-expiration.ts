/** The periodic look at lagging followers (`ReplicaManager.maybeShrinkIsr`, 0.8.2.2). */
import type { LagLimits } from './in-sync-replicas.ts'
import type { Partition } from './partition.ts'

/** One thread looks at one partition after another, waiting for each one's ZooKeeper write. */
export function shrinkIsrs(partitions: readonly Partition[], limits: LagLimits, done: () => void): void {
  const next = (index: number): void => {
    for (let i = index; i < partitions.length; i++) {
      let inline = true
      let finished = false
      partitions[i]!.maybeShrinkIsr(limits, () => {
        finished = true
        if (!inline) next(i + 1)
      })
      inline = false
      if (!finished) return
    }
    done()
  }
  next(0)
}
