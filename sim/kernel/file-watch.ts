/**
 * Sees what the process on a machine does to the files of its disk, as the process means it: faults of the device (a write
 * that lands elsewhere, a bit that flips, what a power loss takes back) are not its doing. Watching changes nothing.
 */
export interface FileWatch {
  /** Before a write. @param dataEnd up to where bytes of the file have been written so far */
  writing(path: string, position: number, length: number, dataEnd: number): void
  /** The whole write was taken; its last byte is before `end`. */
  wrote(path: string, end: number): void
  /** Before the file gets another size. */
  resizing(path: string, size: number, dataEnd: number): void
  /** A file or a directory has another name now. */
  renamed(from: string, to: string): void
  /** A file has no name any more. */
  removed(path: string): void
  /** What was known of files no longer holds. */
  lostPower(): void
}
