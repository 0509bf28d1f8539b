/** What the command's exit code says. */
export const ExitCode = {
  /** All expectations hold. */
  Held: 0,
  /** Some do not. */
  NotHeld: 1,
  /** The user's input is wrong: nothing was run, or not everything. */
  BadInput: 2,
  /** A bug in the simulator. */
  Bug: 3,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** A mistake in the command line or in what it names: one message, no stack trace, exit code 2. */
export class UserError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UserError'
  }
}
