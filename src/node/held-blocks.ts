/** What peers said that they hold (DIS-1): nobody is asked for blocks that it has dropped. */
import type { PeerView } from '../net/types.ts'
import type { ChainId } from '../primitives/chain-id.ts'

/** The lowest block that a peer can be asked for; genesis where it said nothing. */
export const earliestOf = ({ facts }: Pick<PeerView, 'facts'>, chain: ChainId): number =>
  facts?.held.find((one) => one.chain === chain)?.earliest ?? 0
