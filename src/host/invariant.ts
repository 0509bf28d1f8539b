/**
 * Assertions: what must hold under every protocol preset and every planted defect. A broken one is a bug of ours:
 * the run ends with exit code 3. What Kafka promises only under some configuration is an oracle in `sim/check` instead.
 */
export class InvariantError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'InvariantError'
  }
}

/** Throws `InvariantError` unless `condition` holds. Give `message` as a function where building it costs. */
export function invariant(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new InvariantError(typeof message === 'string' ? message : message())
}

/** Closes a switch over a union: a new case breaks the build. */
export function unreachable(value: never): never {
  throw new InvariantError(`unexpected ${JSON.stringify(value)}`)
}
