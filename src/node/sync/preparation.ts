/**
 * Bodies of proven headers made ready for execution (SYN-6): decoded, transactions checked statelessly, signatures
 * verified off-thread in one batch. It runs ahead of execution, so that neither waits for the other.
 */
import type { Block } from '../../codec/block.ts'
import { BodyType } from '../../codec/block.ts'
import { decodeViews } from '../../codec/ssz.ts'
import { signedLength, writeSigned } from '../../codec/transaction.ts'
import { VerifyPoolError } from '../../crypto/errors.ts'
import type { SignatureJob, Verifier } from '../../crypto/ports.ts'
import { accept, refuse } from '../../primitives/result.ts'
import type { Verdict } from '../../primitives/result.ts'
import { checkStateless } from '../../state/stateless.ts'
import type { CheckedTransaction, GenesisConstants } from '../../state/types.ts'
import type { LinkedHeader } from '../../sync/header-run.ts'
import type { Clock } from '../ports.ts'

export interface Prepared {
  readonly block: Block
  readonly transactions: readonly CheckedTransaction[]
}

export interface PreparationComponents {
  readonly verifier: Verifier
  readonly clock: Clock
  readonly constants: GenesisConstants
}

/** After a failure of the verifier, which is nobody's fault but ours. */
const RETRY_MS = 50

/** A refusal is a block that a quorum made final and that is not valid (C27). */
export async function prepareBlocks(
  c: PreparationComponents,
  headers: readonly LinkedHeader[],
  bodies: readonly Uint8Array[]
): Promise<Verdict<Prepared[]>> {
  const prepared: Prepared[] = []
  const all: CheckedTransaction[] = []
  for (const [at, bodyBytes] of bodies.entries()) {
    const linked = headers[at]
    if (linked === undefined) return refuse('malformed', 'a body without a header')
    const body = decodeViews(BodyType, bodyBytes)
    if (!body.ok) return refuse(body.code, `block ${linked.header.height}: ${body.detail}`)
    const transactions: CheckedTransaction[] = []
    for (const bytes of body.value.transactions) {
      const checked = checkStateless(c.constants, bytes)
      if (!checked.ok) return refuse('bad-transaction', `block ${linked.header.height}: ${checked.code}`)
      transactions.push(checked.value)
      all.push(checked.value)
    }
    const block: Block = { header: linked.header, hash: linked.hash, bodyBytes, body: body.value }
    prepared.push({ block, transactions })
  }
  if (all.length > 0 && !(await allVerify(c, signatureJobs(c.constants, all)))) {
    return refuse(
      'bad-transaction',
      `a signature in blocks from ${headers[0]?.header.height ?? 0} is not valid`
    )
  }
  return accept(prepared)
}

/** What they are signed over, of all in one piece of memory: they wait and go together. */
function signatureJobs(
  { network }: Pick<GenesisConstants, 'network'>,
  all: readonly CheckedTransaction[]
): SignatureJob[] {
  const room = new Uint8Array(all.reduce((sum, { bytes }) => sum + signedLength(bytes), 0))
  let at = 0
  return all.map(({ bytes, transaction }) => {
    const message = room.subarray(at, at + signedLength(bytes))
    at += message.length
    writeSigned(message, network, bytes)
    return { publicKey: transaction.sender, message, signature: transaction.signature }
  })
}

/** In bulk: votes and transactions of live chains go first. A verifier that is busy or restarting is asked again. */
async function allVerify(
  { verifier, clock }: PreparationComponents,
  jobs: readonly SignatureJob[]
): Promise<boolean> {
  for (;;) {
    try {
      return (await verifier.verify(jobs, { bulk: true })).every(Boolean)
    } catch (error) {
      if (!(error instanceof VerifyPoolError) || error.code === 'CRYPTO_POOL_STOPPED') throw error
      await new Promise<void>((resolve) => void clock.at(clock.monoMs() + RETRY_MS, resolve))
    }
  }
}
