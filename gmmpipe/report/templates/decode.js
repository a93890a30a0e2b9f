"use strict";
// The embedded fits, back as objects: base64 of float32 in, runs and mixtures out.

const PLACES = 6; // weight, mean x, mean y, variance x, covariance, variance y

/** Return the numbers of a base64 text, moved back by the origin, which repeats. */
function floats(text, origin) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const small = new Float32Array(bytes.buffer);
  return Float64Array.from(small, (value, i) => value + origin[i % origin.length]);
}

/** Return the names that codes stand for, one for each run. */
function named(column) {
  return column.codes.map((code) => column.levels[code]);
}

/** Return one data set: its points, its runs, and their mixtures at any step. */
function decoded(raw) {
  const normaliser = named(raw.runs.normaliser);
  const covariance = named(raw.runs.covariance);
  const start = named(raw.runs.start);
  const [x, y] = raw.origin;
  const points = floats(raw.points, raw.dimensions === 1 ? [x] : [x, y]);
  const mixtures = floats(raw.mixtures, [0, x, y, 0, 0, 0]);
  const gaps = floats(raw.gaps, [0]);
  let offset = 0;
  const runs = raw.runs.k.map((k, i) => {
    const run = {
      index: i, k, seed: raw.runs.seed[i], offset,
      normaliser: normaliser[i], covariance: covariance[i], start: start[i],
      final: raw.runs.final[i], parameters: raw.runs.parameters[i],
      converged: raw.runs.converged[i] === 1, done: [0, ...raw.runs.done[i]],
      degenerate: raw.runs.degenerate[i] ?? "",
    };
    offset += k * PLACES * raw.steps.length;
    return run;
  });
  return {
    ...raw, runs, points,
    /** Return (K * PLACES) numbers of a run at one of the steps. */
    mixture(run, step) {
      const size = run.k * PLACES;
      return mixtures.slice(run.offset + step * size, run.offset + (step + 1) * size);
    },
    /** Return the log-likelihood of a run after the iterations of each of ``times``. */
    trajectory(run) {
      const n = raw.times.length;
      return raw.times.map((_, i) => run.final + gaps[run.index * n + i]);
    },
    /** Return the log-likelihood of a run at one of the steps. */
    logLikelihood(run, step) {
      return run.final + gaps[run.index * raw.times.length + raw.times.indexOf(raw.steps[step])];
    },
  };
}

/** Return for each point the component it most likely comes from; -1 for noise. */
function assigned(scene, mixture) {
  const { dimensions, points, noise_volume: volume } = scene;
  const parts = [];
  let rest = 1;
  for (let j = 0; j < mixture.length; j += PLACES) {
    const [weight, mx, my, a, b, d] = mixture.subarray(j, j + PLACES);
    const det = dimensions === 1 ? a : a * d - b * b;
    rest -= weight;
    parts.push({ mx, my, a, b, d, det, log: Math.log(weight) - Math.log(det) / 2 });
  }
  const even = volume === null ? 0 : Math.max(rest, 0) / volume; // the density of noise
  const least = Math.log(even) + (dimensions / 2) * Math.log(2 * Math.PI);
  return Array.from({ length: points.length / dimensions }, (_, i) => {
    let best = -1, most = least;
    parts.forEach(({ mx, my, a, b, d, det, log }, j) => {
      const u = points[i * dimensions] - mx;
      const v = dimensions === 1 ? 0 : points[i * dimensions + 1] - my;
      const distance = dimensions === 1 ? (u * u) / a : (d * u * u - 2 * b * u * v + a * v * v) / det;
      if (log - distance / 2 > most) [best, most] = [j, log - distance / 2];
    });
    return best;
  });
}

/** Return a number with so many decimals and a true minus sign. */
function signed(value, decimals) {
  return value.toFixed(decimals).replace("-", "\u2212");
}
