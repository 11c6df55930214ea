import { FatalError } from "../../runtime/errors.ts";
import { isAllFinite, type Tensor } from "../tensors.ts";
import type { TensorSpec } from "./engine.ts";

/**
 * Checks that tensors are exactly what a model takes. NaN and infinities are refused: how they spread through a graph is
 * not the same on every machine, and no honest input needs them.
 * @throws FatalError compute/invalid-input
 */
export function checkInputs(specs: readonly TensorSpec[], tensors: readonly Tensor[]): void {
  const given = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const { name } of tensors) {
    if (!specs.some((spec) => spec.name === name)) {
      refuse(`the model takes ${specs.map((spec) => `"${spec.name}"`).join(", ")}, not "${name}"`, { name });
    }
  }
  const chosen = new Map<string, number>();
  for (const spec of specs) {
    const tensor = given.get(spec.name);
    if (tensor === undefined) refuse(`input "${spec.name}" is missing`, { name: spec.name });
    checkInput(spec, tensor, chosen);
  }
}

function checkInput(spec: TensorSpec, tensor: Tensor, chosen: Map<string, number>): void {
  const { name } = spec;
  if (tensor.dtype !== spec.dtype) refuse(`input "${name}" is ${spec.dtype}, not ${tensor.dtype}`, { name });
  const wanted = `[${spec.dims.join(", ")}]`;
  const shape = `[${tensor.dims.join(", ")}]`;
  if (tensor.dims.length !== spec.dims.length)
    refuse(`input "${name}" has the shape ${wanted}, not ${shape}`, { name });
  spec.dims.forEach((dim, axis) => {
    const size = tensor.dims[axis]!;
    const expected = typeof dim === "number" ? dim : (chosen.get(dim) ?? size);
    if (size !== expected) refuse(`input "${name}" has the shape ${wanted}, not ${shape}`, { name });
    if (typeof dim === "string" && dim !== "") chosen.set(dim, size);
  });
  if (!isAllFinite(tensor)) refuse(`input "${name}" holds a value that is not a finite number`, { name });
}

function refuse(why: string, details: Record<string, unknown>): never {
  throw new FatalError("compute/invalid-input", `Input refused: ${why}.`, details);
}
