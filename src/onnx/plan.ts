/**
 * What a graph is asked to gain. `none`: no inputs for steering; `add`: `steer.<l>.b [width]`, one
 * direction for the whole batch, no extra node; `affine`: `steer.<l>.b [R, 1, width]`,
 * `.U [R, width, k]`, `.W [R, k, width]` and `steer.mask [B, S, 1]`, R = 1 or B.
 */
export type WriteLevel = 'none' | 'add' | 'affine'

/** Every part is optional; an empty plan gives the same bytes. docs/instrumented-graph.md has the names. */
export interface Plan {
  /** `capture.pool [B, P, S]` in, `capture.hidden [L, B, P, width]` out, both float32. */
  readonly read?: boolean
  readonly write?: WriteLevel
  /**
   * The steering of all layers in one input for each of b, U and W, which saves a runtime many calls: `steer.b [L R, 1, width]`,
   * `.U [L R, width, k]`, `.W [L R, k, width]`; for `add`, `steer.b [L width]`. Layer by layer, then row by row.
   */
  readonly packed?: boolean
  /**
   * With `affine`: `steer.<l>.keep [R, 1, 1]`, or packed `steer.keep [L R, 1, 1]`. Where it is 1, what is written keeps the
   * length that the residual stream had; 0 is `affine` as it is.
   */
  readonly keep?: boolean
  /**
   * `lora.scale [1]`, `lora.<l>.<module>.A [in, r]`, `.B [r, out]`. `joined`: the modules that read one tensor share a
   * pair, `lora.<l>.<group>.A [in, n r]`, which takes fewer products (see linear.ts).
   */
  readonly adapt?: boolean | 'joined'
  /** `select [B, Q, S]`: logits `[B, Q, vocabulary]` at the asked positions only. */
  readonly select?: boolean
  /** `log_probabilities [B, Q, vocabulary]` out, float32: the log-softmax of the logits. */
  readonly probabilities?: boolean
  /**
   * Activations that the graph quantizes with one scale for a whole batch get one for each token, so that no row, and no
   * later token, changes what another one comes out as.
   */
  readonly independent?: boolean
  /**
   * Attention whose scores are capped is written in plain operators: for runtimes whose kernel leaves the cap out, as
   * WebGPU's does.
   */
  readonly plainCaps?: boolean
  /** Activations are never quantized (`accuracy_level` 0), where exporters allow it for speed. */
  readonly exact?: boolean
}

/** Whether a plan asks for nothing, so that the bytes stay as they are. */
export function isEmpty(plan: Plan): boolean {
  const { read, keep, adapt, select, probabilities, independent, plainCaps, exact, write = 'none' } = plan
  return (
    !read && !keep && !adapt && !select && !probabilities && !independent && !plainCaps && !exact && write === 'none'
  )
}
