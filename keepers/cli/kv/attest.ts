import { hexlify } from "ethers";
import { whileNoting } from "../terminal/waiting.ts";
import { type KvRequest, withKv } from "./session.ts";

export interface Attested {
  readonly stream: string;
  readonly version: number;
  /** 0x-hex. */
  readonly root: string;
  readonly attester: string;
}

/** Vouches on the chain for the state that a node tells, at its newest checkpoint. @throws RetryableError kv/no-checkpoint */
export async function attestStream(request: KvRequest): Promise<Attested> {
  return await withKv(request, async ({ kv, person, stream, signal }) => {
    const attesting = kv.attest(stream, { signal });
    const { version, root } = await whileNoting(request.output, "attesting", attesting);
    return { stream, version, root: hexlify(root), attester: person.signer.address };
  });
}
