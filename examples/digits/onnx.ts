import type { Layer } from "./network.ts";
import { bytes, type Field, integer, join, message, text } from "./protobuf.ts";

// Field numbers and codes of onnx.proto3 (ONNX IR version 8, operator set 17).
const IR_VERSION = 8;
const OPERATOR_SET = 17;
const FLOAT = 1;

export interface GraphNames {
  readonly graph: string;
  readonly input: string;
  readonly output: string;
}

/**
 * An ONNX file of a perceptron: MatMul and Add for each layer, Relu between layers, with a dynamic first dimension "batch".
 * @param inputScale what an input value is multiplied with before the first layer; folded into its weights, so a power of
 * two changes no bit of the answer
 */
export function exportOnnx(layers: readonly Layer[], names: GraphNames, inputScale: number): Uint8Array {
  const nodes: Field[] = [];
  const initializers: Field[] = [];
  let current = names.input;
  layers.forEach((layer, index) => {
    const last = index === layers.length - 1;
    const weights = index === 0 ? layer.weights.map((weight) => weight * inputScale) : layer.weights;
    initializers.push(tensor(`weights${index}`, [layer.inputs, layer.outputs], weights));
    initializers.push(tensor(`bias${index}`, [layer.outputs], layer.bias));
    nodes.push(node("MatMul", [current, `weights${index}`], `product${index}`));
    nodes.push(node("Add", [`product${index}`, `bias${index}`], last ? names.output : `sum${index}`));
    if (!last) nodes.push(node("Relu", [`sum${index}`], `active${index}`));
    current = `active${index}`;
  });
  const graph = [
    ...nodes,
    text(2, names.graph),
    ...initializers,
    message(11, value(names.input, layers[0]!.inputs)),
    message(12, value(names.output, layers.at(-1)!.outputs)),
  ];
  return join([
    integer(1, IR_VERSION),
    text(2, "mycelia"),
    message(7, graph),
    message(8, [integer(2, OPERATOR_SET)]),
  ]);
}

function node(operator: string, inputs: readonly string[], output: string): Field {
  return message(1, [
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(3, output),
    text(4, operator),
  ]);
}

function tensor(name: string, dims: readonly number[], values: Float32Array): Field {
  const raw = new DataView(new ArrayBuffer(values.length * 4));
  for (const [index, number] of values.entries()) raw.setFloat32(index * 4, number, true);
  return message(5, [
    ...dims.map((dim) => integer(1, dim)),
    integer(2, FLOAT),
    text(8, name),
    bytes(9, new Uint8Array(raw.buffer)),
  ]);
}

function value(name: string, width: number): Field[] {
  const batch = message(1, [text(2, "batch")]);
  const columns = message(1, [integer(1, width)]);
  const type = message(1, [integer(1, FLOAT), message(2, [batch, columns])]);
  return [text(1, name), message(2, [type])];
}
