/** Directories as brokers leave them, and ways to harm them. */
import { writeValidLogs } from '../../../../sim/fuzz/log-mutations/index.ts'
import { MemoryFileSystem } from '../../../../sim/kernel/index.ts'
import { type FileSystem, readFile } from '../../../../src/host/index.ts'
import {
  type Finding,
  Findings,
  readLogDirectory,
  readPartitionDirectory,
  verifyLogDirectory,
  verifyPartition,
} from '../../../../src/storage/inspect/index.ts'

export function validLogs(): FileSystem {
  const files = new MemoryFileSystem()
  writeValidLogs(files)
  return files
}

export function change(files: FileSystem, path: string, body: (bytes: Uint8Array) => Uint8Array | undefined): void {
  const bytes = readFile(files, path)
  const changed = body(bytes) ?? bytes
  const handle = files.open(path, { create: false })
  handle.truncate(0)
  handle.write(0, changed)
  handle.close()
}

export interface Verified {
  readonly damage: number
  readonly findings: readonly Finding[]
  readonly unreadable: number
}

export function verifyOne(
  files: FileSystem,
  name: string,
  options: { deep?: boolean; compacted?: boolean } = {},
): Verified {
  const findings = new Findings()
  verifyPartition(
    files,
    readPartitionDirectory(files, name),
    { deep: options.deep ?? false, compacted: options.compacted ?? false },
    findings,
  )
  return { damage: findings.damage, findings: findings.all, unreadable: 0 }
}

export function verifyAll(files: FileSystem): Verified {
  const findings = new Findings()
  let unreadable = 0
  verifyLogDirectory(files, readLogDirectory(files, ''), { deep: true, compacted: false }, findings, {
    partition: () => {},
    unreadable: () => unreadable++,
  })
  return { damage: findings.damage, findings: findings.all, unreadable }
}

/** The damage found, each as `code file@byte`. */
export const damageIn = ({ findings }: Verified): string[] =>
  findings
    .filter(({ severity }) => severity === 'damage')
    .map(({ code, path, position }) => `${code} ${path.slice(path.lastIndexOf('/') + 1)}@${position ?? ''}`)
