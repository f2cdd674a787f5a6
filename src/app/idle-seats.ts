/**
 * What a validator leaves undone because of what its node follows (D2): said once at the start. A seat whose chain the
 * node does not follow never votes, and the committee has one member less than it counts on.
 */
import type { Logger } from 'pino'
import { toHex } from '../primitives/bytes.ts'
import { chainName } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import type { Chains } from '../node/chains.ts'
import type { Validator } from '../node/validator.ts'

export function warnOfIdleSeats(
  { list, epochs, coord }: Pick<Chains, 'list' | 'epochs' | 'coord'>,
  validator: Validator | undefined,
  log: Logger
): void {
  if (validator === undefined) return
  const key = toHex(validator.publicKey)
  const { epoch } = coord.driver.instance.config
  const { committees } = must(epochs.snapshot(epoch), 'the running epoch is known')
  const seats = [...committees].filter(([, { members }]) =>
    members.some((member) => validator.owns(member.key))
  )
  const followed = new Set(list.map(({ chain }) => chain))
  const idle = seats.flatMap(([chain]) => (followed.has(chain) ? [] : [chainName(chain)]))
  if (seats.length === 0) log.warn({ key }, 'this validator key sits in no committee')
  if (idle.length > 0)
    log.warn({ key, chains: idle }, 'this validator does not vote in chains that its node does not follow')
}
