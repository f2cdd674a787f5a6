/**
 * Bans across restarts (D14): the ledger counts on the monotonic clock, rows on disk have the wall clock's time of expiry.
 * A row that cannot be read is passed over: a ban is worth less than a start.
 */
import { peerIdFromMultihash, peerIdFromString } from '@libp2p/peer-id'
import { decode as decodeMultihash } from 'multiformats/hashes/digest'
