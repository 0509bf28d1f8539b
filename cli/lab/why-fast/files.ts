/** Real files in a folder of their own, which is gone afterwards. */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../exit-code.ts'

export const MEBIBYTE = 1024 * 1024
export const PAGE = 4096

/** @throws UserError the folder cannot be made below `parent` */
export function scratchFolder(parent: string): { readonly path: string; readonly remove: () => void } {
  let path: string
  try {
    path = mkdtempSync(join(parent, 'trial-lab-'))
  } catch (error) {
    throw new UserError(`cannot make a folder for files to measure in ${parent}: ${(error as Error).message}`)
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export function withFile<T>(path: string, flags: string, body: (file: number) => T): T {
  const file = openSync(path, flags)
  try {
    return body(file)
  } finally {
    closeSync(file)
  }
}

/** A file of so many bytes, on disk. */
export function fill(path: string, bytes: number): void {
  const block = new Uint8Array(Math.min(bytes, MEBIBYTE)).fill(7)
  withFile(path, 'w', (file) => {
    for (let at = 0; at < bytes; at += block.length) writeSync(file, block, 0, Math.min(block.length, bytes - at), at)
    fsyncSync(file)
  })
}

export const fsync = fsyncSync
export const writeAt = (file: number, block: Uint8Array, position: number): number =>
  writeSync(file, block, 0, block.length, position)
