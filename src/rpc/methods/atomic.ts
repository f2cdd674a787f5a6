/** The method about atomic actions: the coordinator's record, and what shards hold (ATO). */
import type {
  AtomicAnswerJson,
  AtomicHeldJson,
  AtomicOutcome,
  AtomicPartJson,
  AtomicPhase,
  AtomicRecordJson,
  AtomicStepJson
} from '../../client/atomic-types.ts'
import type { AtomicPart, AtomicStep } from '../../codec/atomic.ts'
import { refusalByNumber } from '../../codec/refusals.ts'
import { encodeAddress } from '../../crypto/address.ts'
import { toHex } from '../../primitives/bytes.ts'
import { chainToJson } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { accept } from '../../primitives/result.ts'
import { placeJson, tokensJson } from '../json.ts'
import { method } from '../method.ts'
import type { Method } from '../method.ts'
import { hexParam } from '../params.ts'
import type { AtomicFacts, NodePort } from '../port.ts'

/** By their numbers. */
const PHASES: readonly AtomicPhase[] = ['asked', 'prepared', 'refused', 'committed', 'aborted']
const OUTCOMES: readonly AtomicOutcome[] = ['open', 'commit', 'abort']

const atomicGet = method('atomic_get', {
  summary: 'Where an atomic action stands: phase of each shard, deadline, outcome, and what is held for it',
  params: { id: hexParam('transaction id', { length: 32 }) },
  call: (port, { id }) => accept(atomicJson(port, id))
})

/** The answer of `atomic_get`. */
export function atomicJson(port: Pick<NodePort, 'atomic'>, id: Uint8Array): AtomicAnswerJson {
  const { record, held } = port.atomic(id)
  return {
    id: toHex(id),
    ...(record === undefined ? {} : { record: recordJson(record) }),
    held: held.map(heldJson)
  }
}

function recordJson({ record, asOf }: NonNullable<AtomicFacts['record']>): AtomicRecordJson {
  const { height, deadline, decidedAt, endedAt } = record
  return {
    coordinator: chainToJson(asOf.chain),
    sender: encodeAddress(record.sender),
    outcome: named(OUTCOMES, record.outcome),
    ...reasonJson(record.reason),
    height,
    deadline,
    ...(decidedAt === 0 ? {} : { decidedAt }),
    ...(endedAt === 0 ? {} : { endedAt }),
    parts: record.parts.map(partJson),
    asOf: placeJson(asOf)
  }
}

const named = <T>(names: readonly T[], number: number): T => must(names[number], 'a number of the protocol')

function reasonJson(number: number): { reason?: string } {
  const reason = refusalByNumber(number)
  return reason === undefined ? {} : { reason }
}

const partJson = ({ chain, phase, reason, prepare, vote, decision, end }: AtomicPart): AtomicPartJson => ({
  chain: chainToJson(chain),
  phase: named(PHASES, phase),
  ...reasonJson(reason),
  ...stepJson('prepare', prepare),
  ...stepJson('vote', vote),
  ...stepJson('decision', decision),
  ...stepJson('end', end)
})

const stepJson = (
  name: 'prepare' | 'vote' | 'decision' | 'end',
  [step]: readonly AtomicStep[]
): { [step in typeof name]?: AtomicStepJson } =>
  step === undefined ? {} : { [name]: { height: step.height, sequence: step.sequence } }

const heldJson = ({ escrow, asOf }: AtomicFacts['held'][number]): AtomicHeldJson => ({
  chain: chainToJson(asOf.chain),
  phase: named(PHASES, escrow.phase),
  ...tokensJson(escrow),
  asOf: placeJson(asOf)
})

export const atomicMethods: readonly Method[] = [atomicGet]
