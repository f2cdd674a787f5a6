/** The directed scenarios: each shows why one rule of consensus is not optional (CONSENSUS, "Why"). */
import { SCENARIOS } from '../scenarios/catalog.ts'
import type { ScenarioName } from '../scenarios/catalog.ts'

const TITLES: Readonly<Record<ScenarioName, string>> = {
  boundarySplit:
    'C9, C24: two finalise and two nullify votes on a boundary block: it is proposed again and ends its epoch',
  certificateOnOneDisk:
    'C11: a certificate that only one killed member knew is on its disk, and the chain goes on from it',
  allCrashAfterFinalise:
    'C11: all crash after voting to finalise and the leader stays away: its block is on the other disks',
  voteIgnoredOneViewBehind:
    'C19: votes that a member one view behind lost for ever by gossip reach it by consensus/1',
  rangesBelowTheTarget:
    'C18, C23: a member that gets blocks by ranges only follows, though a higher block is always final',
  abandonedBranch:
    'M13: transactions of an abandoned unfinal block become final within two blocks, exactly once',
  shardWithoutCoordination: 'D2, C26: shards go on while the coordination chain stands still',
  copyBesideOriginal: 'C12, C22: a copied data directory beside the original does not sign and says why',
  restoredBackup: 'C12: a restored older backup in place of a dead machine contradicts nothing',
  lostChains: 'C12: a machine that lost its chains but not its guard contradicts nothing',
  olderChains: 'C12: a machine whose chains are an old copy, but not its guard, contradicts nothing',
  silentWhileOthersAreAhead:
    'C12, C22: while peers state more than a member could pull, it says nothing after its restart',
  rivalOfNotarisedParent:
    'C9: a rival of a notarised parent is not notarised without the nullifications between',
  childOfUnknownParent: 'C9, C25: a child of a block that nobody voted for is not notarised',
  forgedCertificates: 'C5, C31: certificates that nobody signed move no honest member',
  forkBelowTheFinalView: 'C27: finality of another block in a view that is over stops the chain',
  forkBesideTheFinalBlock:
    'C27: finality in a later view of a block that is not above the final one stops the chain',
  sameDeliveryTwice: 'R7: a delivery that was applied cannot be applied again',
  unprovenDelivery: 'R5: a receipt with another amount than the one in the state of its source is refused',
  refusedValueReturns: 'R8: what the destination refuses is with its sender again',
  refundWithoutRoom: 'R8: a refund that nobody can take is lost and found, not gone',
  acknowledgementAhead: 'R10: an acknowledgement of what was never sent makes the block invalid',
  committeeOfAnotherEpoch:
    'R5, R6: a certificate of another epoch, or of one that is not known yet, proves nothing',
  stoppedShard: 'R14: while a shard stands still, receipts between the others arrive, and its own later',
  preparedWaits: 'R13, ATO-10: a shard that has prepared waits, past any height, and does as it is told',
  lateVoteAfterAbort: 'ATO-9, ATO-10: an answer after the deadline commits nothing any more',
  decisionTwice: 'ATO-8: a decision that comes twice is obeyed once',
  boundaryOfAChange:
    'C3, C9, C24: two finalise and two nullify votes on the last block of a committee: it ends its epoch, and the next one has five members',
  leaverStopsEarly: 'C3 c, C24: a leaver that stops while it is seated costs views, not the chain',
  leaverStopsOneViewEarly:
    'C9, C24: a leaver that dies one view before its last block is final: the others end the epoch, and the next committee goes on',
  emptyRegistrations: 'C3 d: keys that nobody runs are registered, and seated nowhere',
  sleepingShard:
    'C24, C26: a shard that slept for three epochs wakes under the committee of then, and goes on under that of now',
  syncBesideLiars:
    'SYN-2, SYN-3, SYN-4: false headers, certificates and bodies are found, cost who gave them, and stop nobody',
  fastStartBesideLiar:
    'SNAP-6, SNAP-8: beside a peer with false pieces, and with a death at every write, a fast start arrives',
  syncBesideMiser:
    'SYN-5, SYN-12: who gives no bodies is not charged, it is said why sync stands, and it goes on'
}

describe('directed scenarios of consensus', function () {
  this.timeout(60_000)

  for (const [name, run] of Object.entries(SCENARIOS)) {
    it(TITLES[name as ScenarioName], run)
  }
})
