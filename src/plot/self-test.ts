/** Agreement of two devices per layer as bars: how many decimal digits of the cosine are nines. */

export interface AgreementBar {
  readonly layer: number
  /** Share of the strip's height, 0 to 1. */
  readonly height: number
  readonly passed: boolean
  readonly label: string
}

const mostDigits = 7

/** -log10(1 - cosine): 3 is 0.999. NaN and negative agreement are 0. */
export function agreementDigits(cosine: number): number {
  if (!(cosine > 0)) return 0
  return Math.min(mostDigits, Math.max(0, -Math.log10(Math.max(1 - cosine, 10 ** -mostDigits))))
}

/** One bar a layer. */
export function plotAgreement(cosines: readonly number[], threshold: number): readonly AgreementBar[] {
  return cosines.map((cosine, layer) => ({
    layer,
    height: Math.max(0.06, agreementDigits(cosine) / mostDigits),
    passed: cosine >= threshold,
    label: `layer ${layer}: cosine ${cosine.toFixed(6)}`
  }))
}
