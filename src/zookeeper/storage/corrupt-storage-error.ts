/** A server's files are damaged beyond what a crash can do: it must not start, lest it forget what it acknowledged. */
export class CorruptStorageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CorruptStorageError'
  }
}
