import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDebian } from "./debianPackages.ts";
import { withFileLock } from "./fileLock.ts";
import { MissingRequirementError } from "./missingRequirement.ts";
import { cacheFolder } from "./repository.ts";
import { runProgram } from "./runProgram.ts";

/** The Debian release after the one that the tests run on. */
const nextRelease: Readonly<Record<string, string>> = { bookworm: "trixie" };

/** The programs, and their libraries. None of them is installed. */
const packages = [
  ...["openssh-server", "openssh-client", "openssh-tests", "libc6", "libssl3t64", "libselinux1", "libpam0g"],
  ...["libcrypt1", "libwrap0", "libaudit1", "libgssapi-krb5-2", "libkrb5-3", "libcom-err2", "zlib1g"],
  ...["libwtmpdb0", "libpcre2-8-0", "libcap-ng0", "libkrb5support0", "libk5crypto3", "libkeyutils1"],
  ...["libsqlite3-0", "libzstd1", "libnsl2", "libtirpc3t64"],
];

/** Each becomes a script of this name that runs it with its own C library. */
const programs: Readonly<Record<string, string>> = {
  sshd: "usr/sbin/sshd",
  "sshd-session": "usr/lib/openssh/sshd-session",
  "sshd-auth": "usr/lib/openssh/sshd-auth",
  ssh: "usr/bin/ssh",
};

/** OpenSSH 10 of Debian's next release, unpacked in the cache. */
export interface NextOpenSsh {
  readonly sshd: string;
  /** For SshdSessionPath and SshdAuthPath of sshd_config. */
  readonly sshdSession: string;
  readonly sshdAuth: string;
  readonly ssh: string;
  /** The software security key of OpenSSH's own tests, for SecurityKeyProvider. */
  readonly securityKeyProvider: string;
}

/**
 * Finds it in the cache, or unpacks it there: from the mirror that this machine's apt uses, with apt itself, which
 * checks the signatures.
 * @throws MissingRequirementError on other systems
 */
export async function ensureNextOpenSsh(): Promise<NextOpenSsh> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1] ?? "";
  const next = nextRelease[codename];
  if (next === undefined || !(await isDebian())) {
    throw new MissingRequirementError(
      "The tests against OpenSSH 10 need Debian 12, whose next release has it.",
      "run them in a container of debian:12",
    );
  }
  const cache = cacheFolder();
  const name = `openssh-${next}-${process.arch}`;
  const target = join(cache, name);
  if (!(await exists(target))) {
    await mkdir(cache, { recursive: true });
    await withFileLock(join(cache, `${name}.lock`), async () => {
      if (!(await exists(target))) {
        await install(cache, target, codename, next);
      }
    });
  }
  return {
    sshd: join(target, "bin", "sshd"),
    sshdSession: join(target, "bin", "sshd-session"),
    sshdAuth: join(target, "bin", "sshd-auth"),
    ssh: join(target, "bin", "ssh"),
    securityKeyProvider: join(target, "usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so"),
  };
}

async function install(cache: string, target: string, codename: string, next: string): Promise<void> {
  console.log(`Unpacking OpenSSH of Debian ${next} into ${cache} (once)`);
  const staging = await mkdtemp(join(cache, "unpacking-"));
  try {
    const root = join(staging, "root");
    const apt = await separateApt(join(staging, "apt"), codename, next);
    await runProgram("apt-get", [...apt, "update"]);
    await runProgram("sh", ["-c", 'cd "$0" && apt-get "$@"', staging, ...apt, "download", ...packages]);
    const archives = (await readdir(staging)).filter((file) => file.endsWith(".deb"));
    await mkdir(root);
    await Promise.all(archives.map((file) => runProgram("dpkg-deb", ["-x", join(staging, file), root])));
    const [libraries] = (await readdir(join(root, "usr/lib"))).filter((file) => file.endsWith("-linux-gnu"));
    const folder = join("usr/lib", libraries ?? "");
    const loader = (await readdir(join(root, folder))).find((file) => file.startsWith("ld-linux-"));
    await mkdir(join(root, "bin"));
    for (const [program, file] of Object.entries(programs)) {
      const script = join(root, "bin", program);
      const run = `exec "${join(target, folder, loader ?? "")}" --library-path "${join(target, folder)}"`;
      await writeFile(script, `#!/bin/sh\n${run} "${join(target, file)}" "$@"\n`);
      await chmod(script, 0o755);
    }
    await chmod(root, 0o755);
    await rename(root, target);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Options for an apt with separate lists and only the next release as its source, from the same mirror. */
async function separateApt(folder: string, codename: string, next: string): Promise<readonly string[]> {
  const targets = await runProgram("apt-get", [
    "indextargets",
    "--format",
    "$(REPO_URI) $(CODENAME) $(COMPONENT)",
    "Created-By: Packages",
  ]);
  const mirror = targets
    .split("\n")
    .map((line) => line.split(" "))
    .find(([, of, component]) => of === codename && component === "main")?.[0];
  if (mirror === undefined) {
    throw new MissingRequirementError(
      `apt has no source for ${codename}, so the mirror of its next release is unknown.`,
      "apt-get update",
    );
  }
  await mkdir(join(folder, "state", "lists", "partial"), { recursive: true });
  await mkdir(join(folder, "cache", "archives", "partial"), { recursive: true });
  await writeFile(join(folder, "status"), "");
  const key = "/usr/share/keyrings/debian-archive-keyring.gpg";
  await writeFile(join(folder, "sources.list"), `deb [signed-by=${key}] ${mirror} ${next} main\n`);
  const options: Readonly<Record<string, string>> = {
    "Dir::State": join(folder, "state"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    "Dir::Etc::SourceList": join(folder, "sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
  };
  return ["-q", ...Object.entries(options).flatMap(([option, value]) => ["-o", `${option}=${value}`])];
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
