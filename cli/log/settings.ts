/** `--server-properties FILE` of `trial log`: the settings of the broker whose logs they are, as far as a log shows them. */
import type { Command } from 'commander'
import { brokerConfigTable, configValues, type TopicConfig, topicConfig } from '../../src/config/index.ts'
import type { FileSystem } from '../../src/host/index.ts'
import { releaseDefaults } from '../../src/server/index.ts'
import { type BrokerSettings, firstMagicOf } from '../../src/storage/inspect/index.ts'
import { type PresetName, presets } from '../../src/versions.ts'
import { UserError } from '../exit-code.ts'
import { serverProperties } from '../server-properties.ts'
import { AlreadyTold } from './options.ts'
import type { LogTarget } from './target.ts'

export interface SettingsOptions {
  readonly serverProperties?: string
  readonly protocol?: string
}

export const settingsHelp = `
With --server-properties the settings of that file count, with the defaults of the release for the rest: that of --protocol,
else the one whose message format the newest log has (0.8.2, 0.10.2 or 2.1). Keys that are not modelled, or that the
release ignores, are told as warnings. Settings that a topic has of its own are in ZooKeeper, not in that file.
`

export const withSettings = (command: Command): Command =>
  command
    .option('--server-properties <file>', 'the configuration of the broker whose logs they are')
    .option('--protocol <preset>', 'the release of that broker (see: trial versions)')

/** Undefined if no file is given. @throws AlreadyTold, UserError */
export function settingsOf(options: SettingsOptions, target: LogTarget): TopicConfig | undefined {
  const { serverProperties: file, protocol } = options
  if (protocol !== undefined && !Object.hasOwn(presets, protocol))
    throw new UserError(`no release '${protocol}' (${Object.keys(presets).join(', ')})`)
  if (file === undefined) {
    if (protocol !== undefined) throw new UserError('--protocol says whose --server-properties it is: give that too')
    return undefined
  }
  const preset = (protocol as PresetName | undefined) ?? releaseOf(target)
  const read = serverProperties(file, preset)
  if (read === undefined) throw new AlreadyTold()
  const broker = configValues(brokerConfigTable, releaseDefaults[preset], read.values)
  return topicConfig(broker, {}, { brokerMinIsr: false })
}

export const brokerSettings = (config: TopicConfig): BrokerSettings => ({
  maxMessageBytes: config['max.message.bytes'],
  indexIntervalBytes: config['index.interval.bytes'],
  maxIndexBytes: config['segment.index.bytes'],
})

export const isCompacted = (config: TopicConfig | undefined): boolean =>
  config?.['cleanup.policy'].includes('compact') === true

/** A release that writes the newest message format found. */
function releaseOf({ files, ...target }: LogTarget): PresetName {
  const magics =
    target.kind === 'file'
      ? [magicOfFile(files, target.path)]
      : (target.kind === 'partition' ? [target.partition] : target.directory.partitions).map((partition) =>
          firstMagicOf(files, partition),
        )
  const newest = Math.max(0, ...magics.map((magic) => magic ?? 0))
  return newest === 0 ? '0.8.2' : newest === 1 ? '0.10.2' : '2.1'
}

const MAGIC_AT = 16

function magicOfFile(files: FileSystem, path: string): number | undefined {
  const handle = files.open(path, { create: false })
  try {
    const byte = new Uint8Array(1)
    return handle.read(MAGIC_AT, byte, 0, 1) === 1 && byte[0]! <= 2 ? byte[0] : undefined
  } finally {
    handle.close()
  }
}
