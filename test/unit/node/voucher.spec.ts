import assert from 'node:assert/strict'
import { keyFromSeed, signerOfKey } from '../../../src/node/keys.ts'
import { readVoucher, vouch } from '../../../src/node/voucher.ts'
import { provenCooperative } from '../../../src/net/discovery/peer-records.ts'
import { equal } from '../../../src/primitives/bytes.ts'
import { NETWORK, seedOf } from '../../support/net.ts'
import { signedRecord } from '../../support/peer-records.ts'

const validator = keyFromSeed('validator', seedOf('validator'))
const node = keyFromSeed('node', seedOf('node'))
const other = keyFromSeed('node', seedOf('other'))
const text = vouch(NETWORK, signerOfKey(validator), {
  peer: node.publicKey,
  cooperative: 7,
  untilMs: 9_000
})
const refused = (content: string, reason: RegExp, peer = node.publicKey, network = NETWORK): void => {
  assert.throws(() => readVoucher('v.json', content, network, peer), {
    message: reason,
    detail: { code: 'KEY_FILE_MALFORMED', path: 'v.json', reason: reason.source.replace(/^.*: /, '') }
  })
}
const changed = (fields: object): string => JSON.stringify({ ...(JSON.parse(text) as object), ...fields })

describe('vouchers', () => {
  it('DIS-4: what a cooperative wrote proves it to others, until its time has passed', () => {
    const claim = readVoucher('v.json', text, NETWORK, node.publicKey)
    const { record } = signedRecord('node', { cooperative: [claim] })
    const registry = (key: Uint8Array): number | undefined =>
      equal(key, validator.publicKey) ? 7 : undefined
    assert.deepEqual(
      [9_000, 9_001].map((nowMs) => provenCooperative(record, registry, nowMs)),
      [7, 0]
    )
    const stolen = signedRecord('other', { cooperative: [claim] }).record
    assert.equal(provenCooperative(stolen, registry, 0), 0)
  })

  it('KEY_FILE_MALFORMED: for another network or node, changed in any field, or no voucher at all', () => {
    refused(text, /v.json is no voucher: it is for another network/, node.publicKey, new Uint8Array(32))
    refused(text, /v.json is no voucher: it is for another node/, other.publicKey)
    refused(changed({ untilMs: 9_001 }), /v.json is no voucher: its signature is not valid/)
    refused(changed({ cooperative: 8 }), /v.json is no voucher: its signature is not valid/)
    refused(changed({ cooperative: 0 }), /v.json is no voucher: cooperative is a number from 1 to 65535/)
    refused(changed({ cooperative: 65_536 }), /v.json is no voucher: cooperative is a number from 1 to 65535/)
    refused(changed({ untilMs: -1 }), /v.json is no voucher: untilMs is a time in milliseconds/)
    refused(changed({ key: 'x' }), /v.json is no voucher: key is 32 bytes of hex/)
    refused('[]', /v.json is no voucher: not a JSON object/)
    refused('{', /v.json is no voucher: not a JSON object/)
  })
})
