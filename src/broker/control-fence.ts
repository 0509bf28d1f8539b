/**
 * Which requests of controllers a broker obeys: none of a controller older than one it has obeyed (in this life), and,
 * since KIP-380, none that was meant for its former registration (`KafkaApis.isBrokerEpochStale`, 2.2.0).
 */
import type { Digest } from '../host/index.ts'
import { ErrorCode } from '../protocol/index.ts'

export class ControlFence {
  /** Highest epoch of a controller that was obeyed. */
  controllerEpoch = 0
  /** czxid of this broker's registration, where requests of the controller name it (F19). */
  brokerEpoch: number | undefined

  /** Takes the request's epoch over, or says why it is not obeyed. */
  refusal(request: {
    readonly controllerEpoch: number
    readonly brokerEpoch?: number
  }): typeof ErrorCode.NoError | typeof ErrorCode.StaleBrokerEpoch | typeof ErrorCode.StaleControllerEpoch {
    const { controllerEpoch, brokerEpoch } = request
    // A later epoch than one's own is fine: the controller may have seen the registration first.
    if (brokerEpoch !== undefined && this.brokerEpoch !== undefined && brokerEpoch < this.brokerEpoch) {
      return ErrorCode.StaleBrokerEpoch
    }
    if (controllerEpoch < this.controllerEpoch) return ErrorCode.StaleControllerEpoch
    this.controllerEpoch = controllerEpoch
    return ErrorCode.NoError
  }

  digest(digest: Digest): void {
    digest.int(this.controllerEpoch).int(this.brokerEpoch ?? -1)
  }
}
