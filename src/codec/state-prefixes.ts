/** The kinds of records of a state (STA-1), apart from their types: leaf pages need no more than these. */

/** First byte of a state key. A prefix is given to one kind of record for ever. */
export const PREFIX_TOTALS = 0x00
export const PREFIX_ACCOUNT = 0x01
export const PREFIX_CLAIM = 0x02
export const PREFIX_OUT_LANE = 0x03
export const PREFIX_IN_LANE = 0x04
export const PREFIX_OUTBOX = 0x05
export const PREFIX_ESCROW = 0x06
export const PREFIX_ATOMIC = 0x07
export const PREFIX_ATOMIC_INDEX = 0x08
export const PREFIX_RUNNING_FACTS = 0x0b
export const PREFIX_FINISHED_FACTS = 0x0c
export const PREFIX_STAKE = 0x09
export const PREFIX_INFLOW = 0x0a
export const PREFIX_PARAMETERS = 0x10
export const PREFIX_VALIDATORS = 0x11
export const PREFIX_COOPERATIVES = 0x12
export const PREFIX_SEATS = 0x13
export const PREFIX_WEIGHTS = 0x14
export const PREFIX_MIX = 0x15
export const PREFIX_VALIDATOR = 0x16
export const PREFIX_SERVED = 0x17
export const PREFIX_REPUTATION = 0x18
export const PREFIX_SUMMARY = 0x19
export const PREFIX_EVIDENCE = 0x1a
export const PREFIX_SANCTION = 0x1b
export const PREFIX_DISPUTE = 0x1c
export const PREFIX_COLLUSION = 0x1d
