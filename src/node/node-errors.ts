/** What can fail around a node before and while it starts: options, files, parts (docs/operating.md lists the codes). */
import { NodeError } from '../primitives/errors.ts'

export class ConfigError extends NodeError<
  /** A key of the configuration file that no version of the table knows. */
  | { readonly code: 'CONFIG_KEY_UNKNOWN'; readonly key: string; readonly source: string }
  | {
      readonly code: 'CONFIG_VALUE'
      readonly key: string
      readonly source: string
      readonly expected: string
    }
  | { readonly code: 'CONFIG_FILE'; readonly path: string; readonly reason: string }
  /** Two values that are right by themselves do not fit together. */
  | { readonly code: 'CONFIG_RELATION'; readonly key: string; readonly other: string }
  /** Nothing gave a value to a key that has no default. */
  | { readonly code: 'CONFIG_MISSING'; readonly key: string }
> {}

export class KeyFileError extends NodeError<
  /** Keys are never overwritten. */
  | { readonly code: 'KEY_FILE_EXISTS'; readonly path: string }
  | { readonly code: 'KEY_FILE_UNREADABLE'; readonly path: string; readonly reason: string }
  | { readonly code: 'KEY_FILE_UNWRITABLE'; readonly path: string; readonly reason: string }
  | { readonly code: 'KEY_FILE_MALFORMED'; readonly path: string; readonly reason: string }
  /** The file holds a key of another type than the one asked for. */
  | {
      readonly code: 'KEY_FILE_TYPE'
      readonly path: string
      readonly found: string
      readonly expected: string
    }
> {}

/** The operator vouches for another block than the one that a quorum made final: not the network that was meant. */
export class CheckpointError extends NodeError<{
  readonly code: 'CHECKPOINT_CONTRADICTED'
  readonly height: number
  readonly expected: string
  readonly found: string
}> {}

/** A part of the node did not start; those started before it were stopped again. The reason is the cause. */
export class StartError extends NodeError<{ readonly code: 'NODE_PART_FAILED'; readonly part: string }> {}
