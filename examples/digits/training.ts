import { BRIGHTEST, CLASSES, type Digits, PIXELS, SIDE } from "./dataset.ts";
import {
  accumulateGradient,
  createNetwork,
  emptyGradients,
  forward,
  type Gradient,
  type Layer,
  largest,
} from "./network.ts";
import { seededRandom, shuffledIndices } from "./random.ts";

export interface TrainingPlan {
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  /** Decoupled weight decay, a share of the learning rate. */
  readonly weightDecay: number;
  /** Widths of the hidden layers. */
  readonly hidden: readonly number[];
}

/** The plan behind the committed digits.onnx. */
export const DIGITS_PLAN: TrainingPlan = {
  seed: 7,
  epochs: 60,
  batch: 32,
  learningRate: 2e-3,
  weightDecay: 0.02,
  hidden: [96, 48],
};

export interface TrainingReport {
  readonly layers: readonly Layer[];
  /** Mean cross entropy of each epoch, nats. */
  readonly losses: readonly number[];
}

/** Trains a perceptron on `digits`; the same plan and data give the same weights. */
export function train(digits: Digits, plan: TrainingPlan): TrainingReport {
  const random = seededRandom(plan.seed);
  const layers = createNetwork([PIXELS, ...plan.hidden, CLASSES], random);
  const adam = createAdam(layers);
  const losses: number[] = [];
  for (let epoch = 0; epoch < plan.epochs; epoch++) {
    const order = shuffledIndices(digits.count, random);
    // Cosine decay ends near zero, which settles the weights.
    const rate = plan.learningRate * 0.5 * (1 + Math.cos((Math.PI * epoch) / plan.epochs));
    let sum = 0;
    for (let start = 0; start < order.length; start += plan.batch) {
      const rows = order.slice(start, start + plan.batch);
      const gradients = emptyGradients(layers);
      for (const row of rows) {
        sum += accumulateGradient(
          layers,
          shifted(imageOf(digits, row), random),
          digits.labels[row]!,
          gradients,
        );
      }
      adam.step(gradients, rows.length, rate, plan.weightDecay);
    }
    losses.push(sum / digits.count);
  }
  return { layers, losses };
}

/** Share of `digits` that `layers` read right. */
export function accuracy(layers: readonly Layer[], digits: Digits): number {
  let right = 0;
  for (let row = 0; row < digits.count; row++) {
    const scores = forward(layers, imageOf(digits, row)).at(-1)!;
    if (largest(scores) === digits.labels[row]) right++;
  }
  return right / digits.count;
}

/** An image scaled to 0..1. */
function imageOf(digits: Digits, row: number): Float32Array {
  return digits.pixels.subarray(row * PIXELS, (row + 1) * PIXELS).map((pixel) => pixel / BRIGHTEST);
}

/** Moves every second image by at most one pixel each way: a digit stays that digit. */
function shifted(image: Float32Array, random: () => number): Float32Array {
  if (random() < 0.5) return image;
  const right = Math.floor(random() * 3) - 1;
  const down = Math.floor(random() * 3) - 1;
  const moved = new Float32Array(PIXELS);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const fromRow = row - down;
      const fromColumn = column - right;
      if (fromRow < 0 || fromRow >= SIDE || fromColumn < 0 || fromColumn >= SIDE) continue;
      moved[row * SIDE + column] = image[fromRow * SIDE + fromColumn]!;
    }
  }
  return moved;
}

interface Adam {
  step(gradients: readonly Gradient[], examples: number, rate: number, decay: number): void;
}

/** Adam with decoupled weight decay (Loshchilov and Hutter), betas 0.9 and 0.999. */
function createAdam(layers: readonly Layer[]): Adam {
  const mean = emptyGradients(layers);
  const square = emptyGradients(layers);
  let steps = 0;
  return {
    step(gradients, examples, rate, decay) {
      steps++;
      const meanScale = 1 / (1 - 0.9 ** steps);
      const squareScale = 1 / (1 - 0.999 ** steps);
      const move = (
        values: Float32Array,
        gradient: Float32Array,
        m: Float32Array,
        s: Float32Array,
        shrink: number,
      ) => {
        for (let index = 0; index < values.length; index++) {
          const slope = gradient[index]! / examples;
          m[index] = 0.9 * m[index]! + 0.1 * slope;
          s[index] = 0.999 * s[index]! + 0.001 * slope * slope;
          const step = (m[index]! * meanScale) / (Math.sqrt(s[index]! * squareScale) + 1e-8);
          values[index]! -= rate * (step + shrink * values[index]!);
        }
      };
      layers.forEach((layer, index) => {
        move(layer.weights, gradients[index]!.weights, mean[index]!.weights, square[index]!.weights, decay);
        move(layer.bias, gradients[index]!.bias, mean[index]!.bias, square[index]!.bias, 0);
      });
    },
  };
}
