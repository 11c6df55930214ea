import type { z } from "zod";
import type { KeeperContext } from "../../runtime/context.ts";

/** What a keeper can be. */
export const roleNames = ["storage", "publisher", "gateway", "provider", "verifier", "beacon", "kv"] as const;
export type RoleName = (typeof roleNames)[number];

/** A role: its section of the configuration, under its own name, and how it starts. */
export interface Role<Section extends z.ZodType = z.ZodType> {
  readonly section: Section;
  start(context: KeeperContext, settings: z.output<Section>): Promise<void>;
}

/** Ties a section to the start function that understands it. */
export function defineRole<Section extends z.ZodType>(role: Role<Section>): Role<Section> {
  return role;
}
