import { FatalError } from "../runtime/errors.ts";

/** Element types, by the code that stands for them in a bundle. */
export const DATA_TYPES = [
  "float32",
  "float64",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
] as const;

export type DataType = (typeof DATA_TYPES)[number];

export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** A named array of numbers; `data` holds the elements row by row in the typed array of `dtype` (bool: bytes 0 and 1). */
export interface Tensor {
  readonly name: string;
  readonly dtype: DataType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

export interface BundleLimits {
  /** Largest bundle, bytes. */
  readonly maxBytes: number;
}

const DEFAULT_BUNDLE_LIMITS: BundleLimits = { maxBytes: 16 * 1024 * 1024 };

const MAGIC = 0x4d595442; // "MYTB"
const VERSION = 1;
const MAX_TENSORS = 64;
const MAX_RANK = 8;
const MAX_NAME = 128;
const NAME = /^[!-~]+$/;
const HEADER = 6;

type DataConstructor = { new (buffer: ArrayBuffer): TensorData; readonly BYTES_PER_ELEMENT: number };

const CONSTRUCTORS: Record<DataType, DataConstructor> = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** Number of elements of a shape; 1 for a scalar. */
function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/**
 * The one byte sequence that stands for these tensors, so that its hash is well defined: tensors sorted by name, little
 * endian, every NaN the quiet one. Layout: "MYTB", version 1, count; for each tensor: name length, name (printable ASCII),
 * type code, rank, each dimension as uint32, elements.
 * @throws FatalError compute/invalid-tensors when a name, a shape or an element has no encoding
 */
export function encodeTensors(
  tensors: readonly Tensor[],
  limits: BundleLimits = DEFAULT_BUNDLE_LIMITS,
): Uint8Array {
  const sorted = [...tensors].sort(byName);
  check(
    sorted.length > 0 && sorted.length <= MAX_TENSORS,
    `a bundle holds 1 to ${MAX_TENSORS} tensors, not ${sorted.length}`,
  );
  sorted.forEach((tensor, index) => {
    checkTensor(tensor);
    check(index === 0 || sorted[index - 1]!.name !== tensor.name, `tensor "${tensor.name}" is there twice`);
  });
  const size = sorted.reduce((sum, tensor) => sum + encodedSize(tensor), HEADER);
  check(size <= limits.maxBytes, `${size} bytes are more than the limit of ${limits.maxBytes}`);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint8(4, VERSION);
  view.setUint8(5, sorted.length);
  let at = HEADER;
  for (const tensor of sorted) at = writeTensor(tensor, bytes, view, at);
  return bytes;
}

/**
 * Reads a bundle back. Accepts exactly what `encodeTensors` writes and nothing else.
 * @throws FatalError compute/invalid-tensors saying what is wrong
 */
export function decodeTensors(bytes: Uint8Array, limits: BundleLimits = DEFAULT_BUNDLE_LIMITS): Tensor[] {
  check(
    bytes.length <= limits.maxBytes,
    `${bytes.length} bytes are more than the limit of ${limits.maxBytes}`,
  );
  const reader = new BundleReader(bytes);
  check(reader.uint32() === MAGIC, "not a tensor bundle");
  const version = reader.uint8();
  check(version === VERSION, `bundle version ${version} is unknown`);
  const count = reader.uint8();
  check(count > 0 && count <= MAX_TENSORS, `a bundle holds 1 to ${MAX_TENSORS} tensors, not ${count}`);
  const tensors: Tensor[] = [];
  for (let index = 0; index < count; index++) {
    const tensor = readTensor(reader);
    check(index === 0 || tensors[index - 1]!.name < tensor.name, "tensors are not sorted by name");
    tensors.push(tensor);
  }
  check(reader.left === 0, `${reader.left} bytes follow the last tensor`);
  return tensors;
}

/**
 * What a bundle is billed for: the first dimension of its first tensor by name, 1 when that is a scalar. Anyone can count
 * it from the bytes, without the model.
 */
export function countUnits(tensors: readonly Tensor[]): number {
  const [first] = [...tensors].sort(byName);
  return first?.dims[0] ?? 1;
}

/** Whether every element is a number: no NaN, no infinity. */
export function isAllFinite(tensor: Tensor): boolean {
  if (!(tensor.data instanceof Float32Array || tensor.data instanceof Float64Array)) return true;
  return tensor.data.every((value) => Number.isFinite(value));
}

class BundleReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint32(littleEndian = false): number {
    return this.#view.getUint32(this.#take(4), littleEndian);
  }

