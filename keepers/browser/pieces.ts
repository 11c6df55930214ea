/** The bytes of a file that somebody chose, or of a stream, as the clients take them: some at a time. */
export async function* piecesOf(source: Blob | ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = (source instanceof Blob ? source.stream() : source).getReader();
  try {
    for (let part = await reader.read(); part.value !== undefined; part = await reader.read())
      yield part.value;
  } finally {
    // Who stops in between needs no more of it.
    await reader.cancel();
  }
}
