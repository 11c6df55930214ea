import type { Role, RoleName } from "./role.ts";

/** Loads one role and nothing of the others. */
export async function loadRole(name: RoleName): Promise<Role> {
  switch (name) {
    case "storage":
      return (await import("./storageRole.ts")).storageRole as Role;
    case "publisher":
      return (await import("./publisherRole.ts")).publisherRole as Role;
    case "gateway":
      return (await import("./gatewayRole.ts")).gatewayRole as Role;
    case "provider":
      return (await import("./providerRole.ts")).providerRole as Role;
    case "verifier":
      return (await import("./verifierRole.ts")).verifierRole as Role;
    case "beacon":
      return (await import("./beaconRole.ts")).beaconRole as Role;
    case "kv":
      return (await import("./kvRole.ts")).kvRole as Role;
  }
}
