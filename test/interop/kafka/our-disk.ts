/** Our engine over a data directory, in memory or of real files. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NodeFileSystem } from '../../../live/index.ts'
import { brokerConfigTable, configValues, type TopicConfig } from '../../../src/config/index.ts'
import { type FileSystem, readFile } from '../../../src/host/index.ts'
import { type LogFormat, LogManager } from '../../../src/storage/index.ts'
import { StorageHost, topicConfigWith } from '../../src/storage/support.ts'

export function ourManager(host: StorageHost, format: LogFormat, config: Partial<TopicConfig> = {}): LogManager {
  return new LogManager(host, '', {
    config: configValues(brokerConfigTable),
    topicConfig: () => topicConfigWith(config),
    logFormat: () => format,
  })
}

/** Starts and stops our log manager on real files: recovers what a crash left, and trims what is too long. */
export function startAndStop(directory: string, format: LogFormat, config: Partial<TopicConfig> = {}): void {
  const host = new StorageHost(new NodeFileSystem(directory, { realSync: false }))
  const manager = ourManager(host, format, config)
  manager.load()
  manager.shutdown()
}

/** Copies all files to a real directory, which is made. */
export function toRealFiles(files: FileSystem, directory: string, path = ''): void {
  mkdirSync(join(directory, path), { recursive: true })
  for (const name of files.list(path)) {
    const child = path === '' ? name : `${path}/${name}`
    if (files.status(child)!.kind === 'directory') toRealFiles(files, directory, child)
    else writeFileSync(join(directory, child), readFile(files, child))
  }
}
