/** A server's files are damaged beyond what a crash can do: it must not start, lest it forget what it acknowledged. */
export class CorruptStorageError extends Error {
  readonly path: string
  constructor(path: string, detail: string) {
    super(`${path}: ${detail}`)
    this.name = 'CorruptStorageError'
    this.path = path
  }
}
