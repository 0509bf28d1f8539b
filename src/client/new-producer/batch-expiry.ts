/**
 * When a batch that waits in the producer is given up (`maybeExpire` of `RecordBatch.java` and `ProducerBatch.java` up to
 * 2.0, `hasReachedDeliveryTimeout` since).
 */
import type { Micros } from '../../host/index.ts'
import type { ProtocolVersions } from '../../versions.ts'
import type { ProducerBatch } from './producer-batch.ts'

export interface ExpiryOptions {
  readonly lingerUs: Micros
  readonly requestTimeoutUs: Micros
  readonly deliveryTimeoutUs: Micros
  readonly retryBackoffUs: Micros
  readonly versions: Pick<ProtocolVersions, 'batchExpiry'>
}

type Ages = Pick<ProducerBatch, 'createdUs' | 'lastAttemptUs' | 'lastAppendUs' | 'isRetry'>

/**
 * From when on it counts as expired; infinite: never.
 * @param isFull no more records can come to it
 */
export function expiresAtUs(batch: Ages, isFull: boolean, options: ExpiryOptions): Micros {
  const { lingerUs, requestTimeoutUs, deliveryTimeoutUs, retryBackoffUs } = options
  const { createdUs, lastAttemptUs, lastAppendUs, isRetry } = batch
  // `request.timeout.ms` must be exceeded, `delivery.timeout.ms` reached.
  const whenFullUs = isFull ? lastAppendUs + requestTimeoutUs + 1 : Number.POSITIVE_INFINITY
  switch (options.versions.batchExpiry) {
    case 'never':
      return Number.POSITIVE_INFINITY
    case 'by-request-timeout':
      return Math.min(whenFullUs, lastAttemptUs + lingerUs + requestTimeoutUs + 1)
    case 'by-request-timeout-in-order':
      if (isRetry) return lastAttemptUs + retryBackoffUs + requestTimeoutUs + 1
      return Math.min(whenFullUs, createdUs + lingerUs + requestTimeoutUs + 1)
    case 'by-delivery-timeout':
      return createdUs + deliveryTimeoutUs
  }
}