  /** A copy in memory of its own: a Buffer's own slice would share that of its pool. */
  copy(length: number): Uint8Array<ArrayBuffer> {
    const at = this.#take(length);
    return new Uint8Array(this.#bytes.subarray(at, at + length));
  }

  #take(length: number): number {
    check(length <= this.left, `cut short: ${length} bytes wanted, ${this.left} left`);
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

function byName(a: Tensor, b: Tensor): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function readTensor(reader: BundleReader): Tensor {
  const name = String.fromCharCode(...reader.copy(reader.uint8()));
  const dtype = DATA_TYPES[reader.uint8()];
  check(dtype !== undefined, `tensor "${name}" has an unknown type code`);
  const rank = reader.uint8();
  check(rank <= MAX_RANK, `tensor "${name}" has ${rank} dimensions, more than ${MAX_RANK}`);
  const dims = Array.from({ length: rank }, () => reader.uint32(true));
  const size = elementCount(dims) * CONSTRUCTORS[dtype].BYTES_PER_ELEMENT;
  check(size <= reader.left, `tensor "${name}" is cut short: ${size} bytes wanted, ${reader.left} left`);
  const raw = reader.copy(size);
  const data = new CONSTRUCTORS[dtype](raw.buffer);
  const tensor = { name, dtype, dims, data };
  checkTensor(tensor);
  check(!hasOddNan(tensor), `tensor "${name}" holds a NaN other than the quiet one`);
  return tensor;
}

function writeTensor(tensor: Tensor, bytes: Uint8Array, view: DataView, start: number): number {
  let at = start;
  view.setUint8(at++, tensor.name.length);
  for (let index = 0; index < tensor.name.length; index++) bytes[at++] = tensor.name.charCodeAt(index);
  view.setUint8(at++, DATA_TYPES.indexOf(tensor.dtype));
  view.setUint8(at++, tensor.dims.length);
  for (const dim of tensor.dims) {
    view.setUint32(at, dim, true);
    at += 4;
  }
  const { data } = tensor;
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
  settleNans(tensor, view, at);
  return at + data.byteLength;
}

function settleNans({ data }: Tensor, view: DataView, start: number): void {
  if (data instanceof Float32Array) {
    data.forEach((value, index) => {
      if (Number.isNaN(value)) view.setUint32(start + 4 * index, 0x7fc00000, true);
    });
  } else if (data instanceof Float64Array) {
    data.forEach((value, index) => {
      if (Number.isNaN(value)) view.setBigUint64(start + 8 * index, 0x7ff8000000000000n, true);
    });
  }
}

function hasOddNan({ data }: Tensor): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof Float32Array) {
    return data.some((value, index) => Number.isNaN(value) && view.getUint32(4 * index, true) !== 0x7fc00000);
  }
  if (data instanceof Float64Array) {
    return data.some(
      (value, index) => Number.isNaN(value) && view.getBigUint64(8 * index, true) !== 0x7ff8000000000000n,
    );
  }
  return false;
}

function checkTensor({ name, dtype, dims, data }: Tensor): void {
  check(name.length > 0 && name.length <= MAX_NAME && NAME.test(name), `"${name}" is no tensor name`);
  check(DATA_TYPES.includes(dtype), `tensor "${name}" has the unknown type ${String(dtype)}`);
  check(dims.length <= MAX_RANK, `tensor "${name}" has ${dims.length} dimensions, more than ${MAX_RANK}`);
  const whole = dims.every((dim) => Number.isInteger(dim) && dim > 0 && dim <= 0xffffffff);
  check(whole, `tensor "${name}" has a dimension that is not a positive number: ${dims.join("x")}`);
  check(data instanceof CONSTRUCTORS[dtype], `tensor "${name}" does not hold ${dtype}`);
  check(
    data.length === elementCount(dims),
    `tensor "${name}" holds ${data.length} elements, not ${dims.join("x")}`,
  );
  const bits = dtype !== "bool" || (data as Uint8Array).every((value) => value <= 1);
  check(bits, `tensor "${name}" holds a bool that is neither 0 nor 1`);
}

function encodedSize({ name, dims, data }: Tensor): number {
  return 3 + name.length + 4 * dims.length + data.byteLength;
}

function check(holds: boolean, why: string): asserts holds {
  if (!holds) throw new FatalError("compute/invalid-tensors", `Tensor bundle refused: ${why}.`);
}
