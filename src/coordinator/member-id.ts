/** Ids of group members: the client's id and a random UUID (`GroupMetadata.generateMemberIdSuffix`). */
import type { Host } from '../host/index.ts'

const HEX_DIGITS = 16
/** Digits of the groups of a UUID. */
const UUID_PARTS = [8, 4, 4, 4, 12]

export function newMemberId(host: Host, clientId: string): string {
  const random = host.random('member-id')
  const digits = (count: number): string => {
    let text = ''
    for (let i = 0; i < count; i++) text += random.intBelow(HEX_DIGITS, 'digit of a member id').toString(16)
    return text
  }
  return `${clientId}-${UUID_PARTS.map(digits).join('-')}`
}
