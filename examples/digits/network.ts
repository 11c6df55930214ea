/** A fully connected layer: `weights` holds `inputs` rows of `outputs` values. */
export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

export interface Gradient {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Layers with ReLU between them and none after the last (He initialisation: normal, variance 2 / inputs). */
export function createNetwork(widths: readonly number[], random: () => number): Layer[] {
  return widths.slice(1).map((outputs, index) => {
    const inputs = widths[index]!;
    const scale = Math.sqrt(2 / inputs);
    const weights = Float32Array.from({ length: inputs * outputs }, () => normal(random) * scale);
    return { inputs, outputs, weights, bias: new Float32Array(outputs) };
  });
}

export function emptyGradients(layers: readonly Layer[]): Gradient[] {
  return layers.map(({ inputs, outputs }) => ({
    weights: new Float32Array(inputs * outputs),
    bias: new Float32Array(outputs),
  }));
}

/** Activations of every layer for one input, the input itself first and the scores last. */
export function forward(layers: readonly Layer[], input: Float32Array): Float32Array[] {
  const activations = [input];
  layers.forEach((layer, index) => {
    const output = Float32Array.from(layer.bias);
    addProduct(layer, activations[index]!, output);
    if (index < layers.length - 1) keepPositive(output);
    activations.push(output);
  });
  return activations;
}

/** Adds one example's gradient of the cross entropy to `gradients`; returns that example's loss. */
export function accumulateGradient(
  layers: readonly Layer[],
  input: Float32Array,
  label: number,
  gradients: readonly Gradient[],
): number {
  const activations = forward(layers, input);
  const probabilities = softmax(activations[layers.length]!);
  const loss = -Math.log(Math.max(probabilities[label]!, 1e-12));
  let delta = probabilities;
  delta[label]! -= 1;
  for (let index = layers.length - 1; index >= 0; index--) {
    const layer = layers[index]!;
    const source = activations[index]!;
    addOuterProduct(source, delta, gradients[index]!);
    if (index > 0) delta = pullBack(layer, source, delta);
  }
  return loss;
}

/** Position of the largest value; the first of equals. */
export function largest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < scores.length; index++) {
    if (scores[index]! > scores[best]!) best = index;
  }
  return best;
}

function addProduct(layer: Layer, input: Float32Array, output: Float32Array): void {
  for (let from = 0; from < layer.inputs; from++) {
    const value = input[from]!;
    if (value === 0) continue;
    const row = from * layer.outputs;
    for (let to = 0; to < layer.outputs; to++) output[to]! += value * layer.weights[row + to]!;
  }
}

function addOuterProduct(source: Float32Array, delta: Float32Array, gradient: Gradient): void {
  const outputs = delta.length;
  for (let from = 0; from < source.length; from++) {
    const value = source[from]!;
    if (value === 0) continue;
    for (let to = 0; to < outputs; to++) gradient.weights[from * outputs + to]! += value * delta[to]!;
  }
  for (let to = 0; to < outputs; to++) gradient.bias[to]! += delta[to]!;
}

function pullBack(layer: Layer, source: Float32Array, delta: Float32Array): Float32Array {
  const pulled = new Float32Array(layer.inputs);
  for (let from = 0; from < layer.inputs; from++) {
    if (source[from]! <= 0) continue;
    let sum = 0;
    for (let to = 0; to < layer.outputs; to++) sum += layer.weights[from * layer.outputs + to]! * delta[to]!;
    pulled[from] = sum;
  }
  return pulled;
}

function keepPositive(values: Float32Array): void {
  for (let index = 0; index < values.length; index++) if (values[index]! < 0) values[index] = 0;
}

function softmax(scores: Float32Array): Float32Array {
  const top = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** A normal deviate (Box and Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
