/**
 * What a way of doing things costs where no clock of ours can tell: round trips of a network, seeks of a disk that turns,
 * system calls, switches between user and kernel, and copies of bytes between them. Plain counts and sums; nothing random.
 */

/** A link between machines of one data centre. */
export interface LinkModel {
  /** From sending a request to its answer, with nothing else on the way. */
  readonly roundTripMs: number
  readonly bytesPerSecond: number
}

export const dataCentreLink: LinkModel = { roundTripMs: 0.5, bytesPerSecond: 125_000_000 }

/** A disk of 7200 turns a minute, as its makers' data sheets have it. */
export interface DiskModel {
  /** Moving the arm to another track, on average. */
  readonly seekMs: number
  /** Half a turn: until the sector comes by. */
  readonly rotationMs: number
  readonly bytesPerSecond: number
}

export const turningDisk: DiskModel = { seekMs: 8.5, rotationMs: 4.17, bytesPerSecond: 150_000_000 }

/** Requests that wait for their answers one after the other. */
export function requestsInTurn(requests: number, bytes: number, link: LinkModel): { readonly ms: number } {
  return { ms: requests * link.roundTripMs + (1000 * bytes) / link.bytesPerSecond }
}

/** Blocks that lie one behind the other need one seek, those that are scattered one each. */
export function diskAccess(
  blocks: number,
  blockBytes: number,
  placed: 'sequential' | 'scattered',
  disk: DiskModel,
): { readonly seeks: number; readonly ms: number } {
  const seeks = placed === 'sequential' ? Math.min(1, blocks) : blocks
  return { seeks, ms: seeks * (disk.seekMs + disk.rotationMs) + (1000 * blocks * blockBytes) / disk.bytesPerSecond }
}

/** What it takes to have entries in a file's pages: a call each, or a store into memory that the file is mapped to. */
export function fileEntries(
  entries: number,
  by: 'write' | 'mapping',
): { readonly systemCalls: number; readonly copies: number } {
  // Through a mapping the entry is made where it stays; `write` copies it from the process into the page cache.
  return by === 'write' ? { systemCalls: entries, copies: entries } : { systemCalls: 0, copies: 0 }
}

export interface TransferCosts {
  /** Copies of all the data, by whoever makes them. */
  readonly copies: number
  /** Bytes that the processor copies; the others are moved by the devices (DMA). */
  readonly bytesByProcessor: number
  readonly systemCalls: number
  /** Switches between user and kernel mode: into each call and out of it. */
  readonly modeSwitches: number
}

/**
 * From a file to a socket. `read` and `write`: disk to page cache (DMA), page cache to the process, process to the socket's
 * buffer, that to the network card (DMA). `sendfile`, with a card that gathers: disk to page cache (DMA), page cache to the
 * card (DMA).
 */
export function fileToSocket(bytes: number, chunkBytes: number, by: 'read and write' | 'sendfile'): TransferCosts {
  const chunks = Math.ceil(bytes / chunkBytes)
  const calls = by === 'sendfile' ? chunks : 2 * chunks
  return by === 'sendfile'
    ? { copies: 2, bytesByProcessor: 0, systemCalls: calls, modeSwitches: 2 * calls }
    : { copies: 4, bytesByProcessor: 2 * bytes, systemCalls: calls, modeSwitches: 2 * calls }
}

/**
 * How often a batch is compressed or opened between producer and consumer: once by either end, and by the broker, which
 * opens it to check it, and compresses it again only if it wrote into it. Followers take the leader's bytes in any case.
 */
export const compressionSteps = (broker: 'compresses anew' | 'checks'): number => (broker === 'checks' ? 3 : 4)
