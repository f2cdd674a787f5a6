/** What can go wrong with snapshots on our own side; a peer's fault is a verdict. */
import { NodeError } from '../../primitives/errors.ts'

export class SnapshotError extends NodeError</** The state cannot be cut, or the disk gave another row than was written; the chain goes on without a snapshot. */
{ code: 'SNAPSHOT_IMPOSSIBLE'; reason: string }> {}
