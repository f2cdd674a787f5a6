/**
 * The parameters of consensus: equal on all nodes, part of the genesis and therefore of the network id (D1).
 * Genesis holds the set of epoch 0; every later epoch reads its set from its epoch snapshot (C2), so nothing but
 * the genesis and the snapshot builder may hold on to one.
 *
 * All values are non-negative integers below 2^53. The order of PARAMETERS is the order of the canonical encoding:
 * append, never reorder.
 */
export interface ParameterRule {
  readonly name: string
  readonly min: number
  readonly max: number
  /** What it limits, and its unit. */
  readonly meaning: string
}

const rule = <N extends string>(name: N, min: number, max: number, meaning: string) =>
  ({ name, min, max, meaning }) as const

export const PARAMETERS = [
  rule('epochLength', 4, 1_000_000, 'coordination heights in an epoch (L)'),
  rule('freezeDistance', 1, 999_999, 'coordination heights between freeze and epoch (F), below epochLength'),
  rule('minBlockIntervalMs', 0, 600_000, 'least time between a block and its parent, ms'),
  rule('idleIntervalMs', 10, 600_000, 'time after which an empty block is proposed, ms'),
  rule('deltaInitialMs', 10, 60_000, 'first estimate of the network delay, ms (C21)'),
  rule('deltaMinMs', 1, 60_000, 'floor of the delay estimate, ms'),
  rule('deltaMaxMs', 100, 60_000, 'ceiling of the delay estimate and of a backed-off timer step, ms'),
  rule('maxDriftMs', 0, 600_000, 'how far ahead of a voter’s clock a block’s time may be, ms (C15)'),
  rule('maxCoordLag', 1, 1_000, 'heights a reference may lag a voter’s own final coordination height (D5)'),
  rule('maxUnfinalBlocks', 1, 31, 'unfinal ancestors from which on only empty blocks are built (C14)'),
  rule('blockBytesMax', 32_768, 4_194_304, 'bytes of a block body'),
  rule('blockTransactionsMax', 1, 16_384, 'transactions in a block'),
  rule('payloadBytesMax', 64, 16_384, 'bytes of a transaction payload'),
  rule('maxLifetime', 10, 100_000, 'heights a valid-until may lie ahead (M7)'),
  rule('poolCountMax', 16, 1_000_000, 'transactions in a chain’s pool'),
  rule('poolBytesMax', 65_536, 1_073_741_824, 'bytes in a chain’s pool'),
  rule('poolPerSender', 1, 1_024, 'transactions and nonces ahead of one sender in a pool (M7)'),
  rule('replacementPpm', 0, 10_000_000, 'how much more a replacement must pay, ppm'),
  rule('minFeePerByte', 0, 1_000_000, 'base units per byte of a transaction (M9)'),
  rule('minFeePerMana', 0, 1_000_000, 'base units per unit of max mana (M9)'),
  rule('manaCap', 3, 1_000_000_000, 'most mana an account holds (M11)'),
  rule('manaPerPeriod', 0, 1_000_000_000, 'mana regained per manaPeriodMs'),
  rule('manaPeriodMs', 1, 86_400_000, 'chain time of one regeneration step, ms'),
  rule(
    'minBalance',
    0,
    1_000_000_000_000,
    'base units a transfer must bring to create an account record (M8)'
  ),
  rule(
    'creationCharge',
    0,
    1_000_000_000_000,
    'base units the sender of a record-creating transfer pays (M8)'
  ),
  rule(
    'treasurySharePpm',
    0,
    1_000_000,
    'share of fees that goes to the treasury, ppm; the proposer gets the rest'
  ),
  rule('maxStateBytes', 1_048_576, 1_099_511_627_776, 'bytes of flat state of a chain (D7)'),
  rule('shardsPerValidator', 1, 1_024, 'shards one validator may serve (D2)'),
  rule('unbondingEpochs', 1, 1_000_000, 'epochs after which old signatures can no longer be punished'),
  rule(
    'snapshotInterval',
    1,
    1_000_000,
    'coordination heights between state snapshots, rounded up to epochs (SNAP-1)'
  ),
  rule('laneReceiptsMax', 320, 1_000_000, 'undelivered receipts of a lane, users stop at 80 % (R9)'),
  rule('laneBytesMax', 1_048_576, 1_073_741_824, 'bytes of undelivered receipts of a lane (R9)'),
  rule('rewardConsumer', 0, 1_000_000_000_000, 'base units that an early block emits of its reserve (EMI-1)'),
  rule('rewardIndustrial', 0, 1_000_000_000_000, 'the same of the other token (EMI-1)'),
  rule('rewardHalvingBlocks', 1, 1_000_000_000, 'heights of a chain after which the reward halves (EMI-1)'),
  rule('activationDeposit', 0, 1_000_000_000_000, 'consumer base units that a record on coord locks (EMI-8)'),
  rule(
    'laneInflowCapPpm',
    0,
    1_000_000,
    'share of the supply that a lane may bring in an epoch, ppm; 0 for no cap (R12)'
  ),
  rule('maxValidators', 1, 1_024, 'registered validators, and seats of a chain (REG-3)'),
  rule('leaseHeights', 1, 1_000_000, 'coordination heights that a lease of a shard lasts (REG-8)')
] as const

export type ParameterName = (typeof PARAMETERS)[number]['name']
export type Params = { readonly [name in ParameterName]: number }
