/** What a stranger has to see of the chains to say something false at the right moment: a node that follows them. */
import type { Node } from '../../src/app/node.ts'
import { signerOfSeed } from '../../src/client/transfer.ts'
import type { Instance } from '../../src/consensus/instance.ts'
import type { Signer } from '../../src/crypto/ports.ts'
import { devnetSeed } from '../../src/params/devnet-keys.ts'
import { networkId } from '../../src/params/genesis.ts'
import type { Genesis } from '../../src/params/genesis.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'

/** The key of a validator that does not run. */
export const validatorKey = (index: number): Signer => signerOfSeed(devnetSeed(`validator${index}`))

export interface VantageInit {
  readonly genesis: Genesis
  /** Validators that run. */
  readonly honest: number
  /** The validator whose key the stranger has. */
  readonly key: Signer
}

export abstract class Vantage {
  readonly genesis: Genesis
  readonly network: Uint8Array
  readonly honest: number
  readonly key: Signer

  constructor({ genesis, honest, key }: VantageInit) {
    this.genesis = genesis
    this.network = networkId(genesis)
    this.honest = honest
    this.key = key
  }

  /** Whose view of the chains it is. */
  abstract get target(): Node

  instance(chain: ChainId): Instance {
    return this.target.chains!.get(chain)!.driver.instance
  }

  /** Index of the stranger's key in the committee; who is no validator pretends to be the first. */
  self(chain: ChainId): number {
    const { epoch } = this.instance(chain).config
    return this.target.chains!.epochs.memberIndex(chain, epoch, this.key.publicKey) ?? 0
  }

  /** Places of as many members as a quorum has, whoever they are. */
  quorumPlaces(chain: ChainId): number[] {
    const { members } = this.instance(chain).config.committee
    return Array.from({ length: members.length - Math.floor((members.length - 1) / 3) }, (_, place) => place)
  }

  /** The first view from `from` on that the member leads, or that it does not. */
  viewOf(chain: ChainId, member: number, from: number, leads = true): number {
    const { schedule } = this.instance(chain).config
    for (let view = Math.max(1, from); ; view++) if ((schedule.leader(view) === member) === leads) return view
  }
}
