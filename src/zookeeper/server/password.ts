/** Session passwords: any server can check one without having granted it, as in ZooKeeper, which derives them alike. */
import { Digest } from '../../host/index.ts'

export const sessionPassword = (session: string): string => new Digest().string(session).word(0xb3415c00).hex()
