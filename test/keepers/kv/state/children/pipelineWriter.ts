/** Pushes groups into the stream in a directory, from where it stands, and says so of each; until it is killed. */
import { StreamPipeline } from "../../../../../keepers/kv/state/streamPipeline.ts";
import { StreamState } from "../../../../../keepers/kv/state/streamState.ts";
import { openLmdbEngine } from "../../../../../keepers/runtime/store/lmdbEngine.ts";
import { GROUP, groupAt, streamId } from "../groups.ts";

const engine = openLmdbEngine(process.argv[2]!);
const state = await StreamState.open(engine, streamId);
const pipeline = new StreamPipeline(engine, state);
for (let index = state.head.number / GROUP; ; index++) {
  await pipeline.push(groupAt(index));
  // All groups before this one are there.
  console.log(index);
}
