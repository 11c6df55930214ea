/** A package as package-lock.json (version 3) records it; only what is used here. */
interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Lockfile {
  packages: Record<string, LockedPackage>;
}

interface MissingPackage {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
}

const systems = [
  "android",
  "darwin",
  "linux",
  "win32",
  "freebsd",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "aix",
];
const processors: readonly (readonly [part: string, cpu: string])[] = [
  ["arm64", "arm64"],
  ["amd64", "x64"],
  ["x64", "x64"],
  ["ia32", "ia32"],
  ["riscv64", "riscv64"],
  ["s390x", "s390x"],
  ["ppc64", "ppc64"],
  ["loong64", "loong64"],
  ["mips64el", "mips64el"],
  ["arm", "arm"],
];

/** Binaries for other platforms that the lockfile does not list: npm leaves out what a mirror does not carry. */
export function missingBinaries(lock: Lockfile): MissingPackage[] {
  return Object.entries(lock.packages).flatMap(([parent, { optionalDependencies = {}, dev = false }]) =>
    Object.entries(optionalDependencies)
      .map(([name, version]) => ({ path: `node_modules/${name}`, name, version, dev }))
      .filter(
        ({ path }) => lock.packages[path] === undefined && lock.packages[`${parent}/${path}`] === undefined,
      ),
  );
}

/** The same lockfile with an entry for each of them, so that `npm ci` accepts it everywhere. */
export function completeLock(lock: Lockfile): Lockfile {
  const entries = { ...lock.packages };
  for (const { path, name, version, dev } of missingBinaries(lock)) {
    const os = systems.filter((system) => name.includes(system));
    const cpu = processors.find(([part]) => name.includes(part))?.[1];
    const libc = name.includes("musl") ? { libc: ["musl"] } : name.endsWith("gnu") ? { libc: ["glibc"] } : {};
    const entry = {
      version,
      cpu: cpu === undefined ? [] : [cpu],
      ...(dev ? { dev } : {}),
      ...libc,
      optional: true,
      os,
    };
    entries[path] = entry;
  }
  return {
    ...lock,
    packages: Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
