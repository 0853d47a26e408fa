import {
  compilerOnly,
  cost,
  inFile,
  type KeptSurvivor,
  log,
  sameResult,
  twoGuards,
  wording,
} from "./keptSurvivor.ts";

export const trustSurvivors: readonly KeptSurvivor[] = [
  ...inFile(
    "src/trust/certificate.ts",
    ["if (count === undefined || nonce === undefined) {", twoGuards],
    ["keyId === undefined ||", twoGuards],
  ),
  ...inFile("src/trust/hostKeyRecords.ts", ["if (text === undefined || name === undefined) {", compilerOnly]),
  ...inFile(
    "src/trust/hostKeyVerifier.ts",
    ["isBare = true;", twoGuards],
    [
      'return address !== undefined && (/^(?:::ffff:)?127\\.\\d+\\.\\d+\\.\\d+$/i.test(address) || address === "::1");',
      "addresses are as Node writes them",
    ],
  ),
  ...inFile(
    "src/trust/keyRevocationList.ts",
    [
      'throw new RevocationFileError(`its format version is ${version ?? "missing"}, not ${formatVersion}`);',
      wording,
    ],
    ["if (this.#pacer.isDue()) {", cost],
    ["if (bit < 0n || bit >= BigInt(bitmap.length) * 8n) {", sameResult],
    [
      'throw new RevocationFileError(`it needs the unknown extension ${name.toString("latin1").slice(0, 100)}`);',
      wording,
    ],
  ),
  ...inFile(
    "src/trust/knownHosts.ts",
    ["if (pacer.isDue(4 + ((end - start) >> 9))) {", cost],
    ["for (let number = 1; start < bytes.length; number++) {", sameResult],
    ["if (blank < 0) {", wording],
    [
      'const isFound = found !== undefined && "key" in found && found.marker === "none" && found.key.equals(key);',
      compilerOnly,
    ],
  ),
  ...inFile("src/trust/knownHostsCommand.ts", [
    "throw new KnownHostsCommandError(`KnownHostsCommand took longer than ${seconds} s`);",
    "the limit is 30 s of real time",
  ]),
  ...inFile(
    "src/trust/knownHostsUpdater.ts",
    ["(key) => formatKnownHost(name, claimedKeyType(key), key, config.hashKnownHosts) ?? [],", compilerOnly],
    ["for (const { type, key } of removed) {", log],
  ),
  ...inFile("src/trust/otherNames.ts", ["if (pacer.isDue(1)) {", cost]),
  ...inFile("src/trust/publicKeySignature.ts", [
    "if (r.length > curve.bytes || s.length > curve.bytes || point.length !== 1 + 2 * curve.bytes) {",
    "Node refuses such numbers and points, too",
  ]),
  ...inFile(
    "src/trust/randomart.ts",
    ["const visits = (column: number, row: number): number => field[row]?.[column] ?? 0;", compilerOnly],
    ["field[row]?.splice(column, 1, value);", compilerOnly],
    ["return whole.length > width ? `[${name}]` : whole;", "no type and size give a title of this length"],
    [
      "const [, isSk, curve] = /^(sk-)?ecdsa-sha2-nistp(\\d+)$/.exec(plain) ?? [];",
      "only later elements are read",
    ],
  ),
  ...inFile("src/trust/revokedKeys.ts", ["if (pacer.isDue()) {", cost]),
];
