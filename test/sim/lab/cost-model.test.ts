// What a way of doing things costs, counted.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compressionSteps,
  dataCentreLink,
  diskAccess,
  fileEntries,
  fileToSocket,
  requestsInTurn,
  turningDisk,
} from '../../../sim/lab/cost-model.ts'

describe('the cost model', () => {
  it('has requests in turn wait for a round trip each', () => {
    const link = { roundTripMs: 2, bytesPerSecond: 1_000_000 }
    expect(requestsInTurn(100, 50_000, link).ms).toBe(200 + 50)
    expect(requestsInTurn(1, 50_000, link).ms).toBe(2 + 50)
  })

  it('has a disk seek once for blocks in a row, and once for each that is scattered', () => {
    const disk = { seekMs: 8, rotationMs: 4, bytesPerSecond: 1_000_000 }
    expect(diskAccess(100, 1000, 'sequential', disk)).toEqual({ seeks: 1, ms: 12 + 100 })
    expect(diskAccess(100, 1000, 'scattered', disk)).toEqual({ seeks: 100, ms: 1200 + 100 })
  })

  it('copies what is sent by read and write four times, two of them by the processor; by sendfile twice, by devices', () => {
    expect(fileToSocket(1_000_000, 100_000, 'read and write')).toEqual({
      copies: 4,
      bytesByProcessor: 2_000_000,
      systemCalls: 20,
      modeSwitches: 40,
    })
    expect(fileToSocket(1_000_000, 100_000, 'sendfile')).toEqual({
      copies: 2,
      bytesByProcessor: 0,
      systemCalls: 10,
      modeSwitches: 20,
    })
  })

  it('makes entries of a mapped file without a call or a copy', () => {
    expect(fileEntries(50, 'write')).toEqual({ systemCalls: 50, copies: 50 })
    expect(fileEntries(50, 'mapping')).toEqual({ systemCalls: 0, copies: 0 })
  })

  it('saves a compression where the broker does not write into a batch', () => {
    expect(compressionSteps('compresses anew') - compressionSteps('checks')).toBe(1)
  })

  it('never finds the way of Kafka dearer, for any sizes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), (count, bytes) => {
        const near = diskAccess(count, bytes, 'sequential', turningDisk)
        const far = diskAccess(count, bytes, 'scattered', turningDisk)
        expect(near.ms).toBeLessThanOrEqual(far.ms)
        const batched = requestsInTurn(Math.ceil(count / 200), bytes, dataCentreLink)
        expect(batched.ms).toBeLessThanOrEqual(requestsInTurn(count, bytes, dataCentreLink).ms)
        const two = fileToSocket(bytes, 65_536, 'sendfile')
        const four = fileToSocket(bytes, 65_536, 'read and write')
        expect(two.systemCalls * 2).toBe(four.systemCalls)
      }),
    )
  })
})
