/** Published accounts of one shard: some are the users', the rest the flooder's. */
import { identityOf, signerOfSeed } from '../../src/client/transfer.ts'
import type { Signer } from '../../src/crypto/ports.ts'
import { DEVNET_LOAD_ACCOUNTS, devnetSeed } from '../../src/params/devnet-keys.ts'
import { shardId } from '../../src/primitives/chain-id.ts'

export const SHARD = shardId(0)
const SHARDS = 2
const USERS = 150

export interface Account {
  readonly signer: Signer
  readonly address: Uint8Array
  /** Of the same shard. */
  readonly receiver: Uint8Array
  next: bigint
}

function accountsOfShard(): Account[] {
  const all = Array.from({ length: DEVNET_LOAD_ACCOUNTS }, (_, index) => {
    const signer = signerOfSeed(devnetSeed(`load${index}`))
    const { address, chain } = identityOf(signer.publicKey, SHARDS)
    return { signer, address, chain }
  }).filter(({ chain }) => chain === SHARD)
  return all.map(({ signer, address }, index) => {
    const receiver = all[(index + 1) % all.length]?.address ?? address
    return { signer, address, receiver, next: 0n }
  })
}

export const userAccounts = (): Account[] => accountsOfShard().slice(0, USERS)
export const flooderAccounts = (): Account[] => accountsOfShard().slice(USERS)
