/** Plain loops in float64 with gradients from Jacobians, for small sizes. */

/** The error function: 2 / √π · exp(-x²) · Σₙ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!, whose terms all have x's sign. */
export function naiveErf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) sum += term *= 2 * x * x / (2 * n + 1);
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

export function naiveGelu(x: number): { value: number; slope: number } {
  const below = (1 + naiveErf(x / Math.SQRT2)) / 2;
  return { value: x * below, slope: below + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) };
}

/** Numbers at mean 0 and deviation 1, what a cotangent of them becomes, and the size of the terms that this is made of. */
export function naiveNorm(x: number[], dnormal: number[], epsilon: number) {
  const size = x.length;
  const mean = x.reduce((sum, value) => sum + value, 0) / size;
  const deviation = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size + epsilon);
  const normal = x.map((value) => (value - mean) / deviation);
  const dx = x.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < size; j++) {
      sum += dnormal[j]! * ((i === j ? 1 : 0) - (1 + normal[i]! * normal[j]!) / size) / deviation;
    }
    return sum;
  });
  return { normal, dx, terms: dnormal.map((value) => Math.abs(value) / deviation) };
}

/**
 * Normalises sets of entries, each by itself; scale and shift go with the last axis. The `terms` are the sizes of what
 * the gradients add up: rounding errors are as large as theirs where little is left of them.
 */
export function naiveNorms(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  scale: ArrayLike<number>,
  shift: ArrayLike<number>,
  epsilon: number,
  sets: Iterable<number[]>,
) {
  const channels = scale.length;
  const found = {
    y: new Float64Array(x.length),
    dx: new Float64Array(x.length),
    terms: new Float64Array(x.length),
    dscale: new Float64Array(channels),
    scaleTerms: new Float64Array(channels),
    dshift: new Float64Array(channels),
    shiftTerms: new Float64Array(channels),
  };
  for (const set of sets) {
    const { normal, dx, terms } = naiveNorm(
      set.map((at) => x[at]!),
      set.map((at) => dy[at]! * scale[at % channels]!),
      epsilon,
    );
    set.forEach((at, i) => {
      const channel = at % channels;
      found.y[at] = normal[i]! * scale[channel]! + shift[channel]!;
      found.dx[at] = dx[i]!;
      found.terms[at] = terms[i]!;
      found.dscale[channel]! += dy[at]! * normal[i]!;
      found.scaleTerms[channel]! += Math.abs(dy[at]! * normal[i]!);
      found.dshift[channel]! += dy[at]!;
      found.shiftTerms[channel]! += Math.abs(dy[at]!);
    });
  }
  return found;
}

export interface AttentionSizes {
  readonly examples: number;
  readonly length: number;
  readonly heads: number;
  readonly depth: number;
}

/** Attention of [examples · length, 3 · heads · depth] to itself, and what a cotangent of it becomes. */
export function naiveAttention(
  projected: ArrayLike<number>,
  mask: ArrayLike<number>,
  dy: ArrayLike<number>,
  { examples, length, heads, depth }: AttentionSizes,
): { y: Float64Array; dprojected: Float64Array } {
  const width = heads * depth;
  const y = new Float64Array(examples * length * width);
  const dprojected = new Float64Array(projected.length);
  const places = Array.from({ length }, (_, place) => place);
  for (let example = 0; example < examples; example++) {
    const there = places.filter((place) => mask[example * length + place] !== 0);
    for (let head = 0; head < heads; head++) {
      const at = (part: number) => (place: number, d: number) =>
        (example * length + place) * 3 * width + part * width + head * depth + d;
      const [q, k, v] = [at(0), at(1), at(2)];
      const out = (place: number, d: number) => (example * length + place) * width + head * depth + d;
      const dot = (a: (d: number) => number, b: (d: number) => number) => {
        let sum = 0;
        for (let d = 0; d < depth; d++) sum += a(d) * b(d);
        return sum;
      };
      for (const i of places) {
        const scores = places.map((j) =>
          dot((d) => projected[q(i, d)]!, (d) => projected[k(j, d)]!) / Math.sqrt(depth)
        );
        const peak = Math.max(...there.map((j) => scores[j]!));
        const powers = places.map((j) => there.length === 0 ? 1 : there.includes(j) ? Math.exp(scores[j]! - peak) : 0);
        const total = powers.reduce((sum, power) => sum + power, 0);
        const p = powers.map((power) => power / total);
        const dp = places.map((j) => dot((d) => dy[out(i, d)]!, (d) => projected[v(j, d)]!));
        for (const j of places) {
          let dscore = 0;
          for (const l of places) dscore += dp[l]! * p[l]! * ((j === l ? 1 : 0) - p[j]!);
          for (let d = 0; d < depth; d++) {
            y[out(i, d)]! += p[j]! * projected[v(j, d)]!;
            dprojected[v(j, d)]! += p[j]! * dy[out(i, d)]!;
            dprojected[q(i, d)]! += dscore * projected[k(j, d)]! / Math.sqrt(depth);
            dprojected[k(j, d)]! += dscore * projected[q(i, d)]! / Math.sqrt(depth);
          }
        }
      }
    }
  }
  return { y, dprojected };
}
