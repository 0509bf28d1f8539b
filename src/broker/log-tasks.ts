/** What a broker does to its logs now and then (`LogManager.startup`, `Log.scala`; 0.8.2.2 to 2.4). */
import type { BrokerConfig } from '../config/index.ts'
import type { LogManager } from '../storage/index.ts'
import type { ProtocolVersions } from '../versions.ts'

/** `InitialTaskDelayMs` */
const FIRST_MS = 30_000
/** `producer.id.expiration.check.interval.ms` */
const PRODUCER_EXPIRATION_CHECK_MS = 600_000
/** A period that stands for "never" in Kafka; longer ones would leave the range of the clock. */
const NEVER_MS = 1_000_000_000_000

export interface LogTask {
  readonly tag: string
  readonly firstMs: number
  readonly periodMs: number
  run(): void
}

/** In the order in which they run where they are due together. */
export function logTasks(logs: LogManager, config: BrokerConfig, versions: ProtocolVersions): LogTask[] {
  const task = (tag: string, periodMs: number, run: () => void, firstMs = FIRST_MS): LogTask => ({
    tag,
    firstMs,
    periodMs: Math.min(periodMs, NEVER_MS),
    run,
  })
  const tasks = [
    task('log-retention', config['log.retention.check.interval.ms'], () => logs.cleanupLogs()),
    task('log-flusher', config['log.flush.scheduler.interval.ms'], () => logs.flushDirtyLogs()),
    task('recovery-point-checkpoint', config['log.flush.offset.checkpoint.interval.ms'], () =>
      logs.checkpointRecoveryPoints(),
    ),
  ]
  if (versions.logFiles !== 'producer-state') return tasks
  return [
    ...tasks,
    task('log-start-offset-checkpoint', config['log.flush.start.offset.checkpoint.interval.ms'], () =>
      logs.checkpointLogStartOffsets(),
    ),
    task(
      'producer-expiration',
      PRODUCER_EXPIRATION_CHECK_MS,
      () => logs.removeExpiredProducers(),
      PRODUCER_EXPIRATION_CHECK_MS,
    ),
  ]
}
