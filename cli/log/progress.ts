/** A bar on a terminal for what takes longer than a moment; nothing anywhere else. */
import { createRequire } from 'node:module'
import type progress from 'cli-progress'

export interface Progress {
  add(bytes: number): void
  stop(): void
}

/** Below, it is done before anybody looks. */
const WORTH_A_BAR_BYTES = 256 * 1024 * 1024
const MEBIBYTE = 1024 * 1024

const none: Progress = { add() {}, stop() {} }

/** @param total bytes to come; asked for only where a bar can be shown */
export function showProgress(total: () => number): Progress {
  if (process.stderr.isTTY !== true) return none
  const bytes = total()
  if (bytes < WORTH_A_BAR_BYTES) return none
  // Loaded only where it is needed, and at once: the work that follows never waits.
  const { SingleBar, Presets } = createRequire(import.meta.url)('cli-progress') as typeof progress
  const bar = new SingleBar(
    { format: '{bar} {value}/{total} MiB, {eta_formatted} to go', hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  )
  bar.start(Math.ceil(bytes / MEBIBYTE), 0)
  let done = 0
  let running = true
  return {
    add(more) {
      done += more
      bar.update(Math.floor(done / MEBIBYTE))
    },
    stop() {
      if (running) bar.stop()
      running = false
    },
  }
}
