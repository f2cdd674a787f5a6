/** What a validator's key has earned and not claimed, and what is staked for it (EMI-5, EMI-9). */
import { chainToJson } from '../../primitives/chain-id.ts'
import { toHex } from '../../primitives/bytes.ts'
import { accept } from '../../primitives/result.ts'
import { placeJson, tokensJson } from '../json.ts'
import { method } from '../method.ts'
import type { Method } from '../method.ts'
import { hexParam } from '../params.ts'

const claimList = method('claim_list', {
  summary: 'What a validator’s key has earned on each followed chain and not claimed, and its stake',
  params: { validator: hexParam('validator key', { length: 32 }) },
  call(port, { validator }) {
    const earned = port.chains().map((chain) => port.earned(validator, chain))
    return accept({
      validator: toHex(validator),
      claims: earned.map(({ claim, asOf }) => ({
        chain: chainToJson(asOf.chain),
        ...tokensJson(claim),
        asOf: placeJson(asOf)
      })),
      // Stake is state of the coordination chain, which every node follows.
      stake: tokensJson({
        consumer: earned.reduce((sum, { stake }) => sum + stake.consumer, 0n),
        industrial: earned.reduce((sum, { stake }) => sum + stake.industrial, 0n)
      })
    })
  }
})

export const claimMethods: readonly Method[] = [claimList]
